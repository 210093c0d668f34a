"""Builds whose ground gives way: a full disk in a RUN, a context that changes while it is read, rebuilds of many files.

Each is one clear message and leaves nothing half stored; what is tried again works.
"""

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.oracle.material import busybox_root
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build, gorae
from tests.root.build.test_shell import nothing_left

pytestmark = pytest.mark.root
MANY = 20_000
FULL = "no space left on device"


@contextlib.contextmanager
def on_memory(size: str) -> Iterator[Goraed]:
    """A daemon, not started, whose data root is a file system of its own of that size."""
    one = Goraed(Path(tempfile.mkdtemp(prefix="gorae-test-")))
    one.data_root.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(one.data_root)]
    subprocess.run(argv, check=True)
    try:
        yield one
    finally:
        one.close()
        subprocess.run(["umount", "-l", str(one.data_root)], capture_output=True)
        if one.data_root.exists():
            os.rmdir(one.data_root)


@pytest.fixture
def narrow() -> Iterator[Builder]:
    """A daemon whose data root has little room."""
    with on_memory("24m") as one:
        one.start()
        one.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield Builder(one)


def used(daemon: Goraed) -> int:
    info = os.statvfs(daemon.data_root)
    return (info.f_blocks - info.f_bavail) * info.f_frsize


def test_a_full_disk_in_the_middle_of_a_run(narrow: Builder, tmp_path):
    text = """FROM bb
RUN echo small > /small
RUN busybox dd if=/dev/zero of=/large bs=1M count=60
"""
    top = context(tmp_path, {"Dockerfile": text})
    before = used(narrow.daemon)
    for _ in range(2):
        status, words = build(narrow, top, "-t", "large")
        assert status == 1
        assert "No space left on device" in words
        assert "   3 | >>> RUN busybox dd if=/dev/zero of=/large bs=1M count=60" in words
        assert words.count("ERROR: failed to build: ") == 1
        narrow.daemon.ask("POST", '/build/prune?filters={"id":["nosuch"]}')
        nothing_left(narrow.daemon)
    assert "large" not in narrow.daemon.docker("images").stdout
    done = narrow.daemon.docker("build", str(top))
    assert done.returncode != 0 and "Using cache" in done.stdout
    narrow.daemon.ask("POST", "/build/prune")
    assert used(narrow.daemon) < before + (2 << 20)
    subprocess.run(["mount", "-o", "remount,size=200m", str(narrow.daemon.data_root)], check=True)
    status, words = build(narrow, top, "-t", "large")
    assert status == 0, words
    assert narrow.run("large", "busybox", "stat", "-c", "%s", "/large") == f"{60 << 20}\n"
    nothing_left(narrow.daemon)


def test_a_full_disk_in_a_copy(narrow: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nCOPY big /big\n"})
    (top / "big").write_bytes(os.urandom(40 << 20))
    before = used(narrow.daemon)
    status, words = build(narrow, top)
    assert status == 1 and FULL in words
    assert "   2 | >>> COPY big /big" in words
    assert used(narrow.daemon) < before + (2 << 20)
    nothing_left(narrow.daemon)
    subprocess.run(["mount", "-o", "remount,size=200m", str(narrow.daemon.data_root)], check=True)
    status, words = build(narrow, top)
    assert status == 0, words


def test_a_context_that_changes_while_it_is_read(builder: Builder, tmp_path):
    """A file that never holds still is named with the instruction that wants it; at rest it is copied."""
    top = context(tmp_path, {"Dockerfile": "FROM bb\nCOPY . /c\n"})
    moving, over = top / "moving", threading.Event()
    moving.write_bytes(bytes(32 << 20))

    def move() -> None:
        with moving.open("r+b") as file:
            while not over.is_set():
                file.seek(0)
                file.write(os.urandom(8))
                file.flush()

    mover = threading.Thread(target=move)
    mover.start()
    try:
        status, words = build(builder, top)
    finally:
        over.set()
        mover.join()
    assert status == 1
    assert 'the file "moving" changed while it was read: build again' in words
    assert "   2 | >>> COPY . /c" in words
    nothing_left(builder.daemon)
    status, words = build(builder, top, "-t", "rest")
    assert status == 0, words
    assert builder.run("rest", "busybox", "stat", "-c", "%s", "/c/moving") == f"{32 << 20}\n"


def test_rebuilds_do_not_read_the_files_again() -> None:
    """Twenty thousand files: the daemon reads them once, and after a restart not again either."""
    with on_memory("600m") as daemon:
        top = context(daemon.data_root / "c", {"Dockerfile": "FROM bb\nCOPY src /src\n"})
        for number in range(MANY):
            place = top / "src" / f"d{number % 200}"
            if number < 200:
                place.mkdir(parents=True)
            (place / f"f{number}").write_bytes(b"%08d" % number * 512)
        daemon.start()
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        builder = Builder(daemon)
        first = gorae(builder, "build", "-q", str(top), timeout_s=180)
        assert first.returncode == 0, first.stderr
        for restart in (False, False, False, True, False):
            if restart:
                daemon.stop()
                daemon.start()
            before = read_bytes(daemon)
            done = gorae(builder, "build", "-q", str(top))
            assert done.stdout == first.stdout
            assert read_bytes(daemon) - before < MANY * 4096 // 8


def read_bytes(daemon: Goraed) -> int:
    """What the daemon has read from files. Source: proc_pid_io(5), rchar."""
    assert daemon.process is not None
    lines = Path(f"/proc/{daemon.process.pid}/io").read_text().splitlines()
    return int(lines[0].removeprefix("rchar:"))
