"""Hostile input: whatever a container, an archive or a name does, nothing outside is read or written."""

import io
import os
import subprocess
import tarfile
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed

pytestmark = pytest.mark.root
Docker = Callable[..., str]
SWAP = """
mkdir -p /a/real; echo inside >/a/real/secret
while true; do
  rm -rf /a/d; ln -s / /a/d; ln -sfn {host} /a/e
  rm -f /a/d; cp -r /a/real /a/d; rm -f /a/e; cp -r /a/real /a/e
done
"""


@pytest.fixture
def swapping(house: Goraed, docker: Docker, folder: Path) -> Iterator[str]:
    """A container that swaps directories for links to `/` and to a folder of the host, all the time."""
    (folder / "secret").write_text("the host's")
    script = SWAP.format(host=folder)
    docker("run", "-d", "--name", "swapper", "-v", "swapvol:/vol", "bb", "sh", "-c", script)
    yield "swapper"
    docker("rm", "-f", "swapper")
    docker("volume", "rm", "swapvol")
    assert (folder / "secret").read_text() == "the host's"


def tar_of(*members: tuple[str, bytes, str]) -> bytes:
    """(name, type, link) each; files hold `bad`."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.devmajor, info.devminor = 8, 0
            info.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"bad"))
    return data.getvalue()


def names_in(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            one.name: file.read()
            for one in archive
            if (file := archive.extractfile(one) if one.isreg() else None) is not None
        }


def test_cp_out_while_directories_become_links(house: Goraed, swapping: str) -> None:
    for path in ("/a/d/.", "/a/e/.", "/a/e/secret", "/a"):
        for _ in range(8):
            query = urllib.parse.urlencode({"path": path})
            status, data = house.request("GET", f"/containers/{swapping}/archive?{query}")
            if status == 200 and data:
                try:
                    found = names_in(data)
                except tarfile.TarError:  # it vanished on the way
                    continue
                assert b"the host's" not in found.values()
                assert not any("shadow" in name for name in found), "the host's root"


def test_cp_in_while_directories_become_links(house: Goraed, swapping: str, folder: Path) -> None:
    archive = tar_of(("planted", tarfile.REGTYPE, ""), ("secret", tarfile.REGTYPE, ""))
    for path in ("/a/d", "/a/e"):
        for _ in range(8):
            house.request("PUT", f"/containers/{swapping}/archive?path={path}", archive)
    assert not (folder / "planted").exists()
    assert not Path("/planted").exists()


def test_commit_and_export_of_it(house: Goraed, docker: Docker, swapping: str) -> None:
    docker("commit", swapping, "swapped:1")
    found = docker("run", "--rm", "swapped:1", "sh", "-c", "cat /a/real/secret")
    assert found == "inside"
    docker("rmi", "swapped:1")
    status, data = house.request("GET", f"/containers/{swapping}/export")
    assert status == 200
    assert b"the host's" not in data


@pytest.mark.parametrize("link", ["/", "..", "../..", "/etc", "{folder}"])
def test_a_subpath_that_is_a_link_out(
    house: Goraed, docker: Docker, folder: Path, link: str
) -> None:
    target = link.format(folder=folder)
    docker("run", "--rm", "-v", "sub:/v", "bb", "ln", "-sfn", target, "/v/out")
    mount = "type=volume,src=sub,dst=/s,volume-subpath=out"
    done = house.docker("run", "--rm", "--mount", mount, "bb", "ls", "/s")
    assert done.returncode == 125
    assert "escapes the base directory" in done.stderr
    docker("volume", "rm", "sub")


def test_copy_up_from_a_link_out_of_the_image(docker: Docker, folder: Path) -> None:
    docker("run", "--name", "linker", "bb", "ln", "-s", str(folder), "/out")
    docker("commit", "linker", "linked:1")
    docker("rm", "linker")
    docker("create", "--name", "filled", "-v", "upvol:/out", "linked:1", "true")
    assert docker("run", "--rm", "-v", "upvol:/v", "bb", "ls", "-A", "/v") == ""
    docker("rm", "filled")
    docker("volume", "rm", "upvol")
    docker("rmi", "linked:1")


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/b", "/etc", ".bin-00", "a\nb", "a" * 256, "%2e%2e"]
)
def test_a_volume_name_that_is_a_path(house: Goraed, name: str) -> None:
    status, message = house.request("POST", "/volumes/create", {"Name": name})
    assert status == 400, message
    quoted = urllib.parse.quote(name, safe="")
    for method, path in (
        ("DELETE", f"/volumes/{quoted}"),
        ("PUT", f"/gorae/volumes/{quoted}/archive"),
        ("POST", f"/gorae/volumes/{quoted}/clone?to=x1"),
    ):
        status, message = house.request(method, path, b"" if method == "PUT" else None)
        assert 400 <= status < 500, (method, message)


@pytest.mark.parametrize(
    "members",
    [
        [("../../planted", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "/"), ("link/planted", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "../../../../.."), ("link/planted", tarfile.REGTYPE, "")],
        [("hard", tarfile.LNKTYPE, "../../etc/passwd")],
        [("disk", tarfile.BLKTYPE, ""), ("pipe", tarfile.FIFOTYPE, "")],
    ],
)
def test_a_tar_with_devices_and_links(
    house: Goraed, docker: Docker, members: list[tuple[str, bytes, str]]
) -> None:
    """A link may lead anywhere inside: a plant lands in the container or the volume, or nowhere."""
    archive = tar_of(*members)
    docker("create", "--name", "target", "bb", "true")
    for path, method in (
        ("/containers/target/archive?path=/tmp", "PUT"),
        ("/gorae/volumes/imported/archive", "PUT"),
    ):
        status, message = house.request(method, path, archive)
        assert status < 500, message
    assert not Path("/planted").exists()
    assert not (house.data_root / "planted").exists()
    assert not (house.data_root / "volumes" / "planted").exists()
    docker("rm", "target")
    house.docker("volume", "rm", "-f", "imported")


def test_broken_archives_leave_no_volume(house: Goraed) -> None:
    whole = tar_of(("a", tarfile.REGTYPE, ""), ("b", tarfile.REGTYPE, ""))
    for data in (b"no tar at all" * 100, whole[:514], whole[:1030]):
        status, message = house.request("PUT", "/gorae/volumes/broken/archive", data)
        assert status == 400, message
    assert house.request("GET", "/volumes/broken")[0] == 404
    assert not (house.data_root / "volumes" / "broken").exists()


def test_a_thousand_racing_creates_and_removals_of_one_name(house: Goraed) -> None:
    wrong: list[object] = []

    def play(number: int) -> None:
        for turn in range(125):
            if (number + turn) % 2:
                status, data = house.request("POST", "/volumes/create", {"Name": "raced"})
                fine = status == 201
            else:
                status, data = house.request("DELETE", "/volumes/raced")
                fine = status in (204, 404)
            if not fine:
                wrong.append((status, data))

    threads = [threading.Thread(target=play, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
    house.ask("POST", "/volumes/create", {"Name": "raced"})
    there = house.ask("GET", "/volumes/raced")["Mountpoint"]
    assert os.path.isdir(there)
    house.ask("DELETE", "/volumes/raced")
    house.ask("DELETE", "/gorae/bin")
    assert house.ask("GET", "/gorae/system/check")["Findings"] == []


def test_a_caller_owns_what_the_container_makes(house: Goraed, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 1000, 1000)
    house.folder.chmod(0o711)
    house.socket.chmod(0o666)
    for part in (tmp_path, *tmp_path.parents):
        if part.owner() == "root" and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    done = subprocess.run(
        ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "docker", "-H", house.host]
        + ["run", "--rm", "-v", f"{folder}:/w", "bb", "sh", "-c", "touch /w/made; ls -ln /w"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOCKER_CONFIG": "/nonexistent", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "made").stat().st_uid == 1000
    assert done.stdout.split("\n")[1].split()[2:4] == ["0", "0"]
