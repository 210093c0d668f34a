"""Webhooks: who is told, and the telling.

A message is queued in the transaction of the deed and sent by a task of its own, signed with the webhook's secret
(`Gorae-Signature: sha256=<hmac of the body>`), again after a while when it fails, at most so many times. The URL is a
stranger's: unless configured otherwise no message goes to an address of a private network, whatever its name
resolves to at that moment.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import secrets
import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gorae.errors import InvalidArgument, NotFound
from gorae.hub import audit, clock
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.notices import EVENTS
from gorae.hub.tables import accounts, webhooks
from gorae.hub.tables.webhooks import Webhook
from gorae.store.db import Tx

MAX_PER_NAMESPACE = 10
ATTEMPTS = 8
TIMEOUT_S = 10
FIRST_AGAIN_NS = 30 * clock.SECOND_NS
PAUSE_S = 2.0
_log = logging.getLogger("gorae.hub.webhooks")


class Webhooks:
    """Whom to tell."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def add(
        self, namespace: str, url: str, events: list[str], caller: Caller
    ) -> tuple[Webhook, str]:
        """A new webhook and the secret that signs its messages. Raises: InvalidArgument, NotFound."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InvalidArgument(f'"{url[:200]}" is no http(s) URL without credentials')
        unknown = set(events) - set(EVENTS)
        if unknown or not events:
            raise InvalidArgument(f"a webhook's events are {', '.join(EVENTS)}")
        secret = secrets.token_hex(32)
        row = Webhook(
            secrets.token_hex(6), namespace, url, secret, " ".join(events), clock.now_ns()
        )

        def write(tx: Tx) -> None:
            if accounts.get(tx, namespace) is None:
                raise NotFound(f'no such account: "{namespace}"')
            if len(webhooks.of_namespace(tx, namespace)) >= MAX_PER_NAMESPACE:
                raise InvalidArgument(f'"{namespace}" has {MAX_PER_NAMESPACE} webhooks: remove one')
            webhooks.insert(tx, row)
            audit.record(tx, caller, "webhook.add", namespace, url)

        self._facts.write(write)
        return row, secret

    def of(self, namespace: str) -> list[Webhook]:
        """A namespace's webhooks."""
        return self._facts.read(lambda tx: webhooks.of_namespace(tx, namespace))

    def remove(self, namespace: str, webhook_id: str, caller: Caller) -> None:
        """Raises: NotFound."""

        def write(tx: Tx) -> None:
            if not webhooks.delete(tx, namespace, webhook_id):
                raise NotFound(f'"{namespace}" has no webhook "{webhook_id}"')
            audit.record(tx, caller, "webhook.remove", namespace, webhook_id)

        self._facts.write(write)


async def deliver(facts: Facts, config: Config) -> None:
    """Send what is due, for ever."""
    resolver = None if config.webhooks_to_private else PublicResolver()
    connector = aiohttp.TCPConnector(resolver=resolver, limit=4)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        while True:
            if not await _deliver_one(facts, session, guarded=resolver is not None):
                await asyncio.sleep(PAUSE_S)


async def _deliver_one(facts: Facts, session: aiohttp.ClientSession, *, guarded: bool) -> bool:
    now = clock.now_ns()
    waiting = await asyncio.to_thread(facts.read, webhooks.pending)
    found = (
        await asyncio.to_thread(
            facts.write, lambda tx: webhooks.take_due(tx, now, now + FIRST_AGAIN_NS)
        )
        if waiting
        else None
    )
    if found is None:
        return False
    delivery, attempts, url, secret, body = found
    if await _send(session, url, secret, body, guarded=guarded) or attempts + 1 >= ATTEMPTS:
        await asyncio.to_thread(facts.write, lambda tx: webhooks.delete_delivery(tx, delivery))
    else:
        due = now + FIRST_AGAIN_NS * 2**attempts
        await asyncio.to_thread(facts.write, lambda tx: webhooks.put_off(tx, delivery, due))
    return True


async def _send(
    session: aiohttp.ClientSession, url: str, secret: str, body: str, *, guarded: bool
) -> bool:
    data = body.encode()
    headers = {
        "Content-Type": "application/json",
        "Gorae-Signature": f"sha256={sign(secret, data)}",
    }
    try:
        if guarded and _is_private(urlsplit(url).hostname or ""):
            raise OSError("an address of a private network")
        async with session.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            if answer.status < 300:
                return True
            _log.info("webhook %s: status %d", url, answer.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        _log.info("webhook %s: %s", url, error)
    return False


def sign(secret: str, body: bytes) -> str:
    """What the receiver computes too, to know that a message is ours."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _is_private(host: str) -> bool:
    """Whether a host is a literal address that is not public."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


class PublicResolver(AbstractResolver):
    """Resolves names, and leaves out what is no public address."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises: OSError: nothing public is left."""
        found = await self._inner.resolve(host, port, family)
        public = [one for one in found if not _is_private(one["host"])]
        if not public:
            raise OSError(f'"{host}" is an address of a private network')
        return public

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()
