"""Starting conmon: its arguments, its pipes, its answers.

Three pipes tie it to its starter, named by environment variables. On the sync pipe it writes one line of JSON,
`{"data": PID}`, or a negative number and the runtime's `message`. On the attach pipe (execs) it writes a line when
its attach socket listens. From the start pipe (execs) it reads twice: once before anything, once, after the
attach line, before the process runs.

Source: conmon(8), and its behaviour at 2.1.6
"""

import contextlib
import json
import os
import select
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import Internal, NotFound, Unavailable
from gorae.linux import pidfd, process
from gorae.runtime.oci import OciRuntime, plain_words
from gorae.runtime.programversion import ProgramVersion, program_version

PLACES = ("/usr/libexec/podman/conmon", "conmon")
ANSWER_TIMEOUT_S = 60
SOCKET_PATH_LIMIT = 107
_CONSOLE_NAME = "/conmon-term.XXXXXX"
RUNTIME_LOG = "runtime.log"
"""In the directory of an exec with a terminal: a line of JSON for each error of the runtime."""


@dataclass(frozen=True, slots=True)
class Stdio:
    """What becomes of the process's streams; `log` as conmon's --log-path takes it."""

    terminal: bool
    stdin: bool
    keep_stdin: bool
    """Standard input stays open when a client leaves."""
    log: tuple[str, ...]
    log_tag: str = ""
    """What the journal is told that the lines come from."""


@dataclass(frozen=True, slots=True)
class Started:
    """conmon's answer: the process's pid, or the runtime's `error`."""

    pid: int
    monitor_pid: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Conmon:
    """The program, and the runtime that it calls."""

    path: str
    runtime: OciRuntime
    environment: dict[str, str]

    @classmethod
    def find(cls, runtime: OciRuntime, exec_root: Path, path: str = "") -> "Conmon":
        """Raises: NotFound: not installed."""
        for place in (path,) if path else PLACES:
            found = shutil.which(place, path=process.PATH)
            if found:
                return cls(found, runtime, _environment(exec_root))
        raise NotFound(f'no monitor "{path or "conmon"}" in {process.PATH}')

    def version(self) -> ProgramVersion:
        """As the program says it."""
        return program_version(self.path)

    def create(self, container_id: str, bundle: Path, stdio: Stdio, *, name: str = "") -> Started:
        """Create a container of `bundle`. Raises: GoraeError: the monitor itself failed."""
        argv = self._argv(container_id, container_id, bundle, stdio)
        with Pipes(("_OCI_SYNCPIPE",)) as pipes:
            self._spawn([*argv, "--name", name or container_id], bundle, pipes)
            return _answer(pipes, bundle)

    def exec(
        self,
        container_id: str,
        directory: Path,
        stdio: Stdio,
        connect: Callable[[], None] | None,
    ) -> Started:
        """Start a further process. Raises: GoraeError: the monitor itself failed, or `connect` did."""
        argv = self._argv(container_id, directory.name, directory, stdio)
        argv += ["--exec", "--exec-process-spec", str(directory / "process.json")]
        if stdio.terminal:  # the runtime's last words would go to the terminal, and with it
            for word in ("--log", str(directory / RUNTIME_LOG), "--log-format", "json"):
                argv += ["--runtime-arg", word]
        if connect is None:
            with Pipes(("_OCI_SYNCPIPE",)) as pipes:
                self._spawn(argv, directory, pipes)
                return _answer(pipes, directory)
        names = ("_OCI_SYNCPIPE", "_OCI_ATTACHPIPE")
        with Pipes(names, to_child=("_OCI_STARTPIPE",)) as pipes:
            pipes.write("_OCI_STARTPIPE")
            self._spawn([*argv, "--exec-attach"], directory, pipes)
            pipes.read_line("_OCI_ATTACHPIPE")
            connect()
            pipes.write("_OCI_STARTPIPE")
            return _answer(pipes, directory)

    def _argv(self, container_id: str, unique_id: str, directory: Path, stdio: Stdio) -> list[str]:
        argv = [self.path, "--api-version", "1", "--cid", container_id, "--cuuid", unique_id]
        argv += ["--runtime", self.runtime.path]
        for word in self.runtime.global_arguments:
            argv += ["--runtime-arg", word]
        argv += ["--bundle", str(directory), "--persist-dir", str(directory), "--full-attach"]
        argv += ["--container-pidfile", str(directory / "pid")]
        argv += ["--conmon-pidfile", str(directory / "conmon.pid")]
        for place in stdio.log:
            argv += ["--log-path", place]
        argv.append("--no-sync-log")
        if stdio.log_tag:
            argv += ["--log-tag", stdio.log_tag]
        if stdio.terminal:
            argv.append("--terminal")
        if stdio.stdin:
            argv.append("--stdin")
        if stdio.keep_stdin:
            argv.append("--leave-stdin-open")
        return argv

    def _spawn(self, argv: Sequence[str], directory: Path, pipes: "Pipes") -> None:
        """The first process forks the monitor, notes its pid and leaves; its errors are told by then."""
        program = process.spawn(
            argv,
            env=self.environment | pipes.environment,
            cwd=str(directory),
            stderr=process.PIPE,
            pass_fds=pipes.child_fds,
        )
        pipes.close_child_ends()
        with program:
            words = program.stderr.read() if program.stderr else b""
        if program.returncode:
            raise Internal(f"monitor: {words.decode(errors='replace').strip()[-500:]}")


def _environment(exec_root: Path) -> dict[str, str]:
    """UTC makes the log's stamps so. The console socket, whose name must be short, goes to TMPDIR."""
    short = len(f"{exec_root}{_CONSOLE_NAME}") <= SOCKET_PATH_LIMIT
    return {"PATH": process.PATH, "TZ": "UTC", "TMPDIR": str(exec_root) if short else "/tmp"}


def _answer(pipes: "Pipes", directory: Path) -> Started:
    line = pipes.read_line("_OCI_SYNCPIPE")
    try:
        monitor_pid = int((directory / "conmon.pid").read_text())
        answer = json.loads(line.decode(errors="replace"), strict=False)
        pid, words = int(answer["data"]), str(answer.get("message", ""))
    except (OSError, ValueError, KeyError, TypeError):
        logged = _logged_words(directory)
        if not logged:
            raise Internal(f"monitor: no answer but {line[:200]!r}") from None
        return Started(0, 0, plain_words(logged))
    if pid > 0:
        return Started(pid, monitor_pid)
    lines = words.strip().splitlines() or [_logged_words(directory) or "no word of why"]
    return Started(0, monitor_pid, plain_words(lines[-1]))


def _logged_words(directory: Path) -> str:
    """The last error in the runtime's log, where it kept one; monitors are silent about terminals that failed."""
    words = ""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        for line in (directory / RUNTIME_LOG).read_text(errors="replace").splitlines():
            entry = json.loads(line)
            words = str(entry["msg"]) if entry.get("level") == "error" else words
    return words.strip()


@dataclass(frozen=True, slots=True)
class Running:
    """A monitor as the process table shows it."""

    pid: int
    container_id: str
    directory: str


def running() -> Iterator[Running]:
    """All monitors of this host, ours and others'."""
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.path.basename(words[0]) == b"conmon":
            yield Running(int(name), _option(words, b"--cid"), _option(words, b"--bundle"))


def monitor_of(directory: Path) -> tuple[int, int]:
    """(pid, start) of the monitor that works in `directory`; zeros when there is none.

    Its note is there an instant after its start; in that instant the process table tells.
    """
    with contextlib.suppress(OSError, ValueError):
        pid = int((directory / "conmon.pid").read_text())
        return pid, pidfd.start_ticks(pid)
    for one in running():
        if one.directory == str(directory):
            return one.pid, pidfd.start_ticks(one.pid)
    return 0, 0


def _option(words: Sequence[bytes], name: bytes) -> str:
    try:
        return os.fsdecode(words[words.index(name) + 1])
    except (ValueError, IndexError):
        return ""


class Pipes:
    """Pipes to a child that learns their descriptors from its environment."""

    def __init__(self, from_child: Sequence[str], to_child: Sequence[str] = ()) -> None:
        self._ours: dict[str, int] = {}
        self._childs: dict[str, int] = {}
        self._deadline = time.monotonic() + ANSWER_TIMEOUT_S
        for name in (*from_child, *to_child):
            read_fd, write_fd = os.pipe()
            mine, its = (read_fd, write_fd) if name in from_child else (write_fd, read_fd)
            self._ours[name], self._childs[name] = mine, its

    def __enter__(self) -> "Pipes":
        return self

    def __exit__(self, *_: object) -> None:
        self.close_child_ends()
        for fd in self._ours.values():
            os.close(fd)

    @property
    def environment(self) -> dict[str, str]:
        """The variables for the child."""
        return {name: str(fd) for name, fd in self._childs.items()}

    @property
    def child_fds(self) -> tuple[int, ...]:
        """The descriptors to hand over."""
        return tuple(self._childs.values())

    def close_child_ends(self) -> None:
        """Ours would keep the pipes from ending with the child."""
        for fd in self._childs.values():
            os.close(fd)
        self._childs.clear()

    def write(self, name: str) -> None:
        """A byte, whose arrival is all that it means; a child that is gone is noticed when it is read."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._ours[name], b"\0")

    def read_line(self, name: str) -> bytes:
        """Up to the first newline, or the end; an exec that ends at once has sent its status behind it.

        Raises:
            Unavailable: not in time.
        """
        return b"".join(self._pieces(self._ours[name])).partition(b"\n")[0]

    def _pieces(self, fd: int) -> Iterator[bytes]:
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        while True:
            left_ms = int((self._deadline - time.monotonic()) * 1000)
            if left_ms <= 0 or not poll.poll(left_ms):
                raise Unavailable(f"monitor: no answer within {ANSWER_TIMEOUT_S} s")
            piece = os.read(fd, 65536)
            yield piece
            if not piece or b"\n" in piece:
                return
