"""The host as containers see it, and the daemon's mount namespace."""

import os
import subprocess
import sys
from pathlib import Path

from gorae.linux import mount
from gorae.runtime.capabilities import NAMES
from gorae.runtime.host import HostFacts

HYBRID = os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers")
PREPARE = """
import os, sys
from pathlib import Path
from gorae.linux import mount
from gorae.runtime import ownmounts
ownmounts.enter(Path(sys.argv[1]))
if sys.argv[2] == "mount":
    mount.mount("none", sys.argv[3], "tmpfs", 0)
print(os.readlink("/proc/self/ns/mnt"), os.path.ismount(sys.argv[3]),
      os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers"))
"""


def _daemon(root: Path, what: str, where: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, str(root), what, str(where)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_probe() -> None:
    host = HostFacts.probe()
    assert set(host.capabilities) <= set(NAMES)
    assert "memory" in host.limits
    assert host.kernel >= (4, 18)
    assert dict(host.rlimits)["nofile"] != 0


def test_the_next_daemon_finds_the_mounts_of_the_last(tmp_path: Path) -> None:
    where = tmp_path / "where"
    where.mkdir()
    try:
        first = _daemon(tmp_path, "mount", where)
        second = _daemon(tmp_path, "look", where)
        assert first == second == [first[0], "True", "False"]
        assert first[0] != os.readlink("/proc/self/ns/mnt")
        assert not os.path.ismount(where)
        assert os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers") == HYBRID
    finally:
        for target in (tmp_path / "mntns" / "pin", tmp_path / "mntns"):
            mount.umount2(str(target), mount.MNT_DETACH)
