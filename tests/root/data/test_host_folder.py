"""The host's folder is never deleted or emptied: not by any removal, prune, repair, undo, or recovery from a kill."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.daemon import Goraed

from gorae.linux import mount
from gorae.store import tree

pytestmark = pytest.mark.root
Docker = Callable[..., str]


def bound(docker: Docker, folder: Path, name: str, *flags: str) -> None:
    """A running container with the folder in it, alone and below a volume."""
    mounts = ["-v", f"{folder}:/w", "-v", "/vol", "-v", f"{folder}:/vol/inner"]
    docker("run", "-d", "--name", name, *mounts, *flags, "bb", "sleep", "1000")


@pytest.mark.parametrize("flags", [("-f",), ("-f", "-v")])
def test_rm(docker: Docker, folder: Path, flags: tuple[str, ...]) -> None:
    bound(docker, folder, "one")
    docker("rm", *flags, "one")


def test_rm_when_it_ends_by_itself(docker: Docker, folder: Path) -> None:
    docker("run", "--rm", "-v", f"{folder}:/w", "-v", f"{folder}:/etc", "bb", "true")


def test_prunes_and_the_bin(house: Goraed, docker: Docker, folder: Path) -> None:
    bound(docker, folder, "two")
    docker("stop", "-t", "0", "two")
    docker("container", "prune", "-f")
    docker("system", "prune", "-f", "--volumes")
    house.ask("POST", "/gorae/bin/undo?object=two")
    docker("start", "two")
    docker("rm", "-f", "-v", "two")
    house.ask("DELETE", "/gorae/bin")


def test_a_volume_that_is_a_bind_mount(house: Goraed, docker: Docker, folder: Path) -> None:
    options = ("-o", "type=none", "-o", "o=bind", "-o", f"device={folder}")
    docker("volume", "create", *options, "bindvol")
    docker("run", "-d", "--name", "three", "-v", "bindvol:/w", "bb", "sleep", "1000")
    assert house.docker("volume", "rm", "bindvol").returncode == 1
    docker("rm", "-f", "three")
    docker("volume", "rm", "bindvol")
    house.ask("POST", "/gorae/bin/undo?object=bindvol")
    docker("volume", "prune", "-a", "-f")
    house.ask("DELETE", "/gorae/bin")


def test_repair_and_a_daemon_that_was_killed(house: Goraed, docker: Docker, folder: Path) -> None:
    bound(docker, folder, "four")
    options = ("-o", "type=none", "-o", "o=bind", "-o", f"device={folder}")
    docker("volume", "create", *options, "bindvol2")
    docker("run", "-d", "--name", "five", "-v", "bindvol2:/w", "bb", "sleep", "1000")
    house.kill()
    house.start()
    house.ask("POST", "/gorae/system/check")
    docker("kill", "four", "five")
    house.kill()
    house.start()
    house.ask("POST", "/gorae/system/check")
    docker("rm", "-v", "four", "five")
    docker("volume", "rm", "bindvol2")
    house.ask("DELETE", "/gorae/bin")


def test_a_shared_mount_in_a_container(house: Goraed, docker: Docker, folder: Path) -> None:
    pin = house.exec_root / "mntns" / "pin"
    enter = ["nsenter", f"--mount={pin}"] if pin.exists() else []
    subprocess.run([*enter, "mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run([*enter, "mount", "--make-shared", str(folder)], check=True)
        docker("run", "--rm", "-v", f"{folder}:/w:rshared", "bb", "ls", "/w")
        docker("run", "-d", "--name", "six", "-v", f"{folder}:/w:rshared", "bb", "sleep", "1000")
        docker("rm", "-f", "-v", "six")
    finally:
        subprocess.run([*enter, "umount", "-l", str(folder)], check=True)


def test_no_tree_is_removed_through_a_mount(tmp_path: Path, folder: Path) -> None:
    doomed = tmp_path / "doomed"
    (doomed / "a" / "point").mkdir(parents=True)
    mount.mount(str(folder), str(doomed / "a" / "point"), "", mount.MS_BIND)
    try:
        with pytest.raises(OSError, match="mount point"):
            tree.remove(doomed)
    finally:
        mount.umount2(str(doomed / "a" / "point"), mount.MNT_DETACH)
    tree.remove(doomed)
    assert not doomed.exists()


def test_cp_over_a_folder_that_holds_a_mount(house: Goraed, docker: Docker, folder: Path) -> None:
    bound(docker, folder, "seven")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("vol"))
    status, _ = house.request("PUT", "/containers/seven/archive?path=/", archive.getvalue())
    assert status >= 400
    docker("rm", "-f", "-v", "seven")
