"""The host's /dev/null stays the host's: runtimes give what a process gets as its stdin to the container's user."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root

pytestmark = pytest.mark.root


def node() -> tuple[int, ...]:
    found = os.stat("/dev/null")
    return (found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_ctime_ns)


@pytest.fixture(scope="module")
def house() -> Iterator[Goraed]:
    with goraed() as one:
        one.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield one


def test_a_user_and_root_of_a_container_change_it(house: Goraed, tmp_path: Path) -> None:
    before = node()
    spoil = "chmod 700 /proc/self/fd/0; chown 55:55 /proc/self/fd/0; true"
    assert (
        house.docker(
            "run", "-d", "--name", "one", "-u", "1234:1234", "bb", "sleep", "99"
        ).returncode
        == 0
    )
    assert house.docker("exec", "-d", "-u", "1111", "one", "true").returncode == 0
    assert house.docker("exec", "-u", "0", "one", "sh", "-c", spoil).returncode == 0
    assert house.docker("run", "--rm", "bb", "sh", "-c", spoil).returncode == 0
    (tmp_path / "Dockerfile").write_text(f"FROM bb\nRUN {spoil}\nUSER 1234\nRUN true\n")
    built = house.docker("build", str(tmp_path))
    assert built.returncode == 0, built.stderr
    assert node() == before
    assert (
        house.docker(
            "run", "--rm", "bb", "sh", "-c", "echo x >/dev/null && cat </dev/null"
        ).returncode
        == 0
    )
    house.docker("rm", "-f", "one")


def test_it_stays_so_with_the_next_daemon(house: Goraed) -> None:
    house.kill()
    house.start()
    before = node()
    assert house.docker("run", "--rm", "-u", "1234:1234", "bb", "true").returncode == 0
    assert node() == before
