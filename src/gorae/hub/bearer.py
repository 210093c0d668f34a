"""The registry's tokens: JWTs signed by ES256 with a key of the hub's, whose public halves are published.

Claims: iss and aud the hub's own names, sub the account (empty: a stranger), access the granted scopes. Keys live in
the database, so that every replica signs and verifies alike.

Source: distribution, token authentication (claims and access entries); RFC 7519, RFC 7517.
"""

import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from gorae.errors import Unauthorized
from gorae.hub import clock
from gorae.hub.access import Scope
from gorae.hub.db import Facts
from gorae.hub.tables import credentials

ALGORITHM = "ES256"
LEEWAY_S = 30
KEYS_READ_EVERY_S = 60
CACHED = 2000
EXPIRED = "the token has expired"


class Bearer:
    """Signs and verifies; `service` is the audience and the issuer."""

    def __init__(self, facts: Facts, service: str, lifetime_s: int) -> None:
        self._facts = facts
        self._service = service
        self.lifetime_s = lifetime_s
        self._lock = threading.Lock()
        self._keys: dict[str, ECKey] = {}
        self._signing = ""
        self._read_at = -float(KEYS_READ_EVERY_S)
        self._verified: dict[str, tuple[int, str, tuple[Scope, ...]]] = {}
        self._load()
        if not self._keys:
            self.rotate()

    def rotate(self) -> str:
        """A new signing key; the older ones verify on. Its id."""
        key, key_id = ECKey.generate_key("P-256"), secrets.token_hex(8)
        pem = key.as_pem(private=True).decode()
        self._facts.write(lambda tx: credentials.insert_key(tx, key_id, pem, clock.now_ns()))
        self._load()
        return key_id

    def _load(self) -> None:
        rows = self._facts.read(credentials.keys)
        with self._lock:
            self._keys = {
                key_id: ECKey.import_key(pem, {"kid": key_id, "use": "sig", "alg": ALGORITHM})
                for key_id, pem, _ in rows
            }
            self._signing = rows[0][0] if rows else ""
            self._read_at = time.monotonic()

    def _fresh(self) -> None:
        if time.monotonic() - self._read_at > KEYS_READ_EVERY_S:
            self._load()

    def published(self) -> dict[str, Any]:
        """The public keys, as a JWK set."""
        self._fresh()
        return dict(KeySet(list(self._keys.values())).as_dict(private=False))

    def sign(self, account: str, granted: Sequence[Scope]) -> tuple[str, int]:
        """A token for these scopes, and when it was made (s since 1970)."""
        self._fresh()
        now = clock.now_ns() // clock.SECOND_NS
        claims = {
            "iss": self._service,
            "sub": account,
            "aud": self._service,
            "iat": now,
            "nbf": now - LEEWAY_S,
            "exp": now + self.lifetime_s,
            "jti": secrets.token_hex(16),
            "access": [
                {"type": one.kind, "name": one.name, "actions": sorted(one.actions)}
                for one in granted
            ],
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._signing}
        return jwt.encode(header, claims, self._keys[self._signing]), now

    def verify(self, token: str) -> tuple[str, tuple[Scope, ...]]:
        """The account (empty: a stranger) and the granted scopes.

        Raises:
            Unauthorized: not ours, changed, or run out.
        """
        now = clock.now_ns() // clock.SECOND_NS
        known = self._verified.get(token)
        if known is None:
            known = self._decode(token)
            if len(self._verified) >= CACHED:
                self._verified.clear()
            self._verified[token] = known
        if known[0] <= now:
            self._verified.pop(token, None)
            raise Unauthorized(EXPIRED)
        return known[1], known[2]

    def _decode(self, token: str) -> tuple[int, str, tuple[Scope, ...]]:
        try:
            claims = jwt.decode(token, self._key_of, algorithms=[ALGORITHM]).claims
            if claims["aud"] != self._service or claims["iss"] != self._service:
                raise Unauthorized("the token was made for another service")
            access = tuple(
                Scope(one["type"], one["name"], frozenset(one["actions"]))
                for one in claims["access"]
            )
            return int(claims["exp"]), str(claims["sub"]), access
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthorized(f"the token is not valid: {type(error).__name__}") from None

    def _key_of(self, found: Any) -> ECKey:
        key_id = str(found.headers().get("kid", ""))
        if key_id not in self._keys:
            self._fresh()
        if key_id not in self._keys:
            raise Unauthorized("the token is signed by a key that is not ours")
        return self._keys[key_id]
