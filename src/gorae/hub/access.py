"""Who may do what: scopes, roles and the decision. Pure.

Actions on a repository are pull, push and delete. A scope asks for some: `repository:acme/app:pull,push`. What is
granted is the least of three: what the account's role in the namespace gives, what its access token was made for, and
what was asked.

Source: distribution's token specification (scope grammar); the sentences on roles are the hub's own.
"""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from gorae.errors import InvalidArgument

PULL, PUSH, DELETE = "pull", "push", "delete"
ACTIONS = (PULL, PUSH, DELETE)
ROLES = {
    "owner": frozenset(ACTIONS),
    "writer": frozenset((PULL, PUSH)),
    "reader": frozenset((PULL,)),
}
EVERYTHING = ("*:pull,push,delete",)
MAX_SCOPES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. `account` empty: a stranger. `limits`: an access token's scopes, else everything."""

    account: str = ""
    is_admin: bool = False
    limits: tuple[str, ...] = EVERYTHING


STRANGER = Identity()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is so between an identity and a repository.

    Shape: `visibility` empty: there is no such repository. `namespace`: is it an account's, and which role the
    identity has in it (`owner` for one's own). `proxied`: the namespace is another registry's, seen through this one.
    """

    visibility: str = ""
    namespace_exists: bool = False
    role: str = ""
    proxied: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a client asks for."""

    kind: str
    name: str
    actions: frozenset[str]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(sorted(self.actions, key=_order))}"


def _order(action: str) -> tuple[int, str]:
    return (ACTIONS.index(action) if action in ACTIONS else len(ACTIONS), action)


def parse_scopes(texts: Iterable[str]) -> list[Scope]:
    """Scopes of a token request: several parameters, each of several words between blanks.

    Raises:
        InvalidArgument: not `kind:name:actions`, or too many.
    """
    words = [word for one in texts for word in one.split()]
    if len(words) > MAX_SCOPES:
        raise InvalidArgument(f"at most {MAX_SCOPES} scopes in one request")
    found = []
    for word in words:
        kind, _, rest = word.partition(":")
        name, colon, actions = rest.rpartition(":")
        if not colon or not name:
            raise InvalidArgument(f'invalid scope "{word[:100]}": wanted kind:name:actions')
        found.append(Scope(kind.partition("(")[0], name, frozenset(actions.split(","))))
    return found


def granted(who: Identity, name: str, standing: Standing, wanted: Iterable[str]) -> frozenset[str]:
    """The actions on a repository that an identity gets of those wanted; `*` asks for all."""
    asked = set(wanted)
    if "*" in asked:
        asked = set(ACTIONS)
    return _by_standing(who, standing) & limited_to(who.limits, name) & frozenset(asked)


def _by_standing(who: Identity, standing: Standing) -> frozenset[str]:
    if standing.proxied:
        opened = standing.proxied == "public" or who.account
        return frozenset((PULL,)) if opened else frozenset()
    if who.is_admin:
        return frozenset(ACTIONS)
    found = ROLES.get(standing.role, frozenset())
    if not standing.namespace_exists:
        found = frozenset()
    return found | {PULL} if standing.visibility == "public" else found


def limited_to(limits: Iterable[str], name: str) -> frozenset[str]:
    """What `pattern:actions` words allow for a repository; `*` in a pattern stands for anything."""
    found: set[str] = set()
    for one in limits:
        pattern, _, actions = one.rpartition(":")
        if fnmatch.fnmatchcase(name, pattern):
            found |= set(actions.split(","))
    return frozenset(found)


def check_limits(words: Iterable[str]) -> tuple[str, ...]:
    """An access token's scopes as people write them: `pull`, `push` or `pattern:actions`.

    Push without pull is no use, so that push brings pull along.

    Raises:
        InvalidArgument: an unknown action.
    """
    found = []
    for word in words:
        pattern, colon, actions = word.rpartition(":")
        asked = set(actions.split(","))
        unknown = asked - set(ACTIONS)
        if unknown or not asked or (colon and not pattern) or any(c.isspace() for c in word):
            raise InvalidArgument(
                f'invalid scope "{word[:100]}": wanted pull, push or delete, or PATTERN:ACTION[,ACTION], '
                "such as acme/*:pull,push"
            )
        if asked & {PUSH, DELETE}:
            asked.add(PULL)
        found.append(f"{pattern or '*'}:{','.join(sorted(asked, key=_order))}")
    if not found:
        raise InvalidArgument("an access token needs at least one scope: pull, push or delete")
    return tuple(found)
