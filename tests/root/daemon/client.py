"""The few calls that the tests of one daemon make again and again."""

import re
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.daemon import Goraed

HOST_KEYS = (
    "AutoRemove",
    "CpuPeriod",
    "CpuQuota",
    "LogConfig",
    "Memory",
    "MemorySwap",
    "NanoCpus",
    "NetworkMode",
    "PidsLimit",
    "PortBindings",
    "RestartPolicy",
    "Ulimits",
)


def create(daemon: Goraed, name: str, *command: str, **more: Any) -> str:
    """A container of `bb`; its id."""
    host = {key: more.pop(key) for key in HOST_KEYS if key in more}
    body = {"Image": "bb", "Cmd": list(command), "HostConfig": host, **more}
    made: str = daemon.ask("POST", f"/containers/create?name={name}", body)["Id"]
    return made


def run(daemon: Goraed, name: str, *command: str, **more: Any) -> str:
    """Created and started; its id."""
    made = create(daemon, name, *command, **more)
    daemon.ask("POST", f"/containers/{made}/start")
    return made


def exec_detached(daemon: Goraed, ref: str, *command: str) -> str:
    """A further process; the exec's id."""
    body = {"Cmd": list(command)}
    made: str = daemon.ask("POST", f"/containers/{ref}/exec", body)["Id"]
    daemon.ask("POST", f"/exec/{made}/start", {"Detach": True})
    return made


def state_of(daemon: Goraed, ref: str) -> dict[str, Any]:
    """`State` of inspect."""
    found: dict[str, Any] = daemon.ask("GET", f"/containers/{ref}/json")["State"]
    return found


def findings(daemon: Goraed) -> list[dict[str, Any]]:
    """What `system check` finds."""
    found: list[dict[str, Any]] = daemon.ask("GET", "/gorae/system/check")["Findings"]
    return found


def log_of(daemon: Goraed, ref: str) -> str:
    """Its standard output, all of it."""
    done = daemon.docker("logs", ref)
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers_of(daemon: Goraed, ref: str) -> list[int]:
    """The numbers of the lines `line N` in its log, in order."""
    return [int(one) for one in re.findall(r"line (\d+)\n", log_of(daemon, ref))]


def wait_for(condition: Callable[[], object], what: str, patience_s: float = 20) -> None:
    """Look again until it is so."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)


_FETCH = """
import socket
with socket.create_connection(("127.0.0.1", {port}), 5) as one:
    one.sendall(b"GET /f HTTP/1.0\\r\\n\\r\\n")
    while data := one.recv(4096):
        print(data.decode(), end="")
"""


def fetch(daemon: Goraed, port: int) -> bytes:
    """The page /f through a published port, from the host."""
    done = daemon.inside(sys.executable, "-IS", "-c", _FETCH.format(port=port))
    return done.stdout.partition(b"\r\n\r\n")[2]


def run_web(daemon: Goraed, name: str, port: int) -> str:
    """A web server whose /f is `page`, published at a port of the host."""
    made = run(
        daemon,
        name,
        "sh",
        "-c",
        "mkdir -p /w; echo page >/w/f; httpd -f -h /w",
        PortBindings={"80/tcp": [{"HostPort": str(port)}]},
        ExposedPorts={"80/tcp": {}},
    )
    wait_for(lambda: fetch(daemon, port) == b"page\n", "the web server answers")
    return made
