"""Real containers of a busybox root file system, under monitors, below a private exec root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.root.runtime.container_lab import Lab

from gorae.linux import mount, namespace
from gorae.runtime import ownmounts
from gorae.runtime.host import HostFacts


@pytest.fixture(scope="module")
def exec_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An exec root, this process being where the host's containers are made; undone at the end."""
    root = tmp_path_factory.mktemp("exec")
    before = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    ownmounts.enter(root)
    yield root
    namespace.setns(before, namespace.CLONE_NEWNS)
    os.close(before)
    mount.umount2(str(root / "mntns" / "pin"), mount.MNT_DETACH)
    mount.umount2(str(root / "mntns"), mount.MNT_DETACH)


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian's static busybox with its applets; shared, so tests write only below /tmp."""
    root = tmp_path_factory.mktemp("rootfs")
    root.chmod(0o755)
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "root"):
        (root / name).mkdir()
    shutil.copy("/bin/busybox", root / "bin" / "busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True)
    for name in set(applets.stdout.split()) - {"busybox"}:
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc" / "data").write_text("not a program\n")
    return root


@pytest.fixture(scope="module")
def host(exec_root: Path) -> HostFacts:
    """What this host gives."""
    return HostFacts.probe()


@pytest.fixture
def lab(exec_root: Path, rootfs: Path, host: HostFacts, tmp_path: Path) -> Iterator[Lab]:
    """The laboratory; nothing of it stays."""
    one = Lab(exec_root, rootfs, host, tmp_path)
    yield one
    one.close()
    assert one.monitor.bundles() == ()
    assert os.listdir(exec_root / "exec") == []
