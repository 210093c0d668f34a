"""Image names as a user types them: `[domain/]path[:tag][@digest]`, checked and split without `re`.

*Familiar* is the short form that docker shows (`busybox:latest`), *normalized* the whole name
(`docker.io/library/busybox`). Source: the grammar of github.com/distribution/reference, as observed.
"""

from __future__ import annotations

from gorae.errors import InvalidArgument

DEFAULT_DOMAIN = "docker.io"
OFFICIAL = "library/"
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_HEX = frozenset("0123456789abcdef")


class Reference:
    """A name in its parts; `tag` and `digest` are empty where not given."""

    __slots__ = ("digest", "domain", "path", "tag")

    def __init__(self, domain: str, path: str, tag: str = "", digest: str = "") -> None:
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest

    @property
    def name(self) -> str:
        """The normalized name, without tag and digest."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The name without what goes without saying."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        return self.path.removeprefix(OFFICIAL) if self.path.count("/") == 1 else self.path

    @property
    def familiar(self) -> str:
        """As docker shows it."""
        tag = f":{self.tag}" if self.tag else ""
        return self.familiar_name + tag + (f"@{self.digest}" if self.digest else "")

    def with_default_tag(self) -> Reference:
        """`latest` where neither tag nor digest was given."""
        if self.tag or self.digest:
            return self
        return Reference(self.domain, self.path, "latest")


def is_id(text: str) -> bool:
    """Whether this is a whole image id, with or without `sha256:`."""
    digits = text.removeprefix("sha256:")
    return len(digits) == 64 and not set(digits) - _HEX


def parse(text: str) -> Reference:
    """The name in `text`.

    Raises:
        InvalidArgument: in docker's words.
    """
    if len(text) == 64 and is_id(text):
        raise InvalidArgument(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    rest, at, digest = text.partition("@")
    if at and not _is_digest(digest):
        raise InvalidArgument("invalid reference format")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        head, tag = rest, ""
    elif not _is_tag(tag):
        raise InvalidArgument("invalid reference format")
    domain, path = _split_domain(head)
    if path.lower() != path:
        raise InvalidArgument(
            f"invalid reference format: repository name ({path}) must be lowercase"
        )
    if not all(_is_component(component) for component in path.split("/")):
        raise InvalidArgument("invalid reference format")
    if len(domain) + len(path) > 255:
        raise InvalidArgument("repository name must not be more than 255 characters")
    return Reference(domain, path, tag, digest)


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_domain = "." in first or ":" in first or first == "localhost" or first.lower() != first
    if not slash or not is_domain:
        domain, path = DEFAULT_DOMAIN, name
    else:
        domain, path = first, rest
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = OFFICIAL + path
    host = domain.partition(":")[0] if not domain.startswith("[") else "x"
    if not host or set(host) - _WORD - set(".-"):
        raise InvalidArgument("invalid reference format")
    return domain, path


def _is_component(text: str) -> bool:
    """Lower case and digits, with single `.`, one or two `_`, or any number of `-` between them."""
    if not text or text[0] not in _LOWER or text[-1] not in _LOWER:
        return False
    run = ""
    for character in text:
        if character in _LOWER:
            if run not in ("", ".", "_", "__") and set(run) != {"-"}:
                return False
            run = ""
        else:
            run += character
    return True


def _is_tag(text: str) -> bool:
    return 0 < len(text) <= 128 and text[0] in _WORD and not set(text) - _WORD - set(".-")


def _is_digest(text: str) -> bool:
    algorithm, _, digits = text.partition(":")
    return bool(algorithm) and len(digits) >= 32 and not set(digits) - _HEX
