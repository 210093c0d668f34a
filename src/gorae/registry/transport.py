"""HTTP to one host after another, with the certificates that each wants; no redirects, no retries, no credentials.

Every answer is a stream: who asked reads it and closes it. A host's certificates are read anew when its folder has
changed: whoever adds a CA need not start the daemon again.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import urllib3

from gorae.errors import GoraeError, InvalidArgument, Unavailable
from gorae.registry import certs, challenge, fault
from gorae.registry.proxies import NO_PROXIES, Proxies
from gorae.version import VERSION

CONNECT_TIMEOUT_S = 15
READ_TIMEOUT_S = 60
CONNECTIONS = 16
PIECE = 256 << 10
MAX_DOCUMENT_BYTES = 16 << 20
USER_AGENT = f"gorae/{VERSION}"

Body = bytes | Callable[[], Iterable[bytes]] | None
"""What is sent: bytes, or what makes an iterator of them anew for each try."""


class Answer:
    """A status, headers and a body still to be read; a context that closes it."""

    def __init__(self, response: urllib3.BaseHTTPResponse, method: str, url: str) -> None:
        self._response = response
        self._method = method
        self.url = url
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers

    def all_values(self, name: str) -> list[str]:
        """Each field of that name."""
        return list(self._response.headers.getlist(name))

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes.

        Raises:
            Broken: the connection ended before the body did.
        """
        try:
            while data := self._response.read(PIECE, decode_content=False):
                yield data
        except fault.TROUBLE as error:
            raise fault.translated(error, self._method, self.url) from error

    def read(self, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The whole of a small body, then closed.

        Raises:
            InvalidArgument: it is larger than the limit. Broken.
        """
        out = bytearray()
        with self:
            for piece in self.pieces():
                out += piece
                if len(out) > limit:
                    raise InvalidArgument(
                        f'the answer of "{fault.without_query(self.url)}" is larger than {limit} bytes'
                    )
        return bytes(out)

    def refusal(self) -> GoraeError:
        """The error that it stands for."""
        with self:
            taken = b""
            for piece in self.pieces():
                taken += piece
                if len(taken) > fault.MAX_REFUSAL_BYTES:
                    break
        again = self.headers.get("Retry-After", "")
        if self.status == 401 and self._lacks_scope():
            return fault.denied()
        return fault.refusal(self.status, taken[: fault.MAX_REFUSAL_BYTES], again)

    def _lacks_scope(self) -> bool:
        """We are known, and may not. Source: RFC 6750, 3.1."""
        challenges = [
            one for value in self.all_values("WWW-Authenticate") for one in challenge.parse(value)
        ]
        return any(one.parameters.get("error") == "insufficient_scope" for one in challenges)

    def discard(self) -> None:
        """Nobody wants the body."""
        with self:
            if self._method != "HEAD":
                self._response.drain_conn()

    def close(self) -> None:
        """Give the connection back where the body was read to its end, else cut it."""
        if self._method != "HEAD" and not _at_end(self._response):
            self._response.close()
        self._response.release_conn()

    def __enter__(self) -> "Answer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _at_end(response: urllib3.BaseHTTPResponse) -> bool:
    left = getattr(response, "length_remaining", None)
    return left == 0 or response.closed


class Transport:
    """Connections to whatever hosts a registry sends us to, kept for the next request."""

    def __init__(
        self,
        certs_dirs: Iterable[str],
        insecure: Callable[[str], bool],
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        self._certs_dirs = [Path(one) for one in certs_dirs]
        self._insecure = insecure
        self._proxies = proxies
        self._pools: dict[tuple[str, str], tuple[certs.State, urllib3.PoolManager]] = {}
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], body: Body = None) -> Answer:
        """One request, one answer, whatever its status.

        Raises:
            Unreachable, Broken: no answer came. InvalidArgument: no address.
        """
        data = body() if callable(body) else body
        try:
            response = self._pool(url).request(
                method,
                url,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers},
                body=data,
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
            )
        except fault.TROUBLE as error:
            raise fault.translated(error, method, url) from error
        return Answer(response, method, url)

    def _pool(self, url: str) -> urllib3.PoolManager:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidArgument(f'"{fault.without_query(url)}" is no address to ask')
        scheme, host = key = (parts.scheme, parts.netloc.rpartition("@")[2])
        state = certs.state(host, self._certs_dirs) if scheme == "https" else ()
        with self._lock:
            before, found = self._pools.get(key, ((), None))
            if found is None or before != state:
                found = self._make_pool(scheme, host)
                self._pools[key] = (state, found)
        return found

    def _make_pool(self, scheme: str, host: str) -> urllib3.PoolManager:
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        options = {"timeout": timeout, "maxsize": CONNECTIONS, "blocksize": PIECE}
        if scheme == "https":
            options["ssl_context"] = certs.context(
                host, self._certs_dirs, verified=not self._insecure(host)
            )
            if self._insecure(host):
                options["assert_hostname"] = False
        proxy = self._proxies.for_host(scheme, host)
        if not proxy:
            return urllib3.PoolManager(**options)  # type: ignore[arg-type]
        try:
            return urllib3.ProxyManager(proxy, **options)  # type: ignore[arg-type]
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f'the proxy "{proxy}" cannot be used: {error}') from None

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            for _, one in self._pools.values():
                one.clear()
            self._pools.clear()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
