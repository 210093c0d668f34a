"""Health checks and execs of real containers, over the daemon's death too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.daemon import Goraed
from tests.root.daemon.client import run, state_of, wait_for

pytestmark = pytest.mark.root

MS = 1_000_000
GORAE = Path(sys.executable).with_name("gorae")


def checked(daemon: Goraed, name: str, line: str, **more: Any) -> str:
    health = {"Test": ["CMD-SHELL", line], "Interval": 200 * MS, "Retries": 2}
    health |= {key: more.pop(key) for key in ("Timeout", "OnFailure") if key in more}
    return run(daemon, name, "sleep", "1000", Healthcheck=health, **more)


def health_of(daemon: Goraed, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = state_of(daemon, ref)["Health"]
    return found


def is_now(daemon: Goraed, ref: str, status: str) -> None:
    wait_for(lambda: health_of(daemon, ref)["Status"] == status, f"it is {status}")


def test_from_starting_to_unhealthy_to_healthy_over_a_death(daemon: Goraed) -> None:
    made = checked(daemon, "one", "echo probe; test -f /ok")
    is_now(daemon, made, "unhealthy")
    found = health_of(daemon, made)
    assert found["Log"][-1]["ExitCode"] == 1
    assert found["Log"][-1]["Output"] == "probe\n"
    daemon.kill()
    daemon.start()
    assert health_of(daemon, made)["Status"] == "unhealthy"
    daemon.docker("exec", made, "touch", "/ok")
    is_now(daemon, made, "healthy")
    assert len(health_of(daemon, made)["Log"]) <= 5
    daemon.ask("POST", f"/containers/{made}/stop?t=0")
    assert health_of(daemon, made)["Status"] == "unhealthy"


def test_a_check_that_hangs_is_killed_with_its_children(daemon: Goraed) -> None:
    made = checked(daemon, "one", "sleep 77 & sleep 77", Timeout=200 * MS)
    is_now(daemon, made, "unhealthy")
    assert "exceeded timeout (200ms)" in health_of(daemon, made)["Log"][-1]["Output"]
    daemon.ask("POST", f"/containers/{made}/update", {})
    processes = daemon.ask("GET", f"/containers/{made}/top?ps_args=-eo%20pid,args")["Processes"]
    assert sum("sleep 77" in one[-1] for one in processes) <= 3, processes


def test_what_follows_when_it_becomes_unhealthy(daemon: Goraed) -> None:
    stopped = checked(daemon, "stop", "false", OnFailure="stop")
    killed = checked(daemon, "kill", "false", OnFailure="kill")
    again = checked(daemon, "restart", "false", OnFailure="restart")
    first = state_of(daemon, again)["StartedAt"]
    wait_for(lambda: not state_of(daemon, stopped)["Running"], "it is stopped")
    wait_for(lambda: state_of(daemon, killed)["ExitCode"] == 137, "it is killed")
    wait_for(lambda: state_of(daemon, again)["StartedAt"] != first, "it is started again")


def test_an_exec_ends_with_its_client_when_that_was_asked(daemon: Goraed) -> None:
    made = run(daemon, "one", "sleep", "1000")
    tree = "sleep 88 & sleep 88"
    for flag, left in (("--kill-on-disconnect", 0), ("--interactive", 2)):
        client = subprocess.Popen(
            [GORAE, "-H", daemon.host, "exec", "-i", flag, made, "sh", "-c", tree],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        wait_for(lambda: sleepers(daemon, made) == 2, "it runs")
        client.send_signal(signal.SIGKILL)
        client.wait()
        assert client.stdin is not None
        client.stdin.close()
        if left:
            time.sleep(0.5)
        wait_for(lambda left=left: sleepers(daemon, made) == left, f"{left} are left")


def sleepers(daemon: Goraed, ref: str) -> int:
    processes = daemon.ask("GET", f"/containers/{ref}/top?ps_args=-eo%20pid,args")["Processes"]
    return sum(one[-1] == "sleep 88" for one in processes)


def test_an_exec_can_be_signalled_with_all_that_it_started(daemon: Goraed) -> None:
    made = run(daemon, "one", "sleep", "1000")
    body = {"Cmd": ["sh", "-c", "sleep 88 & sleep 88 & exec sleep 99"]}
    exec_id = daemon.ask("POST", f"/containers/{made}/exec", body)["Id"]
    daemon.ask("POST", f"/exec/{exec_id}/start", {"Detach": True})
    wait_for(lambda: sleepers(daemon, made) == 2, "it runs")
    subprocess.run([GORAE, "-H", daemon.host, "kill", "--exec", "-s", "KILL", exec_id], check=True)
    wait_for(lambda: sleepers(daemon, made) == 0, "all are gone")
    wait_for(lambda: not daemon.ask("GET", f"/exec/{exec_id}/json")["Running"], "it ended")
    assert daemon.ask("GET", f"/exec/{exec_id}/json")["ExitCode"] == 137
    assert os.path.exists(f"/proc/{state_of(daemon, made)['Pid']}"), "the container goes on"
