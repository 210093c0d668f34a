"""When nothing listens on the default socket and the user is root, `gorae` starts the daemon and says so."""

import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
GORAE = TOP / ".venv/bin/gorae"
# A machine without an engine: nothing of the host's own is seen, and all of it ends with the namespaces.
ALONE = """
set -eu
mount --make-rprivate /
mkdir -p /run/gorae /var/lib/gorae
for folder in /run/gorae /var/lib/gorae /var/log; do mount -t tmpfs tmpfs $folder; done
ip link set lo up
unset DOCKER_HOST GORAE_HOST
set +e
"""

pytestmark = pytest.mark.root


def alone(script: str) -> subprocess.CompletedProcess[str]:
    end = "trap 'kill $(cat /run/gorae/goraed.pid 2>/dev/null) 2>/dev/null; sleep 0.5' EXIT\n"
    return subprocess.run(
        ["unshare", "-m", "-n", "sh", "-c", ALONE + end + script],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_root_gets_a_daemon_and_is_told() -> None:
    said = alone(f"{GORAE} version; echo ---; {GORAE} ps -q; echo $? >&2")
    assert "Server: gorae" in said.stdout, said
    assert said.stderr.splitlines() == ["gorae: starting goraed (log: /var/log/goraed.log)", "0"]


def test_others_are_told_that_nobody_answers() -> None:
    said = alone(f"setpriv --reuid 65534 {GORAE} ps; echo $?")
    assert said.stdout == "1\n"
    assert said.stderr == (
        "Cannot connect to the Docker daemon at unix:///run/gorae/gorae.sock. "
        "Is the docker daemon running?\n"
    )


def test_another_socket_is_nobodys_to_start() -> None:
    said = alone(f"{GORAE} -H unix:///run/other.sock ps; echo $?; ls /run/gorae")
    assert said.stdout == "1\n"
    assert "unix:///run/other.sock" in said.stderr


def test_a_daemon_that_does_not_come_up_is_named_with_its_log() -> None:
    said = alone(
        f"mkdir -p /etc/gorae; mount -t tmpfs tmpfs /etc/gorae; echo '{{' >/etc/gorae/daemon.json; {GORAE} ps; echo $?; cat /var/log/goraed.log"
    )
    assert said.stdout.startswith("1\ngoraed: config file"), said
    assert "goraed did not come up; see /var/log/goraed.log" in said.stderr
