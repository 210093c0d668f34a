"""kill -9 of the daemon is an ordinary event: nothing that was answered is lost, nothing is left lying about."""

import random
import re
import sys
import time

import pytest
from tests.daemon import Goraed
from tests.root.daemon import host_state
from tests.root.daemon.load import Book, Load

pytestmark = pytest.mark.root

ROUNDS = 20
WRITER = "i=0; while true; do echo line $i; i=$((i+1)); usleep 2000; done"
PORT = 8099


def create(daemon: Goraed, name: str, *command: str, **more: object) -> str:
    host = {
        key: more.pop(key) for key in ("PortBindings", "RestartPolicy", "AutoRemove") if key in more
    }
    body = {"Image": "bb", "Cmd": list(command), "HostConfig": host, **more}
    made: str = daemon.ask("POST", f"/containers/create?name={name}", body)["Id"]
    return made


def run(daemon: Goraed, name: str, *command: str, **more: object) -> str:
    made = create(daemon, name, *command, **more)
    daemon.ask("POST", f"/containers/{made}/start")
    return made


def lines_of(daemon: Goraed, ref: str) -> list[int]:
    """The numbers that a writer's log has, in order."""
    status, data = daemon.request("GET", f"/containers/{ref}/logs?stdout=1")
    assert status == 200
    return [int(one) for one in re.findall(rb"line (\d+)\n", data)]


def state_of(daemon: Goraed, ref: str) -> dict[str, object]:
    found: dict[str, object] = daemon.ask("GET", f"/containers/{ref}/json")["State"]
    return found


def wait_for(condition, what: str, patience_s: float = 20) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)


FETCH = f"""
import socket
with socket.create_connection(("127.0.0.1", {PORT}), 5) as one:
    one.sendall(b"GET /f HTTP/1.0\\r\\n\\r\\n")
    while data := one.recv(4096):
        print(data.decode(), end="")
"""


def fetch(daemon: Goraed) -> bytes:
    """The page, through the published port, from the host."""
    done = daemon.inside(sys.executable, "-IS", "-c", FETCH)
    return done.stdout.partition(b"\r\n\r\n")[2]


def check_nothing_lost(daemon: Goraed, book: Book) -> None:
    there = {str(one["Id"]) for one in daemon.containers()}
    assert book.created - book.asked_to_go <= there, "a container is lost"
    assert not book.gone & there, "a removed container is back"
    names = {tag for one in daemon.ask("GET", "/images/json") for tag in one["RepoTags"] or ()}
    assert book.images <= names, "an image is lost"
    assert [one for one in book.refusals if " 500 " in one] == []


def settled(daemon: Goraed) -> host_state.HostState:
    """The host's state when what goes on in the background has ended."""
    before = host_state.read(daemon)
    for _ in range(100):
        time.sleep(0.1)
        now = host_state.read(daemon)
        if now == before and not daemon.ask("GET", "/gorae/system/check")["Findings"]:
            break
        before = now
    return before


def remove_all(daemon: Goraed, *, but: set[str]) -> None:
    for one in daemon.containers():
        if one["Id"] not in but:
            daemon.ask("DELETE", f"/containers/{one['Id']}?force=1&v=1")


def test_twenty_deaths_under_load(daemon: Goraed, root_archive: bytes) -> None:
    writer = run(daemon, "writer", "sh", "-c", WRITER)
    web = run(
        daemon,
        "web",
        "sh",
        "-c",
        "mkdir /w; echo page >/w/f; httpd -f -h /w",
        PortBindings={"80/tcp": [{"HostPort": str(PORT)}]},
        ExposedPorts={"80/tcp": {}},
    )
    wait_for(lambda: fetch(daemon) == b"page\n", "the web server answers")
    residents = {writer, web}
    before = settled(daemon)
    luck = random.Random(1)
    books = []
    for number in range(ROUNDS):
        short = run(daemon, f"short{number}", "sh", "-c", f"sleep 0.4; exit {number + 1}")
        load = Load(daemon, root_archive, writer, number)
        load.start()
        time.sleep(luck.uniform(0.05, 0.35))
        daemon.kill()
        load.stop()
        assert fetch(daemon) == b"page\n", "the published port must answer while the daemon is dead"
        time.sleep(0.1)
        daemon.start()
        books.append(load.book)
        check_nothing_lost(daemon, load.book)
        wait_for(lambda one=short: not state_of(daemon, one)["Running"], "the short one has ended")
        assert state_of(daemon, short)["ExitCode"] == number + 1
        assert fetch(daemon) == b"page\n"
        assert [state_of(daemon, one)["Running"] for one in residents] == [True, True]
    assert sum(book.done for book in books) > ROUNDS, "the load did nothing"
    remove_all(daemon, but=residents)
    for one in daemon.ask("GET", "/images/json"):
        if one["RepoTags"] != ["bb:latest"]:
            daemon.request("DELETE", f"/images/{one['Id']}?force=1")
    after = settled(daemon)
    assert daemon.ask("GET", "/gorae/system/check")["Findings"] == []
    assert before.differences(after) == []
    daemon.ask("POST", f"/containers/{writer}/stop?t=0")
    numbers = lines_of(daemon, writer)
    assert len(numbers) > 100
    assert numbers == list(range(len(numbers)))
