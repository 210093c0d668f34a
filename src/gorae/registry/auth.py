"""Who we are, said the way a registry asks for it: a challenge becomes a token request, an answer a token. Pure.

Source: distribution-spec, token authentication (docs/spec/auth/token.md, oauth.md).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from gorae.errors import InvalidArgument, Unavailable
from gorae.oci import text
from gorae.registry.challenge import Challenge

CLIENT_ID = "docker"
DEFAULT_LIFETIME_S = 60
MARGIN_S = 10
"""A token is renewed so long before its end: the clocks differ, and a request takes its time."""
MAX_TOKEN_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was given for a registry; all empty: nobody.

    `identity_token` is exchanged for tokens as a password is; `registry_token` is a token itself.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    server: str = ""

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token or self.registry_token)

    def basic(self) -> str:
        """The value of an `Authorization` field; empty without a name."""
        if not self.username:
            return ""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


NOBODY = Credentials()


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What to send for a token. `secret`: it carries credentials."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token. `lifetime_s` from now on; `refresh`: what a login may keep instead of the password."""

    value: str = field(repr=False)
    lifetime_s: int = DEFAULT_LIFETIME_S
    refresh: str = field(default="", repr=False)

    def good_until(self, now_s: float) -> float:
        """When it is to be renewed, it being `now_s`."""
        return now_s + max(self.lifetime_s - MARGIN_S, 1)


def scope(repository: str, *actions: str) -> str:
    """`repository:library/alpine:pull,push`."""
    return f"repository:{repository}:{','.join(sorted(actions))}"


def pick(challenges: Sequence[Challenge]) -> Challenge | None:
    """The challenge to answer: a bearer's before a basic one, None where neither is."""
    by_scheme = {one.scheme: one for one in reversed(challenges)}
    return by_scheme.get("bearer") or by_scheme.get("basic")


def token_request(
    challenge: Challenge, scopes: Sequence[str], credentials: Credentials, *, login: bool = False
) -> TokenRequest:
    """What to ask the realm for. `login`: also for a refresh token, where it gives any.

    Raises:
        Unavailable: the challenge names no realm that can be asked.
    """
    realm = challenge.parameters.get("realm", "")
    parts = urlsplit(realm)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise Unavailable(
            f'the registry names no usable realm to get a token from: "{realm[:200]}"'
        )
    service = challenge.parameters.get("service", "")
    if credentials.identity_token:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
        form |= {"service": service, "client_id": CLIENT_ID, "scope": " ".join(scopes)}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return TokenRequest("POST", realm, headers, urlencode(form).encode(), secret=True)
    query = [("service", service)] if service else []
    query += [("scope", one) for one in scopes]
    if credentials.username:
        query.append(("account", credentials.username))
    if login:
        query += [("client_id", CLIENT_ID), ("offline_token", "true")]
    joined = "&".join(one for one in (parts.query, urlencode(query)) if one)
    headers = {"Authorization": credentials.basic()} if credentials.username else {}
    return TokenRequest(
        "GET", urlunsplit(parts._replace(query=joined)), headers, secret=bool(headers)
    )


def parse_token(body: bytes) -> Token:
    """The realm's answer.

    Raises:
        Unavailable: no token in it.
    """
    try:
        document = text.load(body, "token answer")
        value = text.want(document, "token", str, "token answer", "") or text.want(
            document, "access_token", str, "token answer", ""
        )
        lifetime = text.want(document, "expires_in", int, "token answer", DEFAULT_LIFETIME_S)
        refresh = text.want(document, "refresh_token", str, "token answer", "")
    except InvalidArgument as error:
        raise Unavailable(f"the registry's authorization server answered: {error}") from None
    if not value or any(ord(one) < 33 or ord(one) > 126 for one in value):
        raise Unavailable("authorization server did not include a token in the response")
    return Token(value, max(lifetime, DEFAULT_LIFETIME_S), refresh)
