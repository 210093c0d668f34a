"""Repositories as a whole: listing, search, settings, removal."""

import threading
from collections import Counter

from gorae.errors import InvalidArgument
from gorae.hub import audit, clock
from gorae.hub.caller import Caller
from gorae.hub.db import Facts
from gorae.hub.fault import NameUnknown
from gorae.hub.path import check_name, namespace_of
from gorae.hub.tables import accounts, holdings, manifests, repositories
from gorae.hub.tables.repositories import Repository
from gorae.store.db import Tx

MAX_README_CHARS = 200_000
MAX_DESCRIPTION_CHARS = 200
VISIBILITIES = ("public", "private")


class Catalog:
    """See the module."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._lock = threading.Lock()
        self._pulls: Counter[str] = Counter()

    def get(self, name: str) -> Repository:
        """Raises: NameUnknown."""
        return self._facts.read(lambda tx: _want(tx, name))

    def names(self, account: str, last: str, limit: int) -> tuple[list[str], bool]:
        """Names after `last` that the account may see; whether there are more."""
        found = self._facts.read(lambda tx: repositories.names(tx, account, last, limit + 1))
        return found[:limit], len(found) > limit

    def search(
        self, account: str, words: str, page: int, size: int
    ) -> tuple[list[Repository], bool]:
        """A page (from 1) of what the account may see; whether there are more."""
        found = self._facts.read(
            lambda tx: repositories.search(
                tx, account, words.strip().lower()[:100], (page - 1) * size, size + 1
            )
        )
        return found[:size], len(found) > size

    def all(self) -> list[Repository]:
        """Every one, by name."""
        return self._facts.read(repositories.all_rows)

    def of_namespace(self, namespace: str) -> list[Repository]:
        """All of a namespace."""
        return self._facts.read(lambda tx: repositories.of_namespace(tx, namespace))

    def create(self, name: str, visibility: str, caller: Caller) -> None:
        """An empty repository. Raises: InvalidArgument, NameUnknown: no such namespace."""
        check_name(name)
        _check_visibility(visibility)
        now = clock.now_ns()
        namespace = namespace_of(name)
        row = Repository(name, namespace, visibility, "", "", 0, caller.account, now, now)

        def write(tx: Tx) -> None:
            if namespace and accounts.get(tx, namespace) is None:
                raise NameUnknown(f'no such account: "{namespace}"')
            if not repositories.insert(tx, row):
                raise InvalidArgument(f'the repository "{name}" is there already')
            audit.record(tx, caller, "repository.create", name, visibility)

        self._facts.write(write)

    def set_visibility(self, name: str, visibility: str, caller: Caller) -> None:
        """Raises: NameUnknown, InvalidArgument."""
        _check_visibility(visibility)

        def write(tx: Tx) -> None:
            _want(tx, name)
            repositories.set_visibility(tx, name, visibility)
            audit.record(tx, caller, "repository.visibility", name, visibility)

        self._facts.write(write)

    def set_text(self, name: str, description: str, readme: str, caller: Caller) -> None:
        """Raises: NameUnknown, InvalidArgument: too long."""
        if len(readme) > MAX_README_CHARS or len(description) > MAX_DESCRIPTION_CHARS:
            raise InvalidArgument(
                f"a description has at most {MAX_DESCRIPTION_CHARS} characters, a README {MAX_README_CHARS}"
            )

        def write(tx: Tx) -> None:
            _want(tx, name)
            repositories.set_text(tx, name, description, readme)
            audit.record(tx, caller, "repository.text", name)

        self._facts.write(write)

    def remove(self, name: str, caller: Caller) -> None:
        """With all its manifests and tags; the collector takes the bytes. Raises: NameUnknown."""

        def write(tx: Tx) -> None:
            _want(tx, name)
            repositories.delete(tx, name)
            holdings.unlink_all(tx, name)
            audit.record(tx, caller, "repository.remove", name)

        self._facts.write(write)

    def count_pull(self, name: str) -> None:
        """Somebody fetched a manifest by tag; written down by `flush_pulls`."""
        with self._lock:
            self._pulls[name] += 1

    def flush_pulls(self) -> None:
        """Write down the pulls since the last time."""
        with self._lock:
            pulls, self._pulls = self._pulls, Counter()

        def write(tx: Tx) -> None:
            for name, more in pulls.items():
                repositories.add_pulls(tx, name, more)

        if pulls:
            self._facts.write(write, durable=False)

    def bytes_of(self, name: str) -> int:
        """Bytes that a repository links."""
        return self._facts.read(lambda tx: holdings.bytes_of_repository(tx, name))

    def tags(self, name: str) -> list[manifests.TagRow]:
        """All tags, newest first."""
        return self._facts.read(lambda tx: manifests.tags(tx, name))

    def manifests(self, name: str) -> list[manifests.ManifestRow]:
        """All manifests, newest first."""
        return self._facts.read(lambda tx: manifests.of_repository(tx, name))


def _want(tx: Tx, name: str) -> Repository:
    found = repositories.get(tx, name)
    if found is None:
        raise NameUnknown(f'no such repository: "{name[:200]}"')
    return found


def _check_visibility(visibility: str) -> None:
    if visibility not in VISIBILITIES:
        raise InvalidArgument(f'a repository is public or private, not "{visibility}"')
