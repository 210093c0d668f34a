"""One request as a handler reads it: parameters, flags, numbers, filters, the body's document."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from gorae.errors import InvalidArgument, Unavailable
from gorae.wire import codec
from gorae.wire.filters import Filters
from gorae.wire.version import ApiVersion

T = TypeVar("T")
MAX_BODY_BYTES = 8 << 20
MAX_BATCH = 64
_CREDENTIALS = struct.Struct("iII")
"""struct ucred: pid, uid, gid. Source: unix(7)"""
_FALSE = ("", "0", "no", "false", "none")


@dataclass(slots=True)
class Call:
    """A request, its API version and the parameters of its path."""

    request: web.Request
    version: ApiVersion
    params: dict[str, str]

    @property
    def id(self) -> str:
        """The object named in the path."""
        return self.params.get("id") or self.params.get("name", "")

    @property
    def batch(self) -> str:
        """gorae's own parameter: what one command removes bears the same word, and is brought back together.

        Raises:
            InvalidArgument: too long, or no plain letters and digits.
        """
        found = self.text("batch")
        if found and not (found.isascii() and found.isalnum() and len(found) <= MAX_BATCH):
            raise InvalidArgument(f"invalid batch: wanted at most {MAX_BATCH} letters and digits")
        return found

    def caller(self) -> tuple[int, int] | None:
        """Uid and gid of an unprivileged client at the other end of a unix socket; None: root, or not known."""
        transport = self.request.transport
        found = transport.get_extra_info("socket") if transport is not None else None
        if found is None or found.family != socket.AF_UNIX:
            return None
        data = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, gid = _CREDENTIALS.unpack(data)
        return (uid, gid) if uid else None

    def text(self, name: str, default: str = "") -> str:
        """A query parameter. Raises: InvalidArgument: a NUL is in it, which no name on this host can have."""
        found = self.request.query.get(name, default)
        if "\0" in found:
            raise InvalidArgument(f'invalid "{name}": a NUL is in it')
        return found

    def many(self, name: str) -> list[str]:
        """A query parameter that may be repeated."""
        return self.request.query.getall(name, [])

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no; anything but 0, no, false, none and nothing is yes."""
        value = self.request.query.get(name)
        return default if value is None else value.strip().lower() not in _FALSE

    def number(self, name: str) -> int | None:
        """A whole number; None when it was not given.

        Raises:
            InvalidArgument: no number.
        """
        value = self.request.query.get(name, "")
        if not value:
            return None
        try:
            found = int(value)
        except ValueError:
            raise InvalidArgument(f'strconv.Atoi: parsing "{value[:64]}": invalid syntax') from None
        if abs(found) >= 1 << 63:
            raise InvalidArgument(f'strconv.Atoi: parsing "{value[:64]}": value out of range')
        return found

    def size(self) -> tuple[int, int]:
        """Rows and columns of a terminal, from `h` and `w`.

        Raises:
            InvalidArgument: no numbers.
        """
        return self._extent("h", "height"), self._extent("w", "width")

    def _extent(self, name: str, word: str) -> int:
        value = self.text(name)
        if not value.isascii() or not value.isdigit() or int(value) > 65535:
            raise InvalidArgument(f'invalid resize {word} "{value}": invalid syntax')
        return int(value)

    def filters(self, *allowed: str) -> Filters:
        """The `filters` parameter; without `allowed`, any names.

        Raises:
            InvalidArgument: malformed, or a name that means nothing here.
        """
        found = Filters.parse(self.text("filters"))
        return found.check(allowed) if allowed else found

    async def document(self, kind: type[T], *, optional: bool = False) -> T:
        """The body as a checked value; `optional`: no body is an empty document.

        Raises:
            InvalidArgument: not JSON, of another content type, too large, or with a bad field.
        """
        if not self.request.can_read_body:
            return codec.decode(kind, b"{}" if optional else b"")
        kind_given = self.request.headers.get("Content-Type", "")
        data = await self._body()
        if not data and optional:
            return codec.decode(kind, b"{}")
        if kind_given.partition(";")[0].strip().lower() != "application/json":
            raise InvalidArgument(
                f"unsupported Content-Type header ({kind_given}): must be 'application/json'"
            )
        return codec.decode(kind, data)

    async def _body(self) -> bytes:
        try:
            return await self.request.read()
        except web.HTTPRequestEntityTooLarge:
            raise InvalidArgument(
                f"request body too large: at most {MAX_BODY_BYTES} bytes"
            ) from None
        except (ConnectionError, asyncio.IncompleteReadError):
            raise Unavailable("the client left before the request was complete") from None
