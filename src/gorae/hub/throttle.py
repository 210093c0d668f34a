"""A limit on failed logins, for an account and for an address; the count is kept in the database.

So many failures within a window close the door until the window has passed; a success opens it for the account, not
for the address: who guesses one right has not proved the others.
"""

from gorae.hub import clock
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.fault import TooMany
from gorae.hub.tables import credentials
from gorae.store.db import Tx

ADDRESS_FACTOR = 5


class Throttle:
    """See the module."""

    def __init__(self, facts: Facts, config: Config) -> None:
        self._facts = facts
        self._limit = config.failed_logins
        self._window_ns = config.failed_logins_window_s * clock.SECOND_NS

    def check(self, account: str, address: str) -> None:
        """Raises: TooMany: the door is closed."""
        wait_ns = self._facts.read(lambda tx: self._wait_ns(tx, account, address))
        if wait_ns > 0:
            seconds = wait_ns // clock.SECOND_NS + 1
            raise TooMany(f"too many failed logins: try again in {seconds} seconds", seconds)

    def _wait_ns(self, tx: Tx, account: str, address: str) -> int:
        now, longest = clock.now_ns(), 0
        for subject, limit in self._subjects(account, address):
            count, first_ns = credentials.failures(tx, subject)
            if count >= limit:
                longest = max(longest, first_ns + self._window_ns - now)
        return longest

    def _subjects(self, account: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
        many = self._limit * ADDRESS_FACTOR
        return (f"account:{account}", self._limit), (f"address:{address}", many)

    def failed(self, tx: Tx, account: str, address: str) -> None:
        """Count a failure."""
        now = clock.now_ns()
        for subject, _ in self._subjects(account, address):
            count, first_ns = credentials.failures(tx, subject)
            if first_ns + self._window_ns < now:
                count, first_ns = 0, now
            credentials.set_failures(tx, subject, count + 1, first_ns)

    def succeeded(self, tx: Tx, account: str) -> None:
        """Forget the account's failures."""
        credentials.clear_failures(tx, f"account:{account}")
