"""Programs of the system, started and waited for: the only importer of subprocess.

Every descriptor is close-on-exec but those named in `pass_fds`; every call has an end (`timeout_s`).
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from gorae.errors import NotFound, Unavailable

OUTPUT_LIMIT = 16 << 20


@dataclass(frozen=True, slots=True)
class Completed:
    """An ended program: exit status (negative: signal) and what it wrote, as text."""

    returncode: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: bytes | IO[bytes] | None = None,
    stdout: IO[bytes] | int | None = None,
    timeout_s: float = 60,
    cwd: str | None = None,
) -> Completed:
    """Run a program to its end.

    Raises:
        NotFound: no such program. Unavailable: it did not end in time; it was killed.
    """
    given = stdin if isinstance(stdin, bytes) else None
    source = subprocess.DEVNULL if stdin is None else None if given is not None else stdin
    try:
        done = subprocess.run(
            argv,
            env=env,
            cwd=cwd,
            input=given,
            **({} if given is not None else {"stdin": source}),  # type: ignore[arg-type]
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise NotFound(f'program "{argv[0]}" is not installed') from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f'program "{argv[0]}" did not end within {timeout_s:g} s') from None
    return Completed(done.returncode, _text(done.stdout), _text(done.stderr))


def _text(data: bytes | None) -> str:
    return (data or b"")[:OUTPUT_LIMIT].decode(errors="replace")


class Child:
    """A program that was started and is not waited for yet."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self._popen = popen
        self.pid = popen.pid

    def wait(self, timeout_s: float) -> int:
        """Its exit status. Raises: Unavailable: it runs on."""
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"process {self.pid} did not end within {timeout_s:g} s") from None

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()

    @property
    def stdout(self) -> IO[bytes]:
        """The reading end, when it was started with `stdout=PIPE`."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    @property
    def stdin(self) -> IO[bytes]:
        """The writing end, when it was started with `stdin=PIPE`."""
        assert self._popen.stdin is not None
        return self._popen.stdin


PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    cwd: str | None = None,
    new_session: bool = False,
) -> Child:
    """Start a program and return at once.

    Raises:
        NotFound: no such program.
    """
    try:
        popen = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=new_session,
        )
    except FileNotFoundError:
        raise NotFound(f'program "{argv[0]}" is not installed') from None
    return Child(popen)


def self_environment(**more: str) -> dict[str, str]:
    """The daemon's own environment with changes, for a program it starts."""
    return {**os.environ, **more}
