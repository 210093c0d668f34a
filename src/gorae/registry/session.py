"""One user at one endpoint: requests with a token, tries again, and redirects that take no credentials along.

The first request to an endpoint is `GET /v2/`, whose refusal says how to log in. A token is got for the scopes that
a request needs, kept until shortly before its end, and got anew when the registry says 401 all the same.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urljoin, urlsplit

from gorae.errors import PermissionDenied, Unauthorized, Unavailable
from gorae.registry import auth, challenge, fault, retry
from gorae.registry.auth import Credentials, Token
from gorae.registry.challenge import Challenge
from gorae.registry.endpoint import Endpoint
from gorae.registry.transport import Answer, Body, Transport

MAX_REDIRECTS = 10
REDIRECTS = frozenset((301, 302, 303, 307, 308))
Wait = Callable[[float], None]


class Session:
    """See the module. Thread-safe: layers come and go in parallel.

    `wait` sleeps, and raises Cancelled when the work is to end.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transport: Transport,
        credentials: Credentials,
        wait: Wait = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self._transport = transport
        self._credentials = credentials
        self._wait = wait
        self._challenge: Challenge | None = None
        self._tokens: dict[frozenset[str], tuple[Token, float]] = {}
        self._lock = threading.Lock()

    def ping(self) -> None:
        """Learn how the registry wants to be asked.

        Raises:
            Unreachable: nobody there, or nobody whom the settings trust. Unavailable: no registry.
        """
        with self._send("GET", f"{self.endpoint.url}/v2/", {}, None) as answer:
            if answer.status == 401:
                self._take_challenge(answer)
            elif answer.status != 404 and answer.status >= 400:
                raise answer.refusal()
            else:
                answer.discard()

    def check(self) -> Token | None:
        """Log in: whether the registry takes the credentials; the token that it gave, if it gives any.

        Raises:
            Unauthorized: it does not.
        """
        url = f"{self.endpoint.url}/v2/"
        token = None
        if self._challenge is not None and self._challenge.scheme == "bearer":
            token = self._ask_token(self._challenge, (), login=True)
            headers = {"Authorization": f"Bearer {token.value}"}
        else:
            headers = self._authorization(())
        with self._send("GET", url, headers, None) as answer:
            if answer.status >= 400 and answer.status != 404:
                raise answer.refusal()
            answer.discard()
        return token

    # requests ---------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        *,
        scopes: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        expect: Iterable[int] = (),
        once: bool = False,
    ) -> Answer:
        """An answer below 400, or of a status that the caller expects.

        `path` begins with `/v2/`, or is a whole address that the registry gave. `once`: the caller tries again itself.

        Raises:
            Unauthorized, PermissionDenied, NotFound, InvalidArgument: the registry's words.
            Unavailable: also after several tries.
        """
        url = urljoin(f"{self.endpoint.url}/", path)
        attempt = 0
        while True:
            attempt += 1
            pause: float | None
            try:
                answer = self._authorized(method, url, frozenset(scopes), dict(headers or {}), body)
            except fault.Broken:
                pause = None if once else retry.wait_s(attempt)
                if pause is None:
                    raise
            else:
                if answer.status < 400 or answer.status in expect:
                    return answer
                pause = self._pause(answer, attempt, once=once)
                error = answer.refusal()
                if pause is None:
                    raise error
            self._wait(pause)

    def _pause(self, answer: Answer, attempt: int, *, once: bool) -> float | None:
        if once or answer.status not in retry.AGAIN:
            return None
        return retry.wait_s(attempt, answer.headers.get("Retry-After", ""))

    def _authorized(
        self, method: str, url: str, scopes: frozenset[str], headers: dict[str, str], body: Body
    ) -> Answer:
        """With our name, and once more when the registry does not know it any more."""
        ours = _origin(url) == _origin(self.endpoint.url)
        sent = {**headers, **(self._authorization(scopes) if ours else {})}
        answer = self._follow(method, url, sent, body)
        if answer.status != 401 or _origin(answer.url) != _origin(self.endpoint.url):
            return answer
        if not self._may_answer(answer, scopes):
            return answer
        answer.discard()
        return self._follow(method, url, {**headers, **self._authorization(scopes)}, body)

    def _may_answer(self, answer: Answer, scopes: frozenset[str]) -> bool:
        """After a 401: forget the token that was refused; whether there is another to be had."""
        before = self._challenge
        self._take_challenge(answer)
        with self._lock:
            stale = self._tokens.pop(scopes, None)
        now = self._challenge
        if now is None or self._credentials.registry_token:
            return False
        return (now.scheme == "bearer" and (stale is not None or before != now)) or before is None

    def _follow(self, method: str, url: str, headers: dict[str, str], body: Body) -> Answer:
        """Go where the registry points; what says who we are stays behind when the host is another."""
        for _ in range(MAX_REDIRECTS):
            answer = self._send(method, url, headers, body)
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                return answer
            if answer.status == 303 and method not in ("GET", "HEAD"):
                return answer
            target = urljoin(url, answer.headers["Location"])
            answer.discard()
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                raise PermissionDenied(
                    f'"{fault.without_query(url)}" redirects to "{fault.without_query(target)}": '
                    "refusing to leave TLS"
                )
            if _origin(target) != _origin(url):
                headers = {k: v for k, v in headers.items() if k.lower() not in _PRIVATE}
            url = target
        raise Unavailable(f'"{fault.without_query(url)}": stopped after {MAX_REDIRECTS} redirects')

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        return self._transport.send(method, url, headers, body)

    # who we are ---------------------------------------------------------------------------------

    def _take_challenge(self, answer: Answer) -> None:
        found: list[Challenge] = []
        for one in answer.all_values("WWW-Authenticate"):
            found += challenge.parse(one)
        picked = auth.pick(found)
        if picked is not None:
            self._challenge = picked

    def _authorization(self, scopes: Iterable[str]) -> dict[str, str]:
        if self._credentials.registry_token:
            return {"Authorization": f"Bearer {self._credentials.registry_token}"}
        asked = self._challenge
        if asked is None:
            return {}
        if asked.scheme == "bearer":
            return {"Authorization": f"Bearer {self._token(asked, frozenset(scopes)).value}"}
        basic = self._credentials.basic()
        if not basic:
            raise Unauthorized("no basic auth credentials")
        return {"Authorization": basic}

    def _token(self, asked: Challenge, scopes: frozenset[str]) -> Token:
        """Whoever needs it first gets it, the others wait and use the same."""
        with self._lock:
            found = self._tokens.get(scopes)
            if found is not None and found[1] > time.monotonic():
                return found[0]
            token = self._ask_token(asked, sorted(scopes))
            self._tokens[scopes] = (token, token.good_until(time.monotonic()))
            return token

    def _ask_token(self, asked: Challenge, scopes: Iterable[str], *, login: bool = False) -> Token:
        wanted = auth.token_request(asked, tuple(scopes), self._credentials, login=login)
        if wanted.secret and urlsplit(wanted.url).scheme == "http" and self.endpoint.verified:
            raise PermissionDenied(
                f'the registry wants the credentials sent to "{fault.without_query(wanted.url)}": '
                "refusing to send them without TLS"
            )
        attempt = 0
        while True:
            attempt += 1
            answer = self._send(wanted.method, wanted.url, wanted.headers, wanted.body or None)
            if answer.status < 400:
                return auth.parse_token(answer.read(auth.MAX_TOKEN_BYTES))
            pause = self._pause(answer, attempt, once=False)
            error = answer.refusal()
            if pause is None:
                raise error
            self._wait(pause)


_PRIVATE = frozenset(("authorization", "cookie", "proxy-authorization"))


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port
