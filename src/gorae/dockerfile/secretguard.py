"""The secret guard: finds the values of secrets in what a build is about to keep, and hides them in its log.

Looked for: the values of secrets; those of build args and variables whose name or form says so, unless the
Dockerfile itself shows them; passwords of proxies; and the forms of `tokenform`, in what is left when the values are
taken out. A value counts as it is, in each line of a text of several, as base64 at any offset, and as a part of a URL.
No message holds a value.
"""

import base64
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gorae.dockerfile.secretname import looks_secret
from gorae.dockerfile.tokenform import (
    LITERALS,
    MAX_FILE_BYTES,
    MIN_VALUE,
    find_forms,
    has_form,
    may_hold,
    text_forms,
)

MIN_SECRET = 4
"""Bytes: what is given as a secret counts from this length on."""
MAX_LINES = 64
"""Lines of one secret that are looked for by themselves."""
MAX_PLAIN_LINES = 8
"""Of these, how many that name no key are looked for; all are hidden."""
MAX_NEEDLE = 16 * 1024
WINDOW = 32
MAX_WINDOWS = 8
MAX_LEAKS = 20
"""Of one file: more say nothing new."""
MASK = b"****"
_TELLING = (b"auth", b"key", b"passw", b"secret", b"token")
_NAMED = re.compile(r"(?<!\w)([A-Za-z_][\w-]{0,127})=(\"[^\"]*\"|'[^']*'|[^\s\"';&|<>()]+)")
_NO_VALUE = re.compile(r"/|\$|\w+://[^@]*$|[0-9A-Fa-f]{40}$|0x[0-9A-Fa-f]+$")
_PROXIES = frozenset(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"))
_PROXY_PASSWORD = re.compile(r"[a-z0-9+]{2,12}://[^/@:]{0,255}:([^/@]{1,255})@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value to keep. `kind`: secret, build arg, env or proxy."""

    kind: str
    name: str
    value: bytes

    @property
    def what(self) -> str:
        """As a message names it."""
        return f'the value of {self.kind} "{self.name}"'


@dataclass(frozen=True, slots=True)
class Leak:
    """Something found: what it is, where, at which byte. `name` is the secret's; empty for a form.

    `line`: from 1, of a small file; `excerpt`: its first characters, of a guard that is to show them.
    """

    what: str
    where: str
    offset: int
    name: str = ""
    kind: str = ""
    line: int = 0
    excerpt: str = ""

    def advice(self, *, copied: bool = False) -> str:
        """The safe alternative; `copied`: the file was taken from somewhere, no command made it."""
        if self.kind in ("build arg", "env"):
            name = self.name.lower()
            return f"use RUN --mount=type=secret,id={name} and build with --secret id={name},env={self.name}"
        if self.kind == "secret":
            return "read it from its mount (RUN --mount=type=secret), and write it to no file that stays"
        if self.kind == "proxy":
            return "leave its ARG out, which keeps it out of the history, and write it to no file"
        if copied:
            return "keep the file out with .dockerignore, or mount it with RUN --mount=type=secret"
        way = "mount it with RUN --mount=type=secret,id=... and build with --secret id=...,env=..."
        return f"{way}, and let no file of it stay" if self.where.startswith("/") else way

    def __str__(self) -> str:
        return f"{self.what} would be kept in {self.where}: {self.advice()}"


def secrets_of(
    given: Mapping[str, bytes],
    build_args: Mapping[str, str],
    env: Mapping[str, str],
    dockerfile: bytes,
) -> tuple[Secret, ...]:
    """What is to be kept, of a build: its secrets, and those among its args and variables."""
    found = [Secret("secret", name, value) for name, value in given.items()]
    for kind, variables in (("build arg", build_args), ("env", env)):
        for name, text in variables.items():
            value = text.encode("utf-8", "surrogateescape")
            if (
                len(value) >= MIN_VALUE
                and (looks_secret(name) or has_form(value))
                and value not in dockerfile
            ):
                found.append(Secret(kind, name, value))
    for name, text in build_args.items():
        password = _PROXY_PASSWORD.match(text) if name.lower() in _PROXIES else None
        if password is not None:
            value = urllib.parse.unquote_to_bytes(password[1])
            if len(value) >= MIN_SECRET and value not in dockerfile:
                found.append(Secret("proxy", name, value))
    return tuple(found)


def excerpt_of(value: bytes) -> str:
    """As much of a value as tells which it is to those who know it."""
    shown = value[: min(4, len(value) // 4)]
    return "".join(char if char.isprintable() else "." for char in shown.decode("latin-1")) + "****"


def named_secrets(kind: str, text: str) -> Iterator[Secret]:
    """What a line of history gives a name that says so: `|1 TOKEN=...`, `ENV TOKEN="..."`."""
    for found in _NAMED.finditer(text):
        secret = named_secret(kind, found[1], found[2].strip("\"'"))
        if secret is not None:
            yield secret


def named_secret(kind: str, name: str, text: str) -> Secret | None:
    """A variable as a secret; None when its name or its value says that it is none: paths, references, fingerprints."""
    value = text.encode("utf-8", "surrogateescape")
    if len(value) < MIN_VALUE or not looks_secret(name) or _NO_VALUE.match(text):
        return None
    return Secret(kind, name, value)


class Guard:
    """Looks for some values and for the forms. One object serves a build; it keeps no state of what it read."""

    def __init__(
        self, secrets: Iterable[Secret], *, forms: bool = True, excerpts: bool = False
    ) -> None:
        self._forms = forms
        self._excerpts = excerpts
        self._needles: dict[bytes, Secret] = {}
        hidden: set[bytes] = set()
        for secret in secrets:
            needles, more = _needles(secret)
            hidden.update(needles, more)
            for needle in needles:
                self._needles.setdefault(needle, secret)
        self._hidden = sorted(hidden, key=len, reverse=True)
        self.overlap = max((len(needle) for needle in self._needles), default=1) - 1
        """Bytes of one piece of a file that the next must be searched with."""
        self._mask = re.compile(b"|".join(map(re.escape, self._hidden))) if hidden else None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to look for."""
        return not self._needles and not self._forms

    @property
    def hides(self) -> bool:
        """Whether there are values to hide."""
        return self._mask is not None

    def may_match(self, data: bytes, *, forms: bool) -> bool:
        """Whether anything may be found in a text, or in files put together."""
        if any(needle in data for needle in self._needles):
            return True
        return forms and self._forms and any(literal in data for literal in LITERALS)

    def in_text(self, text: str, where: str) -> list[Leak]:
        """The leaks of a history line, a label, a variable."""
        data = text.encode("utf-8", "surrogateescape")
        found = [self.leak(secret, where, at) for at, secret in self._values(data, {})]
        if self._forms:
            rest = self.mask(data) if found else data
            found += [self.form(rest, one, where) for one in text_forms(rest)]
        return found[:MAX_LEAKS]

    def hide(self, text: str) -> str:
        """A text with values and forms hidden."""
        data = self.mask(text.encode("utf-8", "surrogateescape"))
        shown, at = [], 0
        for begin, end, _ in sorted(text_forms(data)):
            if begin >= at:
                shown += [data[at:begin], excerpt_of(data[begin:end]).encode()]
                at = end
        return b"".join((*shown, data[at:])).decode("utf-8", "surrogateescape")

    def leak(self, secret: Secret, where: str, at: int) -> Leak:
        """A value that was found."""
        excerpt = excerpt_of(secret.value) if self._excerpts else ""
        return Leak(secret.what, where, at, secret.name, secret.kind, excerpt=excerpt)

    def form(self, data: bytes, found: tuple[int, int, str], where: str) -> Leak:
        """A form that was found."""
        begin, end, what = found
        excerpt = excerpt_of(data[begin:end]) if self._excerpts else ""
        return Leak(what, where, begin, line=data.count(b"\n", 0, begin) + 1, excerpt=excerpt)

    def in_file(self, path: str) -> "FileScan":
        """Begin to read a file; its content is to be fed in pieces."""
        return FileScan(self, path)

    def mask(self, data: bytes) -> bytes:
        """A whole text with the values hidden."""
        return data if self._mask is None else self._mask.sub(MASK, data)

    def masker(self) -> "Masker":
        """For a stream of text."""
        return Masker(self)

    def _values(self, data: bytes, told: dict[Secret, int]) -> list[tuple[int, Secret]]:
        """Where values begin, each secret once."""
        found = []
        for needle, secret in self._needles.items():
            if secret not in told:
                at = data.find(needle)
                if at >= 0:
                    told[secret] = at
                    found.append((at, secret))
        return found

    def cut(self, data: bytes) -> int:
        """Where a text can be cut: in no value, and before what may be the beginning of one."""
        if self._mask is None:
            return len(data)
        at = len(data) - self._begun(data)
        for found in self._mask.finditer(data):
            if found.start() < at < found.end():
                at = len(data) - self._begun(data[found.end() :])
        return at

    def _begun(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a value."""
        longest = 0
        for needle in self._hidden:
            at = max(0, len(data) - len(needle) + 1)
            while (at := data.find(needle[:1], at)) >= 0 and len(data) - at > longest:
                if needle.startswith(data[at:]):
                    longest = len(data) - at
                    break
                at += 1
        return longest


class FileScan:
    """One file as it goes by. Forms are looked for in small files alone, when all is there."""

    __slots__ = (
        "_guard",
        "_keeps",
        "_leaks",
        "_offset",
        "_path",
        "_tail",
        "_told",
        "_where",
        "_whole",
    )

    def __init__(self, guard: Guard, path: str) -> None:
        self._guard = guard
        self._where = f"/{path.lstrip('/')}"
        self._path = path.lstrip("/")
        self._keeps = guard._forms and may_hold(self._path)
        self._whole: list[bytes] = []
        self._tail = b""
        self._offset = 0
        self._told: dict[Secret, int] = {}
        self._leaks: list[Leak] = []

    def feed(self, data: bytes) -> None:
        """The next piece."""
        if self._keeps:
            self._keep(data)
        if self._guard._needles:
            overlap = self._guard.overlap
            if self._tail:
                self._search(self._tail + data[:overlap], self._offset - len(self._tail))
            self._search(data, self._offset)
            end = data if len(data) >= overlap else self._tail + data
            self._tail = end[len(end) - min(overlap, len(end)) :]
        self._offset += len(data)

    def _search(self, data: bytes, base: int) -> None:
        for at, secret in self._guard._values(data, self._told):
            self._leaks.append(self._guard.leak(secret, self._where, base + at))

    def _keep(self, data: bytes) -> None:
        if self._offset + len(data) > MAX_FILE_BYTES:
            self._keeps = False
            self._whole.clear()
        else:
            self._whole.append(data)

    def end(self) -> list[Leak]:
        """What was found."""
        if self._keeps:
            whole = b"".join(self._whole)
            self._leaks = [
                replace(one, line=whole.count(b"\n", 0, one.offset) + 1) for one in self._leaks
            ]
            rest = self._guard.mask(whole) if self._told else whole
            forms = find_forms(rest, self._path)
            self._leaks += [self._guard.form(rest, one, self._where) for one in forms]
        return self._leaks[:MAX_LEAKS]


class Masker:
    """Hides values in a stream, also those that two pieces share: holds back what may be a value's beginning."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be shown by now."""
        data = self._held + data
        cut = self._guard.cut(data)
        shown, self._held = data[:cut], data[cut:]
        return self._guard.mask(shown)

    def end(self) -> bytes:
        """The rest."""
        rest, self._held = self._held, b""
        return self._guard.mask(rest)


def _needles(secret: Secret) -> tuple[list[bytes], list[bytes]]:
    """What is looked for, and what is only hidden: of a long secret's lines most say nothing that others do not."""
    value = secret.value.strip()
    least = MIN_SECRET if secret.kind == "secret" else MIN_VALUE
    found = [value] if least <= len(value) <= MAX_NEEDLE else []
    lines = [line.strip() for line in value.splitlines()]
    hidden: list[bytes] = []
    if len(lines) > 1:
        plain: list[bytes] = []
        for line in lines[:MAX_LINES]:
            whole, told = _parts(line)
            hidden += [whole] if len(whole) >= MIN_VALUE else []
            if len(told) >= MIN_VALUE:
                found.append(told)
            elif len(whole) >= MIN_VALUE:
                plain.append(whole)
        found += sorted(plain, key=len, reverse=True)[:MAX_PLAIN_LINES]
    if MIN_VALUE <= len(value) <= MAX_NEEDLE:
        found += _as_base64(value)
        quoted = urllib.parse.quote_from_bytes(value, safe="").encode()
        if quoted != value:
            found.append(quoted)
    return list(dict.fromkeys(found)), hidden


def _parts(line: bytes) -> tuple[bytes, bytes]:
    """A line of a longer secret, and what its key names if that says so; nothing of comments and headings."""
    if not line or line.startswith((b"#", b";", b"-----", b"[", b"{", b"}")):
        return b"", b""
    key, equals, value = line.partition(b"=")
    if equals and any(word in key.lower() for word in _TELLING):
        return line, value.strip().strip(b"\"'")
    return line, b""


def _as_base64(value: bytes) -> list[bytes]:
    """The characters of the encoded text that hang on the value alone, for each offset that it can have.

    A long one may be broken into lines of at least `WINDOW` twice: parts of it count by themselves.
    """
    found = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value)
        start = (before * 8 + 5) // 6
        end = (before + len(value)) * 8 // 6
        if end - start >= MIN_VALUE:
            found += [text[start:end], *_windows(text[start:end])]
    return found


def _windows(text: bytes) -> list[bytes]:
    """The middle of a long text in parts, of which a line's end can hit every second one at most."""
    if len(text) < WINDOW:
        return []
    size = min(WINDOW, len(text) // 2)
    first = max(0, len(text) - size * MAX_WINDOWS) // 2
    starts = range(first, len(text) - size + 1, size)
    return [text[at : at + size] for at in starts[:MAX_WINDOWS]]
