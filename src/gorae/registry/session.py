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
NO_CREDENTIALS = "no basic auth credentials"
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
        answer = self._retried(
            lambda: self._send("GET", f"{self.endpoint.url}/v2/", {}, None),
            once=self.endpoint.mirror,
            expect=(401, 404),
        )
        with answer:
            if answer.status == 401:
                self._take_challenge(answer)
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
            try:
                token = self._ask_token(self._challenge, (), login=True)
            except Unauthorized as error:
                raise Unauthorized(f'Get "{url}": {error.message}') from None
            headers = {"Authorization": f"Bearer {token.value}"}
        else:
            headers = self._authorization(())
        with self._send("GET", url, headers, None) as answer:
            if answer.status == 401:
                raise Unauthorized(f"login attempt to {url} failed with status: 401 Unauthorized")
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
        wanted = frozenset(scopes)
        return self._retried(
            lambda: self._authorized(method, url, wanted, dict(headers or {}), body),
            once=once,
            expect=expect,
        )

    def _retried(
        self, ask: Callable[[], Answer], *, once: bool = False, expect: Iterable[int] = ()
    ) -> Answer:
        """Ask again while that may help."""
        attempt = 0
        while True:
            attempt += 1
            pause: float | None
            try:
                answer = ask()
            except fault.Broken:
                pause = None if once else retry.wait_s(attempt)
                if pause is None:
                    raise
            else:
                if answer.status < 400 or answer.status in expect:
                    return answer
                may = not once and answer.status in retry.AGAIN
                asked = answer.headers.get("Retry-After", "")
                pause = retry.wait_s(attempt, asked) if may else None
                error = answer.refusal()
                if pause is None:
                    raise error
            self._wait(pause)

    def _authorized(
        self, method: str, url: str, scopes: frozenset[str], headers: dict[str, str], body: Body
    ) -> Answer:
        """With our name, and once more when the registry does not know it any more."""
        ours = _origin(url) == _origin(self.endpoint.url)
        sent = {**headers, **(self._authorization(scopes) if ours else {})}
        answer = self._follow(method, url, sent, body)
        if answer.status != 401 or _origin(answer.url) != _origin(self.endpoint.url):
            return answer
        if not self._may_answer(answer, scopes, sent.get("Authorization", "")):
            return answer
        answer.discard()
        return self._follow(method, url, {**headers, **self._authorization(scopes)}, body)

    def _may_answer(self, answer: Answer, scopes: frozenset[str], refused: str) -> bool:
        """After a 401: forget the token that was refused; whether another is to be had, or is here meanwhile."""
        before = self._challenge
        self._take_challenge(answer)
        now = self._challenge
        if now is None or self._credentials.registry_token:
            return False
        with self._lock:
            token, _ = self._tokens.get(scopes, (None, 0.0))
            if token is not None and refused == f"Bearer {token.value}":
                del self._tokens[scopes]
        return before is None or now.scheme == "bearer" and (bool(refused) or before != now)

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
            raise Unauthorized(NO_CREDENTIALS)
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
        answer = self._retried(
            lambda: self._send(wanted.method, wanted.url, wanted.headers, wanted.body or None)
        )
        return auth.parse_token(answer.read(auth.MAX_TOKEN_BYTES))


_PRIVATE = frozenset(("authorization", "cookie", "proxy-authorization"))


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port
