"""`-it` and its relatives on a terminal of the test's own: docker and gorae, key by key."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.oracle.scenario import Engine
from tests.oracle.twin import PROGRAMS, environment, play

PATIENCE_S = 30
pytestmark = [pytest.mark.oracle, pytest.mark.parametrize("program", list(PROGRAMS))]


class Terminal:
    """A program on a pseudo-terminal; what it writes is kept."""

    def __init__(self, argv: list[str], host: str) -> None:
        self.master, slave = pty.openpty()
        self.size(24, 80)
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(host),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen = b""

    def size(self, rows: int, columns: int) -> None:
        """Another size; the kernel tells the program."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, pattern: str) -> str:
        """Read until the pattern is there; what stood up to its end, taken off."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern.encode(), self.seen)):
            assert time.monotonic() < end, f"{pattern!r} is not in {self.seen!r}"
            self.read()
        text, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return text.decode(errors="replace")

    def read(self) -> None:
        if select.select([self.master], [], [], 0.2)[0]:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return

    def end(self) -> int:
        """Wait for the program; its status. What it still wrote is read."""
        limit = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < limit, f"it does not end: {self.seen!r}"
            self.read()
        self.read()
        return self.process.returncode


@contextmanager
def terminal(program: str, engine: Engine, *words: str) -> Iterator[Terminal]:
    one = Terminal([*PROGRAMS[program], *words], engine.host)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()
        os.close(one.master)


@pytest.fixture
def name(engine: Engine, program: str) -> Iterator[str]:
    """A container's name; nothing of it is left."""
    found = f"tty-{program}"
    play("docker", engine.host, f"rm -f {found}", names={})
    yield found
    play("docker", engine.host, f"rm -f {found}", names={})


def test_a_shell_on_a_terminal(program: str, engine: Engine) -> None:
    with terminal(program, engine, "run", "-it", "--rm", "bb", "sh") as one:
        one.expect(r"# ")
        one.type("tty; echo $((40+2))\n")
        one.expect(r"/dev/pts/\d+\r\n42\r\n")
        one.type("exit 7\n")
        assert one.end() == 7


def test_the_size_is_told_and_follows(program: str, engine: Engine) -> None:
    with terminal(program, engine, "run", "-it", "--rm", "bb", "sh") as one:
        one.expect(r"# ")
        for rows, columns in ((24, 80), (50, 132)):
            one.size(rows, columns)
            one.type(
                f'until [ "$(stty size)" = "{rows} {columns}" ]; do sleep 0.1; done; echo is $((1+{rows}))\n'
            )
            one.expect(rf"\nis {rows + 1}\r")
        one.type("exit\n")
        assert one.end() == 0


def test_the_terminal_is_raw_and_given_back(program: str, engine: Engine) -> None:
    with terminal(program, engine, "run", "-it", "--rm", "bb", "cat") as one:
        before = termios.tcgetattr(one.master)[3]
        one.type("hello\n")
        one.expect(r"hello\r\nhello\r\n")  # the container's terminal echoes, ours does not
        one.type(
            "\x03"
        )  # a key for the container's terminal, which shows it; the first process may ignore it
        one.expect(r"\^C")
        one.type("\x04")
        assert one.end() == 0
        assert termios.tcgetattr(one.master)[3] == before


@pytest.mark.parametrize(
    ("flags", "keys"), [([], "\x10\x11"), (["--detach-keys", "ctrl-a,d"], "\x01d")]
)
def test_detach_keys_leave_it_running(
    program: str, engine: Engine, name: str, flags: list[str], keys: str
) -> None:
    with terminal(program, engine, "run", "-it", "--name", name, *flags, "bb", "sh") as one:
        one.expect(r"# ")
        one.type(keys)
        assert one.end() == 0
    running = play("docker", engine.host, f"inspect -f {{{{.State.Running}}}} {name}", names={})
    assert running.stdout == "true"
    with terminal(program, engine, "attach", name) as one:
        one.type("\n")
        one.expect(r"# ")
        one.type("exit 4\n")
        assert one.end() == 4


def test_exec_on_a_terminal(program: str, engine: Engine, name: str) -> None:
    assert play("docker", engine.host, f"run -d --name {name} bb sleep 100", names={}).code == 0
    with terminal(program, engine, "exec", "-it", name, "sh") as one:
        one.expect(r"# ")
        one.type("stty size; exit 5\n")
        one.expect(r"24 80\r\n")
        assert one.end() == 5


def test_start_attached_and_interactive(program: str, engine: Engine, name: str) -> None:
    assert play("docker", engine.host, f"create -it --name {name} bb sh", names={}).code == 0
    with terminal(program, engine, "start", "-ai", name) as one:
        one.type("\n")
        one.expect(r"# ")
        one.type("exit 6\n")
        assert one.end() == 6


def test_signals_go_to_the_container(program: str, engine: Engine, name: str) -> None:
    line = "trap 'echo got; exit 9' TERM; echo ready; while true; do sleep 0.1; done"
    with terminal(program, engine, "run", "--name", name, "bb", "sh", "-c", line) as one:
        one.expect("ready")
        one.process.send_signal(signal.SIGTERM)
        one.expect("got")
        assert one.end() == 9


def test_without_sig_proxy_signals_end_the_client_alone(
    program: str, engine: Engine, name: str
) -> None:
    if program == "docker":
        pytest.skip("docker 28 takes a signal for a wish to stop, and goes on waiting")
    words = ("run", "--sig-proxy=false", "--name", name, "bb", "sh", "-c", "echo ready; sleep 100")
    with terminal(program, engine, *words) as one:
        one.expect("ready")
        one.process.send_signal(signal.SIGINT)
        one.end()
    running = play("docker", engine.host, f"inspect -f {{{{.State.Running}}}} {name}", names={})
    assert running.stdout == "true"


def test_the_end_of_input_is_passed_on(program: str, engine: Engine) -> None:
    with terminal(program, engine, "run", "-it", "--rm", "bb", "sh", "-c", "cat; echo over") as one:
        one.type("x\n")
        one.expect(r"x\r\nx\r\n")
        one.type("\x04")
        one.expect("over")
        assert one.end() == 0
