"""One request to the registry: its target, who makes it, and the way to the blocking services."""

import asyncio
import base64
import binascii
import ipaddress
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from aiohttp import web

from gorae.errors import Cancelled, InvalidArgument, Unauthorized
from gorae.hub.access import STRANGER, Identity, Scope
from gorae.hub.caller import Caller
from gorae.hub.config import ProxyConfig
from gorae.hub.fault import TooLarge
from gorae.hub.path import Target
from gorae.hub.services import SERVICE, Services

P = ParamSpec("P")
T = TypeVar("T")


class Call:
    """What a handler gets. `scope` is filled in by `allow`, for the challenge of a refusal."""

    def __init__(
        self, request: web.Request, target: Target, services: Services, pool: ThreadPoolExecutor
    ) -> None:
        self.request = request
        self.target = target
        self.services = services
        self.pool = pool
        self.address = client_address(request, services.config.trusted_proxies)
        self.account = ""
        self.challenge = ""
        self._access: dict[str, frozenset[str]] | None = None
        self._has_token = False
        self._basic: Identity | None = None

    @property
    def caller(self) -> Caller:
        """For the services and the audit log."""
        return Caller(self.account, self.address)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking work in a thread of the pool."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, lambda: work(*args, **kwargs))

    async def run_long(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking work that waits for another registry."""
        loop = asyncio.get_running_loop()
        pool = self.services.proxies.pool
        return await loop.run_in_executor(pool, lambda: work(*args, **kwargs))

    async def proxy(self) -> ProxyConfig | None:
        """The other registry that the target is seen from."""
        if not self.services.config.proxies:
            return None
        return await self.run(self.services.proxies.of, self.target.name)

    async def identify(self) -> None:
        """Read the credentials, once. Raises: Unauthorized: they are wrong. TooMany."""
        if self._access is not None:
            return
        kind, _, text = self.request.headers.get("Authorization", "").partition(" ")
        self._access = {}
        self.challenge = bearer_challenge(self, "")
        if kind.lower() == "bearer":
            self.account, scopes = self.services.bearer.verify(text.strip())
            self._has_token = True
            for one in scopes:
                self._access[_key(one)] = self._access.get(_key(one), frozenset()) | one.actions
        elif kind.lower() == "basic":
            name, secret = read_basic(text)
            accounts, caller = self.services.accounts, Caller("", self.address)
            self._basic = await self.run(accounts.authenticate, name, secret, caller)
            self.account = self._basic.account

    async def may(self, name: str, action: str) -> bool:
        """Whether the caller may do this to a repository."""
        await self.identify()
        assert self._access is not None
        if action in self._access.get(f"repository:{name}", ()):
            return True
        who = self._basic or STRANGER
        granted = await self.run(self.services.permissions.granted, who, name, (action,))
        return action in granted

    async def allow(self, action: str) -> str:
        """The target's repository, if the caller may do this to it.

        Raises:
            Unauthorized: with a challenge that names the scope to come back with.
        """
        name = self.target.name
        wanted = {"pull": "pull", "push": "pull,push", "delete": "delete"}[action]
        try:
            if await self.may(name, action):
                return name
        finally:
            self.challenge = bearer_challenge(self, f"repository:{name}:{wanted}")
        if self._has_token:
            # docker tries a push again for a minute unless the challenge, which alone a HEAD can carry, says why.
            self.challenge += ',error="insufficient_scope"'
        if self.account:
            raise Denied("requested access to the resource is denied")
        raise Unauthorized("authentication required")

    def has_scope(self, kind: str, name: str, action: str) -> bool:
        """Whether the token carries a scope that is about no repository."""
        return action in (self._access or {}).get(f"{kind}:{name}", ())

    async def body(self, limit: int) -> bytes:
        """The body whole. Raises: TooLarge: more than `limit` bytes. Cancelled: the client left."""
        if (self.request.content_length or 0) > limit:
            raise TooLarge(f"at most {limit} bytes are taken here")
        pieces, size = [], 0
        async for piece in self.pieces():
            size += len(piece)
            if size > limit:
                raise TooLarge(f"at most {limit} bytes are taken here")
            pieces.append(piece)
        return b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises: Cancelled: the client left, or was silent for too long."""
        content, idle_s = self.request.content, self.services.config.idle_s
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    piece = await content.readany()
            except TimeoutError:
                raise Cancelled(f"the client sent nothing for {idle_s} seconds") from None
            except (ConnectionError, web.HTTPException, OSError) as error:
                raise Cancelled("the client left before the request was complete") from error
            if not piece:
                return
            yield piece

    def number(self, name: str, default: int, most: int) -> int:
        """A query parameter that is a count. Raises: InvalidArgument."""
        text = self.request.query.get(name, "")
        if not text:
            return default
        if not text.isdigit() or len(text) > 9:
            raise InvalidArgument(f'"{name}" wants a number, found "{text[:50]}"')
        return min(int(text), most)


class Denied(Unauthorized):
    """Known, and may not; said with a challenge, since another token might do."""


def _key(scope: Scope) -> str:
    return f"{scope.kind}:{scope.name}"


def read_basic(text: str) -> tuple[str, str]:
    """The name and the secret of a Basic header. Raises: Unauthorized: it is none."""
    try:
        name, colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise Unauthorized("the Authorization header cannot be read")
    return name, secret


def base_url(call: Call) -> str:
    """How this client reaches the hub: the configured URL, else as it addressed us."""
    configured = call.services.config.url
    return (
        configured
        or f"{scheme(call.request, call.services.config.trusted_proxies)}://{call.request.host}"
    )


def scheme(request: web.Request, trusted: tuple[str, ...]) -> str:
    """http or https, as a trusted proxy says it was."""
    said = request.headers.get("X-Forwarded-Proto", "")
    if said in ("http", "https") and is_trusted(request.remote or "", trusted):
        return said
    return request.scheme


def bearer_challenge(call: Call, scope: str) -> str:
    """Where to get a token, and for what. Source: RFC 6750, distribution's token authentication."""
    text = f'Bearer realm="{base_url(call)}/token",service="{SERVICE}"'
    return f'{text},scope="{scope}"' if scope else text


def client_address(request: web.Request, trusted: tuple[str, ...]) -> str:
    """The client's address; behind a trusted proxy the one that the proxy names last."""
    peer = request.remote or ""
    if not is_trusted(peer, trusted):
        return peer
    hops = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")]
    for hop in reversed([one for one in hops if one]):
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            return peer
        if not is_trusted(hop, trusted):
            return hop
    return peer


def is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether an address is within the trusted proxies' networks."""
    try:
        found = ipaddress.ip_address(address)
        return any(found in ipaddress.ip_network(one, strict=False) for one in trusted)
    except ValueError:
        return False
