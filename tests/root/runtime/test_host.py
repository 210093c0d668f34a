"""The host as containers see it, and the daemon's mount namespace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gorae.errors import KernelError
from gorae.linux import mount
from gorae.runtime.capabilities import NAMES
from gorae.runtime.host import HostFacts

HYBRID = os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers")
PREPARE = """
import os, sys
from pathlib import Path
from gorae.linux import mount
from gorae.runtime.host import prepare_host
prepare_host(Path(sys.argv[1]))
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


@pytest.mark.skipif(not HYBRID, reason="only a hybrid host needs a namespace of its own")
def test_the_next_daemon_finds_the_mounts_of_the_last(tmp_path: Path) -> None:
    where = tmp_path / "where"
    where.mkdir()
    try:
        first = _daemon(tmp_path, "mount", where)
        second = _daemon(tmp_path, "look", where)
        assert first == second == [first[0], "True", "False"]
        assert first[0] != os.readlink("/proc/self/ns/mnt")
        assert not os.path.ismount(where)
        assert os.path.exists("/sys/fs/cgroup/unified/cgroup.controllers")
    finally:
        for target in (tmp_path / "mntns" / "pin", tmp_path / "mntns"):
            mount.umount2(str(target), mount.MNT_DETACH)


def test_nothing_is_mounted_where_nothing_is_needed(tmp_path: Path) -> None:
    if HYBRID:
        pytest.skip("this host needs it")
    _daemon(tmp_path, "look", tmp_path)
    with pytest.raises(KernelError):
        mount.umount2(str(tmp_path / "mntns"), mount.MNT_DETACH)
