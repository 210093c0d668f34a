"""Names of images as people type them and as they are stored.

    reference  := name [":" tag] ["@" digest]
    name       := [domain "/"] path
    domain     := host [":" port]; a first part without "." or ":" that is not "localhost" is no domain
    path       := component ("/" component)*, each lower-case letters and digits with ._- between them

*Familiar* is the short form (`alpine`), *normalized* the full one (`docker.io/library/alpine:latest`).
Source: distribution/reference, grammar; the sentences are docker's.
"""

import re
from dataclasses import dataclass, replace

from gorae.errors import InvalidArgument
from gorae.oci.digest import Digest

DEFAULT_DOMAIN = "docker.io"
LEGACY_DOMAIN = "index.docker.io"
OFFICIAL = "library"
DEFAULT_TAG = "latest"
MAX_NAME = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_ANY_DIGEST = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII
)
_HEX_ID = re.compile(r"[a-f0-9]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed name: `domain` and `path` are always there, `tag` and `digest` may be empty."""

    domain: str
    path: str
    tag: str = ""
    digest: Digest | str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Raises: InvalidArgument: with docker's sentence."""
        if _HEX_ID.fullmatch(text):
            raise InvalidArgument(
                f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
            )
        rest, at, digest = text.partition("@")
        name, tag = _split_tag(rest)
        domain, path = _split_domain(name)
        if path.lower() != path and _PATH.fullmatch(path.lower()):
            raise InvalidArgument(
                f"invalid reference format: repository name ({path}) must be lowercase"
            )
        if not _PATH.fullmatch(path) or not _DOMAIN.fullmatch(domain):
            raise InvalidArgument("invalid reference format")
        if (tag is not None and not _TAG.fullmatch(tag)) or (
            at and not _ANY_DIGEST.fullmatch(digest)
        ):
            raise InvalidArgument("invalid reference format")
        if len(domain) + len(path) + 1 > MAX_NAME:
            raise InvalidArgument(
                f"invalid reference format: repository name must not be more than {MAX_NAME} characters"
            )
        return cls(domain, path, tag or "", digest)

    @property
    def repository(self) -> str:
        """Normalized, without tag and digest: `docker.io/library/alpine`."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_repository(self) -> str:
        """`alpine`."""
        if self.domain != DEFAULT_DOMAIN:
            return self.repository
        head, _, tail = self.path.partition("/")
        return tail if head == OFFICIAL and tail and "/" not in tail else self.path

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def normalized(self) -> str:
        """`docker.io/library/alpine:3.20`."""
        return self.repository + self._suffix()

    @property
    def familiar(self) -> str:
        """`alpine:3.20`."""
        return self.familiar_repository + self._suffix()

    def __str__(self) -> str:
        return self.normalized

    def with_default_tag(self) -> "Reference":
        """With `latest` when neither tag nor digest is given."""
        return self if self.tag or self.digest else replace(self, tag=DEFAULT_TAG)

    def with_tag(self, tag: str) -> "Reference":
        """Another tag, no digest."""
        return replace(self, tag=tag, digest="")


def _split_tag(text: str) -> tuple[str, str | None]:
    """A colon after the last slash begins the tag."""
    slash = text.rfind("/")
    colon = text.find(":", slash + 1)
    return (text, None) if colon < 0 else (text[:colon], text[colon + 1 :])


def _split_domain(name: str) -> tuple[str, str]:
    head, slash, tail = name.partition("/")
    is_domain = slash and (
        "." in head or ":" in head or head == "localhost" or head.lower() != head
    )
    domain, path = (head, tail) if is_domain else (DEFAULT_DOMAIN, name)
    if domain == LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = f"{OFFICIAL}/{path}"
    return domain, path
