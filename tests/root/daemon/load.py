"""A mixed load on a daemon that may die at any moment, and the book of what it answered.

What was answered must be so afterwards: a container whose create was answered is there unless its removal was
asked for, an image whose load was answered is there.
"""

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.daemon import Goraed

BROKEN = (OSError, http.client.HTTPException, json.JSONDecodeError)


class Refused(Exception):
    """The daemon answered with an error."""


@dataclass
class Book:
    """What the clients know. Lists and sets are only added to."""

    created: set[str] = field(default_factory=set)
    asked_to_go: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    done: int = 0


class Load:
    """Threads that work until `stop`; a call that the daemon's death breaks off is forgotten."""

    def __init__(self, daemon: Goraed, archive: bytes, resident: str, seed: int) -> None:
        self._daemon = daemon
        self._archive = archive
        self._resident = resident
        self._random = random.Random(seed)
        self._numbers = itertools.count()
        self._seed = seed
        self.book = Book()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin: five kinds of work, the container kinds twice."""
        kinds = (
            self._run,
            self._run,
            self._stop_and_remove,
            self._import,
            self._exec,
            self._follow,
        )
        self._stop.clear()
        self._threads = [threading.Thread(target=self._repeat, args=(one,)) for one in kinds]
        for one in self._threads:
            one.start()

    def wait(self, pieces: int, patience_s: float) -> None:
        """Until so many pieces of work are done, or a slow machine has had its time."""
        end = time.monotonic() + patience_s
        while self.book.done < pieces and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        """End, after the calls under way."""
        self._stop.set()
        for one in self._threads:
            one.join(60)
            assert not one.is_alive(), "a client hangs"

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                work()
                self.book.done += 1
            except BROKEN:
                return
            except Refused as refusal:
                self.book.refusals.append(str(refusal))

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        status, data = self._daemon.request(method, path, body, timeout_s=20)
        if status >= 400:
            raise Refused(f"{method} {path}: {status} {data[:300]!r}")
        return data

    def _create(self, *command: str, **host: object) -> str:
        number = f"load-{self._seed}-{next(self._numbers)}"
        body = {"Image": "bb", "Cmd": list(command), "HostConfig": host}
        made = json.loads(self._ask("POST", f"/containers/create?name={number}", body))["Id"]
        self.book.created.add(made)
        return made

    def _remove(self, one: str) -> None:
        self.book.asked_to_go.add(one)
        self._ask("DELETE", f"/containers/{one}?force=1&v=1")
        self.book.gone.add(one)

    def _run(self) -> None:
        one = self._create("sh", "-c", f"exit {self._random.randrange(20)}")
        self._ask("POST", f"/containers/{one}/start")
        self._ask("POST", f"/containers/{one}/wait")
        if self._random.random() < 0.5:
            self._remove(one)

    def _stop_and_remove(self) -> None:
        ports = {"80/tcp": [{"HostPort": "0"}]}
        one = self._create("sleep", "1000", PortBindings=ports, IpcMode="shareable")
        self._ask("POST", f"/containers/{one}/start")
        self._ask("POST", f"/containers/{one}/stop?t=0")
        self._ask("POST", f"/containers/{one}/start")
        self._remove(one)

    def _import(self) -> None:
        name = f"made{next(self._numbers)}"
        self._ask("POST", f"/images/create?fromSrc=-&repo={name}&tag=x", self._archive)
        self.book.images.add(f"{name}:x")
        if self._random.random() < 0.5:
            self.book.images.discard(f"{name}:x")
            self._ask("DELETE", f"/images/{name}:x")

    def _exec(self) -> None:
        body = {"Cmd": ["true"], "AttachStdout": True}
        made = json.loads(self._ask("POST", f"/containers/{self._resident}/exec", body))["Id"]
        self._ask("POST", f"/exec/{made}/start", {"Detach": True})

    def _follow(self) -> None:
        self._ask("GET", f"/containers/{self._resident}/logs?stdout=1&follow=1&tail=1")
