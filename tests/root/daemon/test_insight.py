"""gorae's own: why a container ended, changes while it runs, what the host's rules say of its ports."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.root.daemon.client import fetch, run_web, state_of, wait_for

pytestmark = pytest.mark.root

GORAE = Path(sys.executable).with_name("gorae")


def gorae(daemon: Goraed, *argv: str, code: int = 0) -> str:
    done = subprocess.run(
        [GORAE, "-H", daemon.host, *argv], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_why_outlives_the_container(daemon: Goraed) -> None:
    grow = "echo loading; x=a; while true; do x=$x$x; done"
    limits = ("-m", "16m", "--memory-swap", "16m")
    gorae(daemon, "run", "--rm", "--name", "job", *limits, "bb", "sh", "-c", grow, code=137)
    said = gorae(daemon, "why", "job")
    assert "out of memory: the kernel killed" in said
    assert "limit 16 MiB" in said
    assert "loading" in said
    daemon.kill()
    daemon.start()
    assert "out of memory" in gorae(daemon, "why", "job"), "it is in a row"
    gorae(daemon, "run", "--name", "failed", "bb", "sh", "-c", "exit 3", code=3)
    assert "gave up with status 3" in gorae(daemon, "why", "failed")
    gorae(daemon, "run", "--name", "wrong", "bb", "nosuch", code=127)
    assert "did not start" in gorae(daemon, "why", "wrong")
    assert "no end of a container" in gorae(daemon, "why", "nosuch", code=1)


def test_ports_labels_and_mounts_change_while_it_runs(daemon: Goraed, tmp_path: Path) -> None:
    web = run_web(daemon, "web", 8110)
    pid = state_of(daemon, web)["Pid"]
    (tmp_path / "file").write_text("there\n")
    said = gorae(
        daemon,
        "set",
        "web",
        "-p",
        "+8111:80",
        "-l",
        "a=b",
        "-v",
        f"{tmp_path}:/new/place:ro",
        "--env-next",
        "X=1",
    )
    assert "at the next start: variable X" in said
    assert fetch(daemon, 8111) == b"page\n"
    assert daemon.docker("exec", "web", "cat", "/new/place/file").stdout == "there\n"
    assert daemon.docker("exec", "web", "touch", "/new/place/x").returncode == 1
    gorae(daemon, "set", "web", "--unpublish", "8110")
    assert fetch(daemon, 8110) == b""
    assert state_of(daemon, web)["Pid"] == pid, "no restart"
    found = daemon.ask("GET", f"/containers/{web}/json")
    assert found["Config"]["Labels"] == {"a": "b"}
    assert list(found["HostConfig"]["PortBindings"]) == ["80/tcp"]
    daemon.docker("restart", "-t", "0", "web")
    wait_for(lambda: fetch(daemon, 8111) == b"page\n", "the port is kept over a restart")
    assert (
        daemon.docker("exec", "web", "sh", "-c", "echo $X; cat /new/place/file").stdout
        == "1\nthere\n"
    )
    assert (tmp_path / "file").read_text() == "there\n"
    gone = ("--env-rm-next", "X", "--volume-rm-next", "/new/place")
    said = gorae(daemon, "set", "web", *gone)
    assert "at the next start: nothing mounted at /new/place" in said
    assert "at the next start: variable X removed" in said
    assert daemon.docker("exec", "web", "cat", "/new/place/file").stdout == "there\n", "until then"
    assert "has no variable" in gorae(daemon, "set", "web", *gone[:2], code=1)
    assert "has no bind mount" in gorae(daemon, "set", "web", *gone[2:], code=1)
    daemon.docker("restart", "-t", "0", "web")
    look = "echo ${X-none}; ls /new/place"
    assert daemon.docker("exec", "web", "sh", "-c", look).stdout == "none\n"
    assert (tmp_path / "file").read_text() == "there\n"


def test_a_live_mount_stays_inside_the_container(daemon: Goraed, tmp_path: Path) -> None:
    run_web(daemon, "web", 8112)
    daemon.docker("exec", "web", "ln", "-s", "/../../../../..", "/up")
    gorae(daemon, "set", "web", "-v", f"{tmp_path}:/up/made")
    assert daemon.docker("exec", "web", "ls", "-d", "/made").returncode == 0
    assert not Path("/made").exists()


def test_the_port_doctor_names_the_rule(daemon: Goraed) -> None:
    run_web(daemon, "web", 8113)
    assert "eth0: open" in gorae(daemon, "port", "doctor", "web")
    rules = "add table inet fw; add chain inet fw input { type filter hook input priority 0; policy drop; }; "
    daemon.inside("nft", rules + "add rule inet fw input iifname lo accept")
    wait_for(
        lambda: (
            "eth0: BLOCKED   (inet fw input policy drop)" in gorae(daemon, "port", "doctor", "web")
        ),
        "the doctor sees it",
    )
    assert "lo: open   (inet fw input rule 1)" in gorae(daemon, "port", "doctor", "web")
    said = gorae(daemon, "network", "explain", "web")
    assert "through the relay" in said
