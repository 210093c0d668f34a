"""Users and organisations: sign-up, login, members."""

from gorae.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied, Unauthorized
from gorae.hub import audit, clock, passwords
from gorae.hub.access import EVERYTHING, Identity
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.fault import InUse
from gorae.hub.path import ACCOUNT, MAX_ACCOUNT
from gorae.hub.tables import accounts, credentials, repositories
from gorae.hub.tables.accounts import Account
from gorae.hub.throttle import Throttle
from gorae.store.db import Tx

ROLES = ("owner", "writer", "reader")
WRONG = "incorrect username or password"
INVITE_LIFETIME_NS = 14 * 86400 * clock.SECOND_NS
USE_NOTED_EVERY_NS = 60 * clock.SECOND_NS


class Accounts:
    """See the module."""

    def __init__(self, facts: Facts, config: Config) -> None:
        self._facts = facts
        self._config = config
        self._throttle = Throttle(facts, config)

    def get(self, name: str) -> Account:
        """Raises: NotFound."""
        return self._facts.read(lambda tx: _want(tx, name))

    def add_user(
        self, name: str, password: str, caller: Caller, *, is_admin: bool = False, email: str = ""
    ) -> None:
        """Raises: InvalidArgument: the name or the password. AlreadyExists."""
        _check_name(name)
        hashed = passwords.hash_password(password)
        row = Account(name, "user", "", email, hashed, int(is_admin), "active", -1, clock.now_ns())
        self._facts.write(lambda tx: _insert(tx, row, caller))

    def sign_up(self, name: str, password: str, invite: str, caller: Caller) -> None:
        """As a stranger. Raises: PermissionDenied: not without an invitation, or not at all."""
        if self._config.signup == "closed":
            raise PermissionDenied(
                "this hub takes no sign-ups: ask its administrator for an account"
            )
        _check_name(name)
        hashed = passwords.hash_password(password)
        row = Account(name, "user", "", "", hashed, 0, "active", -1, clock.now_ns())

        def write(tx: Tx) -> None:
            if self._config.signup == "invite" and not credentials.take_invite(
                tx, passwords.digest(invite), clock.now_ns()
            ):
                raise PermissionDenied(
                    "the invitation is not known, or has been used or has expired"
                )
            _insert(tx, row, caller)

        self._facts.write(write)

    def invite(self, note: str, caller: Caller) -> str:
        """A new invitation's code, good for one account."""
        code, now = passwords.new_secret(), clock.now_ns()

        def write(tx: Tx) -> None:
            credentials.insert_invite(
                tx, passwords.digest(code), note, now, now + INVITE_LIFETIME_NS
            )
            audit.record(tx, caller, "invite.create", note)

        self._facts.write(write)
        return code

    def authenticate(
        self, name: str, secret: str, caller: Caller, *, by_token: bool = True
    ) -> Identity:
        """Who has this password or, unless not wanted, this access token.

        Raises:
            Unauthorized: nobody. TooMany: too many have tried.
        """
        self._throttle.check(name, caller.address)
        who = self._by_token(name, secret) if by_token else None
        who = who or self._by_password(name, secret)
        if who is None:
            self._facts.write(lambda tx: self._failed(tx, name, caller))
            raise Unauthorized(WRONG)
        return who

    def _failed(self, tx: Tx, name: str, caller: Caller) -> None:
        self._throttle.failed(tx, name, caller.address)
        audit.record(tx, Caller(name, caller.address), "login.failed", name)

    def _by_password(self, name: str, password: str) -> Identity | None:
        row = self._facts.read(lambda tx: accounts.get(tx, name))
        is_active = row is not None and row.is_user and row.state == "active"
        if not passwords.verify(row.password if row and is_active else "", password):
            return None
        if self._facts.read(lambda tx: credentials.failures(tx, f"account:{name}"))[0]:
            self._facts.write(lambda tx: self._throttle.succeeded(tx, name))
        return Identity(name, bool(row and row.is_admin), EVERYTHING)

    def _by_token(self, name: str, secret: str) -> Identity | None:
        if not secret.startswith(passwords.TOKEN_PREFIX):
            return None
        found = self.token_identity(secret)
        return found if found is not None and (found.account == name or not name) else None

    def token_identity(self, secret: str) -> Identity | None:
        """Who has this access token, with its limits."""
        now, hashed = clock.now_ns(), passwords.digest(secret)

        def read(tx: Tx) -> tuple[credentials.TokenRow, Account] | None:
            token = credentials.token_by_hash(tx, hashed)
            owner = accounts.get(tx, token.account) if token else None
            return (token, owner) if token and owner else None

        found = self._facts.read(read)
        if found is None:
            return None
        token, owner = found
        if (token.expires_ns and token.expires_ns < now) or owner.state != "active":
            return None
        if token.used_ns + USE_NOTED_EVERY_NS < now:
            self._facts.write(lambda tx: credentials.use_token(tx, token.id, now), durable=False)
        return Identity(owner.name, bool(owner.is_admin), tuple(token.scopes.split()))

    def set_password(self, name: str, password: str, caller: Caller) -> None:
        """Browsers and `docker login`s have to log in again; access tokens stay.

        Raises:
            NotFound. InvalidArgument: too short, or the account is an organisation.
        """
        hashed = passwords.hash_password(password)

        def write(tx: Tx) -> None:
            if not _want(tx, name).is_user:
                raise InvalidArgument(f'"{name}" is an organisation: it has members, no password')
            accounts.set_password(tx, name, hashed)
            credentials.delete_logins(tx, name)
            audit.record(tx, caller, "account.password", name)

        self._facts.write(write)

    def set_state(self, name: str, state: str, caller: Caller) -> None:
        """active or disabled. Raises: NotFound."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            accounts.set_state(tx, name, state)
            if state != "active":
                credentials.delete_logins(tx, name)
            audit.record(tx, caller, f"account.{state}", name)

        self._facts.write(write)

    def set_admin(self, name: str, is_admin: bool, caller: Caller) -> None:
        """Raises: NotFound."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            accounts.set_admin(tx, name, is_admin)
            audit.record(tx, caller, "account.admin", name, "yes" if is_admin else "no")

        self._facts.write(write)

    def set_quota(self, name: str, quota_bytes: int, caller: Caller) -> None:
        """-1: the hub's default. Raises: NotFound."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            accounts.set_quota(tx, name, quota_bytes)
            audit.record(tx, caller, "account.quota", name, str(quota_bytes))

        self._facts.write(write)

    def set_profile(self, name: str, full_name: str, email: str, caller: Caller) -> None:
        """Raises: NotFound."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            accounts.set_profile(tx, name, full_name[:200], email[:200])
            audit.record(tx, caller, "account.profile", name)

        self._facts.write(write)

    def remove(self, name: str, caller: Caller) -> None:
        """Raises: NotFound. InUse: it still has repositories."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            left = repositories.of_namespace(tx, name)
            if left:
                raise InUse(
                    f'"{name}" still has {len(left)} repositories, such as "{left[0].name}": remove them first'
                )
            accounts.delete(tx, name)
            audit.record(tx, caller, "account.remove", name)

        self._facts.write(write)

    def all(self, kind: str) -> list[Account]:
        """Every user or every organisation."""
        return self._facts.read(lambda tx: accounts.all_rows(tx, kind))

    def add_organisation(self, name: str, owner: str, caller: Caller) -> None:
        """With its first owner. Raises: InvalidArgument, AlreadyExists, NotFound: no such owner."""
        _check_name(name)
        row = Account(name, "organisation", "", "", "", 0, "active", -1, clock.now_ns())

        def write(tx: Tx) -> None:
            _want_user(tx, owner)
            _insert(tx, row, caller)
            accounts.set_member(tx, name, owner, "owner")

        self._facts.write(write)

    def set_member(self, organisation: str, name: str, role: str, caller: Caller) -> None:
        """Raises: NotFound, InvalidArgument: no such role. InUse: the last owner would go."""
        if role not in ROLES:
            raise InvalidArgument(f'no such role: "{role}": wanted {", ".join(ROLES)}')

        def write(tx: Tx) -> None:
            _want_organisation(tx, organisation)
            _want_user(tx, name)
            accounts.set_member(tx, organisation, name, role)
            _want_an_owner(tx, organisation)
            audit.record(tx, caller, "member.set", organisation, f"{name} {role}")

        self._facts.write(write)

    def remove_member(self, organisation: str, name: str, caller: Caller) -> None:
        """Raises: NotFound. InUse: the last owner."""

        def write(tx: Tx) -> None:
            _want_organisation(tx, organisation)
            if not accounts.delete_member(tx, organisation, name):
                raise NotFound(f'"{name}" is no member of "{organisation}"')
            _want_an_owner(tx, organisation)
            audit.record(tx, caller, "member.remove", organisation, name)

        self._facts.write(write)

    def members(self, organisation: str) -> list[tuple[str, str]]:
        """(account, role). Raises: NotFound."""

        def read(tx: Tx) -> list[tuple[str, str]]:
            _want_organisation(tx, organisation)
            return accounts.members(tx, organisation)

        return self._facts.read(read)

    def organisations(self, name: str) -> list[tuple[str, str]]:
        """(organisation, role) of an account."""
        return self._facts.read(lambda tx: accounts.organisations(tx, name))


def _check_name(name: str) -> None:
    if len(name) > MAX_ACCOUNT or not ACCOUNT.fullmatch(name):
        raise InvalidArgument(
            f'invalid account name "{name[:80]}": wanted lower-case letters and digits with single . _ - '
            f"between them, at most {MAX_ACCOUNT}"
        )


def _insert(tx: Tx, row: Account, caller: Caller) -> None:
    if not accounts.insert(tx, row):
        raise AlreadyExists(f'the account name "{row.name}" is taken')
    audit.record(
        tx, Caller(caller.account or row.name, caller.address), f"{row.kind}.add", row.name
    )


def _want(tx: Tx, name: str) -> Account:
    found = accounts.get(tx, name)
    if found is None:
        raise NotFound(f'no such account: "{name}"')
    return found


def _want_user(tx: Tx, name: str) -> None:
    if not _want(tx, name).is_user:
        raise InvalidArgument(f'"{name}" is an organisation; wanted a user')


def _want_organisation(tx: Tx, name: str) -> None:
    if _want(tx, name).is_user:
        raise InvalidArgument(f'"{name}" is a user; wanted an organisation')


def _want_an_owner(tx: Tx, organisation: str) -> None:
    if not any(role == "owner" for _, role in accounts.members(tx, organisation)):
        raise InUse(f'"{organisation}" needs at least one owner')
