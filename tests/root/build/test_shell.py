"""A shell in a failed step's state: what it sees, who sits at it, and that nothing of it stays."""

import fcntl
import json
import os
import pty
import re
import select
import sqlite3
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest
from tests.daemon import SRC, Goraed, _wait, goraed
from tests.oracle.material import busybox_root
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import GORAE, build, gorae

pytestmark = pytest.mark.root
SECRET = "another-value-that-may-not-stay"
TEXT = """FROM bb AS other
RUN echo from-stage > /other
FROM bb
ARG FLAVOUR=vanilla
ENV COLOUR=blue
WORKDIR /job
RUN echo first > first
RUN --mount=type=bind,source=sub,target=/ctx --mount=type=bind,from=other,source=/other,target=/o \\
    --mount=type=cache,target=/cache,id=shell --mount=type=tmpfs,target=/t --mount=type=secret,id=s \\
    echo wrote > second && echo kept > /cache/c && exit 3
"""
FAILS = "FROM bb\nRUN echo %s > /left && false\n"


def failed(builder: Builder, top: Path, *flags: str) -> str:
    """Build what fails; the words."""
    status, words = build(builder, top, *flags)
    assert status == 1 and "gorae build shell" in words
    return words


def last(daemon: Goraed) -> str:
    """The last build's id."""
    return json.loads(daemon.get("/gorae/build/records"))[0]["id"]


def shell(builder: Builder, *words: str, **options):
    return gorae(builder, "build", "shell", "--build", last(builder.daemon), *words, **options)


def nothing_left(daemon: Goraed) -> None:
    """No process, mount, cgroup or file of a step."""

    def left() -> list[Path]:
        places = (
            ("rootfs", "build-*"),
            ("bundle", "build-*"),
            ("build-mounts", "*"),
            ("build", "*"),
        )
        return [one for name, what in places for one in (daemon.exec_root / name).glob(what)]

    _wait(lambda: not left(), "nothing of a step is left", lambda: str(left()))
    table = daemon.inside(
        "nsenter", f"--mount={daemon.exec_root}/mntns/pin", "cat", "/proc/self/mounts"
    )
    assert b"build-" not in table.stdout
    assert not list((daemon.data_root / "build" / "tmp").iterdir())
    assert daemon.ask("GET", "/gorae/system/check") == {"Findings": []}


def test_it_sees_what_the_step_saw_and_left(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "sub/file": "in context"})
    failed(builder, top, "--build-arg", "FLAVOUR=mint")
    (top / "sub/file").write_text("changed since then")
    done = shell(builder, "--", "busybox", "cat", "first", "second", "/ctx/file", "/o", "/cache/c")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"first\nwrote\nin contextfrom-stage\nkept\n"
    done = shell(
        builder, "--before", "-e", "MINE=1", "sh", "-c", "ls; pwd; echo $FLAVOUR $COLOUR $MINE"
    )
    assert done.stdout == b"first\n/job\nmint blue 1\n"
    done = shell(builder, stdin=b"echo to-error >&2; echo x > /job/first; exit 9")
    assert (done.returncode, done.stdout, done.stderr) == (9, b"", b"to-error\n")
    assert shell(builder, "busybox", "cat", "first").stdout == b"first\n"
    nothing_left(builder.daemon)


def test_much_goes_through(builder: Builder, tmp_path):
    failed(builder, context(tmp_path, {"Dockerfile": FAILS % "much"}))
    data = os.urandom(1 << 20) * 24
    done = shell(builder, "sh", "-c", "busybox sleep 1; exec busybox cat", stdin=data)
    assert done.returncode == 0 and done.stdout == data
    assert shell(builder, "busybox", "head", "-c", "3", stdin=data).stdout == data[:3]


def test_secrets_are_asked_for_again_and_never_kept(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "sub/file": "x"})
    (tmp_path / "value").write_text(SECRET)
    given = f"id=s,src={tmp_path}/value"
    failed(builder, top, "--secret", given, "--no-cache")
    read = ("cat", "/run/secrets/s")
    assert shell(builder, "busybox", *read).returncode == 1
    assert shell(builder, "--secret", given, "busybox", *read).stdout == SECRET.encode()
    for folder in (builder.daemon.data_root, builder.daemon.exec_root):
        found = subprocess.run(["grep", "-rlaF", SECRET, str(folder)], capture_output=True)
        assert found.stdout == b""


def test_a_copy_that_fails_leaves_the_state_before_it(builder: Builder, tmp_path):
    text = "FROM bb\nENV A=b\nWORKDIR /w\nRUN echo here > here\nCOPY nosuch /\n"
    failed(builder, context(tmp_path, {"Dockerfile": text}))
    done = shell(builder, "sh", "-c", "pwd; busybox cat here; echo $A")
    assert done.stdout == b"/w\nhere\nb\n"


def test_wrong_words(builder: Builder, tmp_path):
    failed(builder, context(tmp_path, {"Dockerfile": FAILS % "words"}))
    done = gorae(builder, "build", "shell", "--build", "nosuch")
    assert done.returncode == 1 and b'of build "nosuch" is kept' in done.stderr
    done = shell(builder, "nosuch-program")
    assert done.returncode == 127 and b"executable file not found" in done.stderr
    done = shell(builder, "-t", "ls")
    assert done.returncode == 1 and b"not a TTY" in done.stderr
    assert shell(builder, "-e", "=x", "ls").returncode != 0
    nothing_left(builder.daemon)


class Screen:
    """`gorae build shell` on a terminal of ours."""

    def __init__(self, builder: Builder, rows: int, columns: int) -> None:
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        argv = [
            *GORAE,
            "-H",
            builder.daemon.host,
            "build",
            "shell",
            "--build",
            last(builder.daemon),
        ]
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        )
        os.close(slave)
        self.text = ""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def until(self, pattern: str) -> None:
        """Read on until it has been shown, and begin anew behind it."""
        end = time.monotonic() + 30
        while (found := re.search(pattern, self.text)) is None:
            assert time.monotonic() < end, f"waited in vain for {pattern!r}: {self.text!r}"
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.master, 4096).decode("utf-8", "replace")
                except OSError:
                    raise AssertionError(f"it ended before {pattern!r}: {self.text!r}") from None
        self.text = self.text[found.end() :]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def is_running(command: str) -> bool:
    return subprocess.run(["pgrep", "-fx", command], capture_output=True).returncode == 0


def test_on_a_terminal(builder: Builder, tmp_path):
    failed(builder, context(tmp_path, {"Dockerfile": FAILS % "screen"}))
    screen = Screen(builder, 31, 101)
    try:
        screen.until("nothing that is done here is kept")
        screen.until("# ")
        screen.type("busybox cat /left; busybox stty size\n")
        screen.until("screen\r\n31 101")
        screen.resize(42, 120)
        screen.until("# ")
        screen.type("while ! busybox stty size | grep '42 120'; do busybox usleep 50000; done\n")
        screen.until("\n42 120")
        screen.type("busybox sleep 98433\n")
        _wait(lambda: is_running("busybox sleep 98433"), "the command runs")
        screen.type("\x03")
        screen.until("# ")
        screen.type("echo it; exit 7\n")
        screen.until("\nit")
        assert screen.process.wait(30) == 7
    finally:
        screen.close()
    nothing_left(builder.daemon)


def test_the_client_hangs_up(builder: Builder, tmp_path):
    failed(builder, context(tmp_path, {"Dockerfile": FAILS % "hangup"}))
    screen = Screen(builder, 24, 80)
    try:
        screen.until("# ")
        screen.type("busybox sleep 98434 & busybox sleep 98435\n")
        _wait(lambda: is_running("busybox sleep 98435"), "the command runs")
    finally:
        screen.close()
    _wait(lambda: not is_running("busybox sleep 9843[45]"), "the shell's processes are gone")
    nothing_left(builder.daemon)


def test_the_daemon_is_killed_with_a_shell_open(tmp_path):
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        builder = Builder(daemon)
        text = "FROM bb\nRUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx false\n"
        failed(builder, context(tmp_path / "c", {"Dockerfile": text}))
        screen = Screen(builder, 24, 80)
        try:
            screen.until("# ")
            screen.type("busybox sleep 98438\n")
            _wait(lambda: is_running("busybox sleep 98438"), "the command runs")
            daemon.kill()
            assert screen.process.wait(30) != 0
        finally:
            screen.close()
        daemon.start()
        assert not is_running("busybox sleep 98438")
        nothing_left(daemon)
        assert shell(builder, "echo", "again").stdout == b"again\n"


def failed_snapshots(daemon: Goraed) -> int:
    with sqlite3.connect(daemon.data_root / "gorae.db", timeout=20) as db:
        return int(
            db.execute("SELECT count(*) FROM snapshot WHERE key LIKE 'failed-%'").fetchone()[0]
        )


def test_it_outlives_the_daemon_and_goes_when_its_hour_is_over(tmp_path):
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        builder = Builder(daemon)
        text = "FROM bb\nRUN --mount=type=bind,target=/ctx echo left > /left && false\n"
        top = context(tmp_path / "c", {"Dockerfile": text, "file": "kept"})
        failed(builder, top)
        daemon.kill()
        daemon.start()
        done = shell(builder, "busybox", "cat", "/left", "/ctx/file")
        assert done.stdout == b"left\nkept", done.stderr
        for _ in range(2):  # a further failure of the same folder takes the place of the one before
            failed(builder, top, "--no-cache")
        daemon.ask("POST", '/build/prune?filters={"id":["nosuch"]}')
        assert shell(builder, "true").returncode == 0
        daemon.ask("POST", "/build/prune")
        assert shell(builder, "true").returncode == 1
        assert failed_snapshots(daemon) == 0
        failed(builder, top)
        daemon.kill()
        with sqlite3.connect(daemon.data_root / "gorae.db") as db:
            db.execute("UPDATE build_failure SET expires_ns = 1")
            db.execute("UPDATE lease SET expires_ns = 1 WHERE id LIKE 'kept-failure-%'")
        db.close()
        daemon.start()
        assert shell(builder, "true").returncode == 1
        _wait(lambda: failed_snapshots(daemon) == 0, "the collector has taken what was left")
        assert not list((daemon.data_root / "build" / "failed").iterdir())
        nothing_left(daemon)
