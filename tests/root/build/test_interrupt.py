"""Ctrl-C in the middle of a RUN, typed on a terminal: the build ends at once, and nothing of the step stays."""

import os
import pty
import re
import select
import subprocess
import time

import pytest
from tests.daemon import SRC, _wait
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import GORAE, build
from tests.root.build.test_shell import nothing_left

pytestmark = pytest.mark.root
SLEEP = "busybox sleep 98437"
TEXT = f"""FROM bb AS other
RUN echo other > /other
FROM bb
COPY --from=other /other /other
RUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx --mount=type=tmpfs,target=/t \\
    touch /c/ran && {SLEEP}
"""


def is_running() -> bool:
    return subprocess.run(["pgrep", "-fx", SLEEP], capture_output=True).returncode == 0


def test_ctrl_c(builder: Builder, tmp_path) -> None:
    top = context(tmp_path, {"Dockerfile": TEXT})
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*GORAE, "-H", builder.daemon.host, "build", str(top)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(slave), os.O_RDWR)),
    )
    os.close(slave)
    screen = b""
    try:
        _wait(is_running, "the step runs")
        screen += shown(master, rb"RUN --mount|busybox sleep")
        os.write(master, b"\x03")
        screen += rest(master)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert b"Traceback" not in screen
    assert screen.count(b"\x1b[?25h") >= screen.count(b"\x1b[?25l")  # the cursor is back
    _wait(lambda: not is_running(), "the step's process is gone")
    nothing_left(builder.daemon)
    (tmp_path / "Dockerfile").write_text(TEXT.partition("RUN --mount")[0])
    _, words = build(builder, tmp_path)
    assert words.count("CACHED") >= 2


def shown(master: int, pattern: bytes) -> bytes:
    """What comes until it has been shown."""
    found, end = b"", time.monotonic() + 30
    while not re.search(pattern, found):
        assert time.monotonic() < end, found
        if select.select([master], [], [], 0.2)[0]:
            found += os.read(master, 65536)
    return found


def rest(master: int) -> bytes:
    """All until the other end is closed."""
    found = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            return found
        if not piece:
            return found
        found += piece
