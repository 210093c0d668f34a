"""The journald driver with a journal of the test's own: lines, name and tag arrive there, and `logs` reads them back."""

import os
import subprocess
import sys
from pathlib import Path

from tests.daemon import SRC
from tests.oracle.material import busybox_root

TIMEOUT_S = 180
STAGE = r"""
set -e
mount -t tmpfs own /run/systemd && mkdir -p /run/systemd/journal
mount -t tmpfs own /run/log && mkdir -p /run/log/journal
[ -s /etc/machine-id ] || { echo 0123456789abcdef0123456789abcdef >machine-id; mount --bind machine-id /etc/machine-id; }
/lib/systemd/systemd-journald &
ip link set lo up
"$PYTHON" -m gorae.daemon.main --data-root "$PWD/data" --exec-root "$PWD/run" -H "unix://$PWD/s" --pidfile "$PWD/pid" &
daemon=$!
export DOCKER_HOST="unix://$PWD/s"
until [ -S /run/systemd/journal/socket ] && docker version >/dev/null 2>&1; do kill -0 $daemon; sleep 0.1; done
docker import image.tar bb >/dev/null
docker run --name one --network none --log-driver journald --log-opt tag=mine bb sh -c 'echo out; echo err >&2' >/dev/null 2>&1
docker logs one >logs.out 2>logs.err
until journalctl --no-pager CONTAINER_NAME=one | grep -q err; do journalctl --sync; sleep 0.1; done
journalctl -o verbose --no-pager CONTAINER_NAME=one >journal
docker rm -f one >/dev/null
kill $daemon; wait $daemon
"""
"""Everything ends with the stage's process namespace."""


def test_written_to_the_journal_and_read_back(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(busybox_root())
    env = {**os.environ, "PYTHONPATH": str(SRC), "PYTHON": sys.executable}
    argv = ["unshare", "-m", "-n", "-p", "-f", "--kill-child", "--mount-proc"]
    done = subprocess.run(
        [*argv, "--propagation", "private", "bash", "-c", STAGE],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=(tmp_path / "stage").open("w"),
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, (tmp_path / "stage").read_text()[-2000:]
    assert (tmp_path / "logs.out").read_text() == "out\n"
    assert (tmp_path / "logs.err").read_text() == "err\n"
    journal = [line.strip() for line in (tmp_path / "journal").read_text().splitlines()]
    for wanted in ("MESSAGE=out", "MESSAGE=err", "PRIORITY=6", "PRIORITY=3"):
        assert journal.count(wanted) == 1, wanted
    for wanted in ("CONTAINER_NAME=one", "CONTAINER_TAG=mine", "SYSLOG_IDENTIFIER=mine"):
        assert journal.count(wanted) == 2, wanted
