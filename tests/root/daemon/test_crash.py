"""kill -9 of the daemon is an ordinary event: nothing that was answered is lost, nothing is left lying about."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from tests.daemon import Goraed
from tests.root.daemon import host_state
from tests.root.daemon.client import (
    exec_detached,
    fetch,
    findings,
    log_of,
    numbers_of,
    run,
    run_web,
    state_of,
    wait_for,
)
from tests.root.daemon.load import BROKEN, Book, Load

pytestmark = pytest.mark.root

T = TypeVar("T")

ROUNDS = 20
DEATHS = 4
WRITER = "i=0; while true; do echo line $i; i=$((i+1)); usleep 2000; done"
PORT = 8099


def check_nothing_lost(daemon: Goraed, book: Book) -> None:
    there = {str(one["Id"]) for one in daemon.containers()}
    assert book.created - book.asked_to_go <= there, "a container is lost"
    assert not book.gone & there, "a removed container is back"
    names = {tag for one in daemon.ask("GET", "/images/json") for tag in one["RepoTags"] or ()}
    assert book.images <= names, "an image is lost"
    assert [one for one in book.refusals if " 500 " in one] == []


def settled(daemon: Goraed) -> host_state.HostState:
    """The host's state when what goes on in the background has ended, and nothing can be brought back any more."""
    daemon.ask("DELETE", "/gorae/bin")
    before = host_state.read(daemon)
    for _ in range(100):
        time.sleep(0.1)
        now = host_state.read(daemon)
        if now == before and not findings(daemon):
            break
        before = now
    return before


def comes_to(look: Callable[[], T], patience_s: float = 60) -> T:
    """What is seen when there is nothing to be seen any more, or when patience is at its end."""
    end = time.monotonic() + patience_s
    while (seen := look()) and time.monotonic() < end:
        time.sleep(0.2)
    return seen


def remove_all(daemon: Goraed, *, but: set[str]) -> None:
    for one in daemon.containers():
        if one["Id"] not in but:
            daemon.ask("DELETE", f"/containers/{one['Id']}?force=1&v=1")


def test_twenty_deaths_under_load(daemon: Goraed, root_archive: bytes) -> None:
    writer = run(daemon, "writer", "sh", "-c", WRITER)
    web = run_web(daemon, "web", PORT)
    residents = {writer, web}
    before = settled(daemon)
    luck = random.Random(1)
    books = []
    for number in range(ROUNDS):
        short = run(daemon, f"short{number}", "sh", "-c", f"sleep 0.4; exit {number + 1}")
        load = Load(daemon, root_archive, writer, number)
        load.start()
        load.wait(pieces=2, patience_s=2)
        time.sleep(luck.uniform(0, 0.2))
        daemon.kill()
        load.stop()
        assert fetch(daemon, PORT) == b"page\n", (
            "the published port must answer while the daemon is dead"
        )
        time.sleep(0.1)
        daemon.start()
        books.append(load.book)
        check_nothing_lost(daemon, load.book)
        wait_for(lambda one=short: not state_of(daemon, one)["Running"], "the short one has ended")
        assert state_of(daemon, short)["ExitCode"] == number + 1
        assert fetch(daemon, PORT) == b"page\n"
        assert [state_of(daemon, one)["Running"] for one in residents] == [True, True]
    assert sum(book.done for book in books) > ROUNDS, "the load did nothing"
    remove_all(daemon, but=residents)
    for one in daemon.ask("GET", "/images/json"):
        if one["RepoTags"] != ["bb:latest"]:
            daemon.request("DELETE", f"/images/{one['Id']}?force=1")
    assert comes_to(lambda: before.differences(host_state.read(daemon))) == []
    assert findings(daemon) == []
    daemon.ask("POST", f"/containers/{writer}/stop?t=0")
    numbers = numbers_of(daemon, writer)
    assert len(numbers) > 100
    assert numbers == list(range(len(numbers)))


def test_the_next_daemon_adopts(daemon: Goraed) -> None:
    """Logs, attach, exec, stop, exit codes and detached execs of containers that never stopped."""
    one = run(daemon, "one", "sh", "-c", "echo early; exec sleep 1000")
    asking = run(daemon, "asking", "sh", "-c", "read x; echo got $x; exit 5", OpenStdin=True)
    execs = [
        exec_detached(daemon, one, "sh", "-c", f"{until}; echo {word} >>/done; exit 7")
        for until, word in (("sleep 1", "1"), ("until [ -e /go ]; do sleep 0.1; done", "2"))
    ]
    web = run_web(daemon, "web", PORT)
    pids = [state_of(daemon, ref)["Pid"] for ref in (one, web)]
    daemon.kill()
    time.sleep(1.2)
    daemon.start()
    assert [state_of(daemon, ref)["Pid"] for ref in (one, web)] == pids
    assert daemon.ask("GET", f"/exec/{execs[1]}/json")["Running"] is True
    assert daemon.ask("GET", f"/containers/{one}/json")["ExecIDs"] == [execs[1]]
    assert daemon.request("GET", f"/exec/{execs[0]}/json")[0] == 404  # ended while nobody was there
    attached = daemon.docker("attach", "--sig-proxy=false", "asking", stdin=b"word\n")
    assert (attached.returncode, attached.stdout) == (5, "got word\n")
    assert (log_of(daemon, one), log_of(daemon, asking)) == ("early\n", "got word\n")
    assert daemon.docker("exec", "one", "cat", "/done").stdout == "1\n"
    assert daemon.docker("exec", "one", "touch", "/go").returncode == 0
    wait_for(
        lambda: not daemon.ask("GET", f"/exec/{execs[1]}/json")["Running"], "the exec has ended"
    )
    assert daemon.ask("GET", f"/exec/{execs[1]}/json")["ExitCode"] == 7
    assert findings(daemon) == []
    assert daemon.docker("stop", "-t", "0", "one", "web").returncode == 0
    assert [state_of(daemon, ref)["ExitCode"] for ref in (one, web)] == [137, 137]
    assert daemon.docker("start", "web").returncode == 0
    wait_for(lambda: fetch(daemon, PORT) == b"page\n", "the web server answers again")


def test_what_needs_the_daemon_resumes(daemon: Goraed) -> None:
    """Restart policies are asked, `--rm` is done, for what ended while no daemon was there."""
    always = run(daemon, "always", "sh", "-c", "sleep 1; exit 3", RestartPolicy={"Name": "always"})
    failing = run(
        daemon, "failing", "sh", "-c", "sleep 1; exit 4", RestartPolicy={"Name": "on-failure"}
    )
    content = run(daemon, "content", "sleep", "1", RestartPolicy={"Name": "on-failure"})
    leaving = run(daemon, "leaving", "sleep", "1", AutoRemove=True, Volumes={"/v": {}})
    volumes = daemon.ask("GET", "/volumes")["Volumes"]
    assert len(volumes) == 1
    daemon.kill()
    time.sleep(1.5)
    daemon.start()
    wait_for(lambda: state_of(daemon, always)["Running"], "it runs again")
    wait_for(lambda: state_of(daemon, failing)["Running"], "it runs again")
    assert state_of(daemon, content)["ExitCode"] == 0
    wait_for(
        lambda: daemon.request("GET", f"/containers/{leaving}/json")[0] == 404, "it is removed"
    )
    wait_for(lambda: not daemon.ask("GET", "/volumes")["Volumes"], "its volume is removed")


STEPS = {
    "run": lambda d, n: run(
        d, f"r{n}", "sleep", "1000", PortBindings={"80/tcp": [{"HostPort": ""}]}
    ),
    "remove": lambda d, n: d.ask("DELETE", f"/containers/doomed{n}?force=1&v=1"),
    "restart": lambda d, n: d.ask("POST", "/containers/resident/restart?t=0"),
    "exec": lambda d, n: exec_detached(d, "resident", "sleep", "1"),
    "rename": lambda d, n: d.ask("POST", f"/containers/doomed{n}/rename?name=other{n}"),
}


HALF_WAY = {"remove": {"exited"}, "restart": {"exited"}}
"""What these go through."""


@pytest.mark.parametrize("step", STEPS)
def test_a_death_in_the_middle(daemon: Goraed, step: str) -> None:
    """Killed at any microsecond of one operation: it is done or undone, and the house is in order."""
    run(daemon, "resident", "sh", "-c", WRITER)
    for number in range(DEATHS):
        run(daemon, f"doomed{number}", "sleep", "1000", Volumes={"/v": {}})
        worker = threading.Thread(target=_broken_off, args=(STEPS[step], daemon, number))
        worker.start()
        time.sleep(random.uniform(0, 0.12))
        daemon.kill()
        worker.join(30)
        daemon.start()
        states = {one["State"] for one in daemon.containers()}
        assert states <= ({"running", "created"} | HALF_WAY.get(step, set()))
    remove_all(daemon, but=set())
    assert comes_to(lambda: left_of(daemon)) == {}
    assert findings(daemon) == []
    assert daemon.ask("GET", "/volumes")["Volumes"] == []


NEEDS_CONTAINERS = (
    "mounts",
    "bundles",
    "execs",
    "cgroups",
    "monitors",
    "port_elements",
    "snapshots",
    "snapshot_directories",
    "directories",
    "ingests",
)


def left_of(daemon: Goraed) -> dict[str, object]:
    """What is there though there are no containers."""
    state = host_state.read(daemon)
    found = {name: getattr(state, name) for name in NEEDS_CONTAINERS}
    return {name: value for name, value in found.items() if value}


def _broken_off(step: Callable[[Goraed, int], object], daemon: Goraed, number: int) -> None:
    with contextlib.suppress(*BROKEN):
        step(daemon, number)


def test_who_was_frozen_for_a_moment_runs_on(daemon: Goraed) -> None:
    """A daemon may die while a commit has frozen a container, or while it thaws one."""
    one = run(daemon, "one", "sh", "-c", WRITER)
    two = run(daemon, "two", "sh", "-c", WRITER)
    daemon.ask("POST", f"/containers/{two}/pause")
    daemon.kill()
    _freeze(_cgroup_of(daemon, one), "FROZEN")
    daemon.start()
    assert state_of(daemon, one)["Status"] == "running"
    assert state_of(daemon, two)["Status"] == "paused"
    before = numbers_of(daemon, one)[-1]
    wait_for(lambda: numbers_of(daemon, one)[-1] > before, "it writes")
    daemon.kill()
    _freeze(_cgroup_of(daemon, two), "THAWED")
    daemon.start()
    assert state_of(daemon, two)["Status"] == "running"


def _cgroup_of(daemon: Goraed, ref: str) -> str:
    task = json.loads((daemon.exec_root / "bundle" / ref / "task.json").read_text())
    return str(task["cgroup_path"])


def _freeze(cgroup: str, state: str) -> None:
    one, two = Path(f"/sys/fs/cgroup/freezer{cgroup}"), Path(f"/sys/fs/cgroup{cgroup}")
    if one.is_dir():
        (one / "freezer.state").write_text(state)
    else:
        (two / "cgroup.freeze").write_text("1" if state == "FROZEN" else "0")
