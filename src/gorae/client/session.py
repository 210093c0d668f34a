"""Calls to one engine: versioned paths, JSON bodies, errors as classes, kept connections.

The newest API version is pinned in the path; an engine that is older says so (400, "Maximum supported API
version is X") and is asked again with its own. That saves the ping which docker's CLI sends first.
"""

from __future__ import annotations

from gorae.client import errors, jsontext, transport
from gorae.client.address import Address
from gorae.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from gorae.client.transport import Connection, Hijacked, Response

    Query = Mapping[str, object]

API_VERSION = "1.51"
_TOO_NEW = "Maximum supported API version is "
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def quote(text: str, safe: str = "") -> str:
    """Percent-encode for a path segment or a query value."""
    keep = _SAFE.union(safe.encode())
    data = text.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in keep else f"%{byte:02X}" for byte in data)


def encode_query(query: Query) -> str:
    """`?a=b&c=d`; absent (None) values are left out, booleans are `1` and `0`, lists repeat."""
    parts = []
    for name, value in query.items():
        if value is None:
            continue
        for item in value if isinstance(value, (list, tuple)) else (value,):
            text = str(int(item)) if isinstance(item, bool) else str(item)
            parts.append(f"{name}={quote(text)}")
    return "?" + "&".join(parts) if parts else ""


class Session:
    """One engine, as a caller sees it.

    Args:
        version: fixes the API version (`DOCKER_API_VERSION`); else it is negotiated.
        on_unreachable: asked once when nobody listens; True means "try again" (a daemon was started).
    """

    def __init__(
        self,
        address: Address,
        *,
        version: str = "",
        on_unreachable: Callable[[Address], bool] | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.address = address
        self.version = version or API_VERSION
        self._negotiable = not version
        self._on_unreachable = on_unreachable
        self._headers = tuple(headers)
        self._idle: Connection | None = None

    def get(self, path: str, query: Query | None = None) -> Any:
        """GET and decode."""
        return jsontext.decode(self.call("GET", path, query).read())

    def post(
        self, path: str, query: Query | None = None, document: Any = None, headers: Any = ()
    ) -> Any:
        """POST a JSON document; the decoded answer, None when it is empty."""
        response = self.call("POST", path, query, document=document, headers=headers)
        body = response.read()
        response.close()
        return jsontext.decode(body) if body.strip() else None

    def delete(self, path: str, query: Query | None = None) -> Any:
        """DELETE; the decoded answer, None when it is empty."""
        body = self.call("DELETE", path, query).read()
        return jsontext.decode(body) if body.strip() else None

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        document: Any = None,
        body: Iterable[bytes] | None = None,
        headers: Iterable[tuple[str, str]] = (),
        upgrade: bool = False,
    ) -> Response:
        """One request; the answer's body is still to be read.

        Raises:
            GoraeError: the class that the status stands for, the daemon's message in it.
        """
        heads = [*self._headers, *headers]
        data: bytes | Iterable[bytes] | None = body
        if document is not None:
            heads.append(("Content-Type", "application/json"))
            data = jsontext.encode(document).encode("utf-8", "surrogateescape")
        tail = path + encode_query(query or {})
        response = self._exchange(method, f"/v{self.version}{tail}", heads, data, upgrade)
        if response.status < 400:
            return response
        refusal = response.read()
        response.close()
        if self._negotiate(response.status, refusal) and body is None:
            response = self._exchange(method, f"/v{self.version}{tail}", heads, data, upgrade)
            if response.status < 400:
                return response
            refusal = response.read()
        raise errors.from_answer(response.status, refusal)

    def hijack(
        self, path: str, query: Query | None = None, document: Any = None, headers: Any = ()
    ) -> Hijacked:
        """POST with `Upgrade: tcp`; the raw stream behind the 101.

        Raises:
            Unavailable: the server answered, but not with 101.
        """
        response = self.call("POST", path, query, document=document, headers=headers, upgrade=True)
        if response.status != 101:
            raise Unavailable(f"unable to upgrade to tcp, received {response.status}")
        return response.hijack()

    def messages(self, response: Response) -> Iterator[Any]:
        """The JSON values of a stream, each as soon as it is complete."""
        rest = ""
        pending = b""
        for piece in response.chunks():
            text, pending = _whole_text(pending + piece)
            values, rest = jsontext.decode_many(rest + text)
            yield from values

    def ping(self) -> dict[str, str]:
        """The headers of `HEAD /_ping` (`api-version`, `ostype`, ...)."""
        return self._exchange("HEAD", "/_ping", (), None, False).headers

    def _negotiate(self, status: int, body: bytes) -> bool:
        if status != 400 or not self._negotiable:
            return False
        _, found, tail = errors.daemon_message(status, body).partition(_TOO_NEW)
        if not found:
            return False
        self.version = tail.split()[0].rstrip(".,")
        self._negotiable = False
        return True

    def _exchange(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | Iterable[bytes] | None,
        upgrade: bool,
    ) -> Response:
        kept, self._idle = self._idle, None
        connection = kept if kept is not None and kept.alive else self._connect()
        try:
            response = connection.request(
                method, target, headers=headers, body=body, upgrade=upgrade
            )
        except OSError as error:
            raise Unavailable(f"error during connect: {error}") from error
        return self._remember(response)

    def _remember(self, response: Response) -> Response:
        """Keep the connection of an answer that is already complete for the next call."""
        if response.finished and response.connection.reusable and response.status != 101:
            self._idle = response.connection
        else:
            response.on_finish = self._keep
        return response

    def _keep(self, connection: Connection) -> None:
        if connection.reusable:
            self._idle = connection

    def _connect(self) -> Connection:
        host = self.address.host or "docker"
        try:
            return transport.Connection(transport.connect(self.address), host)
        except OSError as error:
            if self._on_unreachable is None or not self._on_unreachable(self.address):
                raise errors.unreachable(self.address.text, error) from error
        try:
            return transport.Connection(transport.connect(self.address), host)
        except OSError as error:
            raise errors.unreachable(self.address.text, error) from error


def _whole_text(data: bytes) -> tuple[str, bytes]:
    """Decode what is whole in `data`; a character cut in two is left for the next piece."""
    cut = len(data)
    for back in range(1, min(4, cut) + 1):
        byte = data[cut - back]
        if byte >= 0xC0:
            width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            if width > back:
                return data[: cut - back].decode("utf-8", "replace"), data[cut - back :]
            break
        if byte < 0x80:
            break
    return data.decode("utf-8", "replace"), b""
