"""kill -9 of the daemon in the middle of its work on volumes: whole or absent, and the check is clean."""

import io
import tarfile
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root

pytestmark = pytest.mark.root
FILES = 3000
MAKE = f"mkdir /big; cd /big; for i in $(seq {FILES}); do echo $i >$i; done"
MOMENTS_S = (0.05, 0.25)


@pytest.fixture(scope="module")
def house() -> Iterator[Goraed]:
    """With an image that has a directory of many files, and a volume of them."""
    with goraed() as one:
        one.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        assert one.docker("run", "--name", "maker", "bb", "sh", "-c", MAKE).returncode == 0
        assert one.docker("commit", "maker", "big:1").returncode == 0
        assert one.docker("rm", "maker").returncode == 0
        assert one.docker("create", "--name", "cc", "-v", "full:/big", "big:1").returncode == 0
        assert one.docker("rm", "cc").returncode == 0
        yield one


def count(house: Goraed, volume: str) -> int | None:
    """How many files a volume has; None when it is not there."""
    if house.request("GET", f"/volumes/{volume}")[0] == 404:
        return None
    folder = house.data_root / "volumes" / volume / "_data"
    return len(list(folder.iterdir()))


def killed_after(house: Goraed, seconds: float, work: Callable[[], object]) -> None:
    """Start the work, kill the daemon, start another one."""

    def quietly() -> None:
        try:
            work()
        except (OSError, AssertionError, ValueError):
            return  # the daemon was killed: that is the point

    thread = threading.Thread(target=quietly)
    thread.start()
    time.sleep(seconds)
    house.kill()
    thread.join(30)
    house.start()
    assert house.ask("GET", "/gorae/system/check")["Findings"] == []


def archive() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for number in range(FILES):
            info = tarfile.TarInfo(str(number))
            info.size = 3
            tar.addfile(info, io.BytesIO(b"abc"))
    return data.getvalue()


@pytest.mark.parametrize("seconds", MOMENTS_S)
def test_copy_up(house: Goraed, seconds: float) -> None:
    body = {"Image": "big:1", "Cmd": ["true"], "HostConfig": {"Binds": ["up:/big"]}}
    killed_after(house, seconds, lambda: house.request("POST", "/containers/create", body))
    assert count(house, "up") in (None, 0, FILES)
    for one in house.containers():
        house.ask("DELETE", f"/containers/{one['Id']}?v=1")
    house.request("DELETE", "/volumes/up")


@pytest.mark.parametrize("seconds", MOMENTS_S)
def test_clone(house: Goraed, seconds: float) -> None:
    path = "/gorae/volumes/full/clone?to=copy"
    killed_after(house, seconds, lambda: house.request("POST", path))
    assert count(house, "copy") in (None, FILES)
    assert count(house, "full") == FILES
    house.request("DELETE", "/volumes/copy")


@pytest.mark.parametrize("seconds", MOMENTS_S)
def test_import(house: Goraed, seconds: float) -> None:
    data = archive()
    path = "/gorae/volumes/imported/archive"
    killed_after(house, seconds, lambda: house.request("PUT", path, data))
    assert count(house, "imported") in (None, FILES)
    house.request("DELETE", "/volumes/imported")


@pytest.mark.parametrize("seconds", MOMENTS_S)
def test_commit(house: Goraed, seconds: float) -> None:
    assert house.docker("run", "--name", "mm", "bb", "sh", "-c", MAKE).returncode == 0
    path = "/commit?container=mm&repo=killed&tag=1"
    killed_after(house, seconds, lambda: house.request("POST", path))
    if house.request("GET", "/images/killed:1/json")[0] == 200:
        found = house.docker("run", "--rm", "killed:1", "sh", "-c", "ls /big | wc -l")
        assert found.stdout.strip() == str(FILES)
        house.ask("DELETE", "/images/killed:1")
    house.ask("DELETE", "/containers/mm")


@pytest.mark.parametrize("seconds", (0.02,))
def test_prune_and_emptying_the_bin(house: Goraed, seconds: float) -> None:
    for number in range(5):
        house.ask("POST", f"/gorae/volumes/full/clone?to=v{number}")

    def work() -> None:
        house.request("POST", '/volumes/prune?filters={"all":["true"]}')
        house.request("DELETE", "/gorae/bin")

    killed_after(house, seconds, work)
    kept = {one["Name"] for one in house.ask("GET", "/volumes")["Volumes"]}
    binned = {one["Name"] for one in house.ask("GET", "/gorae/bin")}
    assert not kept & binned
    for name in kept:
        assert count(house, name) == FILES
    if "full" in binned:
        house.ask("POST", "/gorae/bin/undo?object=full")
    if count(house, "full") is None:
        house.ask("PUT", "/gorae/volumes/full/archive", archive())
    for name in kept - {"full"}:
        house.ask("DELETE", f"/volumes/{name}")
