"""A campaign: requests by the thousand at one daemon, and what was wrong with it, during and after.

`python -m tests.fuzz.campaign --requests 10000 --seed 7` runs one by itself; `--only N` sends a single one of it.
"""

import argparse
import contextlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.daemon import Goraed, goraed
from tests.fuzz.gun import Result, fire
from tests.fuzz.shots import Shot, shot
from tests.oracle.material import busybox_root

AT_ONCE = 4
QUIET_S = 60
"""How long what was begun may take to end when the last client has left."""
OWN = (
    (501, r"not supported|not offered|classic build"),
    (503, r"This node is not (a swarm manager|part of a swarm)|swarm is unavailable"),
    (503, r"^(Get|Head|Post) \".*(no such host|connection refused|unreachable)"),
    (503, r"^cannot (fetch|clone) "),
    (
        500,
        r"^(Cannot update container|failed to create task for container|OCI runtime exec failed)",
    ),
)
"""Errors of the server that are Docker's own: no swarm, no plugins, a network that leads nowhere, a runtime's refusal."""
FURNITURE = (
    ("/networks/create", {"Name": "n0"}),
    ("/volumes/create", {"Name": "v0"}),
    ("/images/bb/tag?repo=i0", None),
    ("/containers/create?name=c0", {"Image": "bb", "Cmd": ["sleep", "1000"]}),
    ("/containers/create?name=c1", {"Image": "bb", "Cmd": ["cat"], "OpenStdin": True, "Tty": True}),
    (
        "/containers/create?name=c2",
        {"Image": "bb", "Cmd": ["cat"], "OpenStdin": True, "HostConfig": {"NetworkMode": "n0"}},
    ),
    ("/containers/c0/start", None),
    ("/containers/c1/start", None),
    ("/containers/c2/start", None),
)
"""What there should be to work on; put back from time to time."""
FURNISH_EVERY = 50


@dataclass
class Report:
    """What a campaign found. `faults`: a line each; `statuses`: how often each was answered."""

    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def note(self, one: Shot, result: Result) -> None:
        """Keep an answer."""
        self.statuses[result.status] += 1
        fault = result.fault or _unexpected(result)
        if fault:
            body = one.body if len(one.body) < 400 else one.body[:400] + b"..."
            self.faults.append(f"#{one.number} {fault}: {one.method} {one.target[:300]} {body!r}")
        if result.status >= 400:
            self.refused[one.operation, result.status, result.message[:100]] += 1


def _unexpected(result: Result) -> str:
    if result.status < 500:
        return ""
    for status, words in OWN:
        if result.status == status and re.search(words, result.message):
            return ""
    return f"{result.status} {result.message or result.body[:200]!r}"


class Campaign:
    """Requests of one seed at one daemon."""

    def __init__(self, daemon: Goraed, seed: int) -> None:
        self._daemon = daemon
        self._seed = seed
        self._execs: list[str] = []
        self.report = Report()

    def one(self, number: int) -> Result:
        """Send the request of this number."""
        if number % FURNISH_EVERY == 0:
            self._furnish()
        made = shot(self._seed, number, self._execs)
        result = fire(str(self._daemon.socket), made)
        self.report.note(made, result)
        if made.operation == "ContainerExec" and result.status == 201:
            self._execs.append(json.loads(result.body)["Id"])
        return result

    def _furnish(self) -> None:
        for path, body in FURNITURE:
            self._daemon.request("POST", path, body)

    def run(self, requests: int) -> None:
        """All of them, some at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self.one, range(requests)):
                pass

    def clean(self) -> None:
        """Take away all that was made, but the image to work with."""
        ask = self._daemon.request
        for one in self._daemon.containers():
            ask("DELETE", f"/containers/{one['Id']}?force=1&v=1")
        for path in (
            "/networks/prune",
            "/volumes/prune?filters=%7B%22all%22:[%22true%22]%7D",
            "/build/prune?all=1",
        ):
            ask("POST", path)


PER_THREAD = ("netlink",)
"""What each thread that talks to the kernel's networking keeps for itself."""


@dataclass(frozen=True)
class Footprint:
    """What the daemon has open and under way."""

    files: Counter[str]
    threads: int
    tasks: int

    @classmethod
    def of(cls, daemon: Goraed) -> "Footprint":
        """As the kernel and the daemon itself tell it."""
        assert daemon.process is not None
        folder = Path(f"/proc/{daemon.process.pid}")
        kinds: Counter[str] = Counter()
        families = _families(folder)
        for one in (folder / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                to = os.readlink(one)
                kinds[families.get(to) or re.sub(r"\d+|[0-9a-f]{32,}", "N", to)] += 1
        threads = len(list((folder / "task").iterdir()))
        info = json.loads(daemon.get("/info"))
        return cls(kinds, threads, info["NGoroutines"] - threads)

    def grown(self, before: "Footprint", most_threads: int) -> list[str]:
        """What there is more of than before. Pools of threads fill up to their size, and stay."""
        found = [
            f"{count} more of {kind}"
            for kind, count in (self.files - before.files).items()
            if kind not in PER_THREAD or self.files[kind] > self.threads
        ]
        if self.tasks > before.tasks:
            found.append(f"{self.tasks - before.tasks} more tasks")
        if self.threads > most_threads:
            found.append(f"{self.threads} threads, wanted at most {most_threads}")
        return found


def _families(folder: Path) -> dict[str, str]:
    """`socket:[inode]` -> its family, in the network namespace of the process. Source: proc_pid_net(5)"""
    found = {}
    for family, column in (("netlink", 9), ("unix", 6), ("tcp", 9), ("tcp6", 9), ("udp", 9)):
        for line in (folder / "net" / family).read_text().splitlines()[1:]:
            found[f"socket:[{line.split()[column]}]"] = family
    return found


MOST_THREADS = 64
"""All pools of the daemon, filled."""


def campaign(daemon: Goraed, requests: int, seed: int) -> Report:
    """Run one and judge the daemon afterwards."""
    one = Campaign(daemon, seed)
    for number in range(
        -FURNISH_EVERY, 0
    ):  # what is made once and kept (pools, caches) is there before
        one.one(number)
    one.clean()
    before = _settled(daemon, lambda _: True)
    one.run(requests)
    one.clean()
    report = one.report
    after = _settled(daemon, lambda now: not now.grown(before, MOST_THREADS))
    report.faults += after.grown(before, MOST_THREADS)
    report.faults += list(_log_of(daemon))
    report.faults += [
        f"system check: {one}" for one in daemon.ask("GET", "/gorae/system/check")["Findings"]
    ]
    return report


def _settled(daemon: Goraed, wanted) -> Footprint:  # type: ignore[no-untyped-def]
    """The footprint when it is as wanted; else what it is after a while."""
    end = time.monotonic() + QUIET_S
    while True:
        found = Footprint.of(daemon)
        if wanted(found) or time.monotonic() > end:
            return found
        time.sleep(0.2)


def _log_of(daemon: Goraed) -> Iterator[str]:
    """Tracebacks in the daemon's log, each with its last lines."""
    text = daemon.log.read_text(errors="replace")
    for part in text.split("Traceback (most recent call last)")[1:]:
        yield "in the log: " + " | ".join(part.splitlines()[:45])[-3500:]
    yield from (f"in the log: {line}" for line in text.splitlines() if "never retrieved" in line)


@contextlib.contextmanager
def target() -> Iterator[Goraed]:
    """A daemon in a network that leads nowhere: every address but its own is unreachable at once."""
    with goraed("--bin-hours", "0") as daemon:
        daemon.inside("ip", "route", "replace", "unreachable", "default")
        daemon.inside("ip", "route", "del", "default", "via", "192.0.2.1")
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield daemon


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--refused", action="store_true", help="show all refusals")
    asked = parser.parse_args()
    with target() as daemon:
        if asked.only is not None:
            print(shot(asked.seed, asked.only, []))
            print(Campaign(daemon, asked.seed).one(asked.only))
            return 0
        began = time.monotonic()
        report = campaign(daemon, asked.requests, asked.seed)
        print(
            f"{asked.requests} requests in {time.monotonic() - began:.0f} s: {dict(report.statuses)}"
        )
    if asked.refused:
        for (operation, status, message), count in sorted(report.refused.items()):
            print(f"{count:5} {operation} {status} {message}")
    print(*report.faults, sep="\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
