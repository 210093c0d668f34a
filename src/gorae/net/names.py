"""What running containers are called, kept here and told to the name server, which is a process of its own."""

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gorae.errors import GoraeError
from gorae.net.companion import Companion
from gorae.net.dns.zone import Subscriber


class Names:
    """The names by container. A name server that starts anew is told all of them. Blocking, thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._server = Companion("gorae.net.dns", directory)
        self._server.tell_all = self._tell_all
        self._known: dict[str, Subscriber] = {}
        self._lock = threading.Lock()

    def set(self, one: Subscriber) -> None:
        """Names of one container; one that never had any and has none needs no server."""
        with self._lock:
            if not one.memberships and one.token not in self._known:
                return
            self._known[one.token] = one
        self._server.ask("set", subscriber=asdict(one))

    def forget(self, token: str) -> None:
        """Found gone is fine."""
        with self._lock:
            if self._known.pop(token, None) is None:
                return
        self._server.ask("drop", token=token)

    def restore(self, many: Sequence[Subscriber]) -> None:
        """Those of all running containers, when a daemon comes up."""
        with self._lock:
            self._known |= {one.token: one for one in many if one.memberships}
        if self._known or self._server.started:
            self._tell_all()

    def _tell_all(self) -> None:
        with self._lock:
            known = dict(self._known)
        self._server.ask("keep", tokens=list(known))
        for one in known.values():
            with contextlib.suppress(GoraeError):  # its namespace went away: its end is on the way
                self._server.ask("set", subscriber=asdict(one))

    def close(self) -> None:
        """Leave; the server serves on."""
        self._server.close()
