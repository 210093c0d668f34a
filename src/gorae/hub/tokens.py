"""Access tokens: secrets for machines, with scopes and an end."""

import secrets

from gorae.errors import InvalidArgument, NotFound
from gorae.hub import audit, clock, passwords
from gorae.hub.access import check_limits
from gorae.hub.caller import Caller
from gorae.hub.db import Facts
from gorae.hub.tables import accounts, credentials
from gorae.hub.tables.credentials import TokenRow
from gorae.store.db import Tx

MAX_PER_ACCOUNT = 100
LOGINS_KEPT = 30
MAX_LABEL_CHARS = 100


class Tokens:
    """See the module."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def create(
        self, account: str, label: str, scopes: list[str], lifetime_s: int, caller: Caller
    ) -> tuple[str, TokenRow]:
        """A new token: its secret, told this once, and its row. `lifetime_s` 0: it does not end.

        Raises:
            InvalidArgument: a bad scope, or too many tokens. NotFound: no such account.
        """
        limits = check_limits(scopes)
        if lifetime_s < 0:
            raise InvalidArgument("an access token's lifetime may not be negative")
        secret, row = self._make(account, "access", label, " ".join(limits), lifetime_s)

        def write(tx: Tx) -> None:
            found = accounts.get(tx, account)
            if found is None or not found.is_user:
                raise NotFound(f'no such user: "{account}"')
            made = [one for one in credentials.tokens_of(tx, account) if one.kind == "access"]
            if len(made) >= MAX_PER_ACCOUNT:
                raise InvalidArgument(
                    f'"{account}" has {MAX_PER_ACCOUNT} access tokens: revoke one first'
                )
            credentials.insert_token(tx, row)
            audit.record(tx, caller, "token.create", account, f"{row.label} {row.scopes}")

        self._facts.write(write)
        return secret, row

    def login(
        self, account: str, limits: tuple[str, ...], label: str, lifetime_s: int, caller: Caller
    ) -> str:
        """What `docker login` keeps instead of a password; an account's oldest such tokens go."""
        secret, row = self._make(account, "login", label, " ".join(limits), lifetime_s)

        def write(tx: Tx) -> None:
            credentials.insert_token(tx, row)
            made = [one for one in credentials.tokens_of(tx, account) if one.kind == "login"]
            for old in made[LOGINS_KEPT:]:
                credentials.delete_token(tx, account, old.id)
            audit.record(tx, caller, "login.docker", account, row.label)

        self._facts.write(write)
        return secret

    @staticmethod
    def _make(
        account: str, kind: str, label: str, scopes: str, lifetime_s: int
    ) -> tuple[str, TokenRow]:
        secret, now = passwords.new_secret(passwords.TOKEN_PREFIX), clock.now_ns()
        ends = now + lifetime_s * clock.SECOND_NS if lifetime_s else 0
        label = label.strip()[:MAX_LABEL_CHARS] or "token"
        hashed = passwords.digest(secret)
        return secret, TokenRow(
            secrets.token_hex(6), account, kind, label, hashed, scopes, now, ends
        )

    def of(self, account: str) -> list[TokenRow]:
        """An account's tokens, newest first."""
        return self._facts.read(lambda tx: credentials.tokens_of(tx, account))

    def revoke(self, account: str, token_id: str, caller: Caller) -> None:
        """Raises: NotFound."""

        def write(tx: Tx) -> None:
            if not credentials.delete_token(tx, account, token_id):
                raise NotFound(f'"{account}" has no access token "{token_id}"')
            audit.record(tx, caller, "token.revoke", account, token_id)

        self._facts.write(write)
