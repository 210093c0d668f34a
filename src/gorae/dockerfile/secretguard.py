"""The secret guard: finds the values of secrets in what a build is about to keep, and hides them in its log.

Looked for: the values of secrets; those of build args and variables whose name or form says so, unless the
Dockerfile itself shows them; and the forms of `tokenform`. A value counts as it is, in each line of a text of
several, as base64 at any offset, and as a part of a URL. No message holds a value.
"""

import base64
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gorae.dockerfile.secretname import looks_secret
from gorae.dockerfile.tokenform import MAX_FILE_BYTES, MIN_VALUE, find_forms, has_form, may_hold

MIN_SECRET = 4
"""Bytes: what is given as a secret counts from this length on."""
MAX_LINES = 64
"""Lines of one secret that are looked for by themselves."""
MAX_NEEDLE = 16 * 1024
MAX_LEAKS = 20
"""Of one file: more say nothing new."""
MASK = b"****"
_TELLING = (b"auth", b"key", b"passw", b"secret", b"token")


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
    """Something found: what it is, where, at which byte. `name` is the secret's; empty for a form."""

    what: str
    where: str
    offset: int
    name: str = ""
    kind: str = ""

    @property
    def advice(self) -> str:
        """The safe alternative."""
        if self.kind in ("build arg", "env"):
            name = self.name.lower()
            return f"use RUN --mount=type=secret,id={name} and build with --secret id={name},env={self.name}"
        if self.kind == "secret":
            return "read it from its mount, and keep it out of files that stay and of arguments that are told"
        return "keep the file out with .dockerignore, or mount it with RUN --mount=type=secret"

    def __str__(self) -> str:
        return f"{self.what} would be kept in {self.where}: {self.advice}"


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
    return tuple(found)


class Guard:
    """Looks for some values and for the forms. One object serves a build; it keeps no state of what it read."""

    def __init__(self, secrets: Iterable[Secret], *, forms: bool = True) -> None:
        self._forms = forms
        self._needles: dict[bytes, Secret] = {}
        for secret in secrets:
            for needle in _needles(secret):
                self._needles.setdefault(needle, secret)
        self.overlap = max((len(needle) for needle in self._needles), default=1) - 1
        """Bytes of one piece of a file that the next must be searched with."""
        ordered = sorted(self._needles, key=len, reverse=True)
        self._mask = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to look for."""
        return not self._needles and not self._forms

    def in_text(self, text: str, where: str) -> list[Leak]:
        """The leaks of a history line, a label, a variable."""
        data = text.encode("utf-8", "surrogateescape")
        found = [
            Leak(secret.what, where, at, secret.name, secret.kind)
            for at, secret in self._values(data, {})
        ]
        if self._forms:
            found += [Leak(what, where, at) for at, what in find_forms(data)]
        return found[:MAX_LEAKS]

    def in_file(self, path: str, size: int) -> "FileScan":
        """Begin to read a file; its content is to be fed in pieces."""
        return FileScan(self, path, size)

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

    def held_back(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of a value."""
        longest = 0
        for needle in self._needles:
            size = min(len(needle) - 1, len(data))
            while size > longest and not data.endswith(needle[:size]):
                size -= 1
            longest = max(longest, size)
        return longest


class FileScan:
    """One file as it goes by. Forms are looked for in small files alone, when all is there."""

    def __init__(self, guard: Guard, path: str, size: int) -> None:
        self._guard = guard
        self._where = f"/{path.lstrip('/')}"
        self._path = path.lstrip("/")
        self._keeps = guard._forms and size <= MAX_FILE_BYTES and may_hold(self._path)
        self._whole: list[bytes] = []
        self._tail = b""
        self._offset = 0
        self._told: dict[Secret, int] = {}
        self._leaks: list[Leak] = []

    def feed(self, data: bytes) -> None:
        """The next piece."""
        if self._keeps:
            self._whole.append(bytes(data))
        if self._guard._needles:
            piece = self._tail + data
            base = self._offset - len(self._tail)
            for at, secret in self._guard._values(piece, self._told):
                self._leaks.append(
                    Leak(secret.what, self._where, base + at, secret.name, secret.kind)
                )
            self._tail = piece[len(piece) - min(self._guard.overlap, len(piece)) :]
        self._offset += len(data)

    def end(self) -> list[Leak]:
        """What was found."""
        if self._keeps:
            forms = find_forms(b"".join(self._whole), self._path)
            self._leaks += [Leak(what, self._where, at) for at, what in forms]
        return self._leaks[:MAX_LEAKS]


class Masker:
    """Hides values in a stream, also those that two pieces share: holds back what may be a value's beginning."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be shown by now."""
        data = self._held + data
        keep = self._guard.held_back(data)
        shown, self._held = data[: len(data) - keep], data[len(data) - keep :]
        return self._guard.mask(shown)

    def end(self) -> bytes:
        """The rest."""
        rest, self._held = self._held, b""
        return self._guard.mask(rest)


def _needles(secret: Secret) -> list[bytes]:
    value = secret.value.strip()
    least = MIN_SECRET if secret.kind == "secret" else MIN_VALUE
    found = [value] if least <= len(value) <= MAX_NEEDLE else []
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        for line in lines[:MAX_LINES]:
            found += [part for part in _telling_parts(line) if len(part) >= MIN_VALUE]
    if MIN_VALUE <= len(value) <= MAX_NEEDLE:
        found += _as_base64(value)
        quoted = urllib.parse.quote_from_bytes(value, safe="").encode()
        if quoted != value:
            found.append(quoted)
    return list(dict.fromkeys(found))


def _telling_parts(line: bytes) -> list[bytes]:
    """A line of a longer secret, and what its key names; nothing of comments and headings."""
    if not line or line.startswith((b"#", b";", b"-----", b"[", b"{", b"}")):
        return []
    key, equals, value = line.partition(b"=")
    if equals and any(word in key.lower() for word in _TELLING):
        return [line, value.strip().strip(b"\"'")]
    return [line]


def _as_base64(value: bytes) -> list[bytes]:
    """The characters of the encoded text that hang on the value alone, for each offset that it can have."""
    found = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value)
        start = (before * 8 + 5) // 6
        end = (before + len(value)) * 8 // 6
        if end - start >= MIN_VALUE:
            found.append(text[start:end])
    return found
