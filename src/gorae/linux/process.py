"""Starting programs: the only door to them.

Programs are started by vfork and exec without any Python in the child, so that a process with threads may do
it. Every descriptor but those in `pass_fds` and the three standard ones is closed in the child.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TypeAlias

from gorae.errors import InvalidArgument, KernelError, Unavailable

Target: TypeAlias = int | IO[bytes]
Child: TypeAlias = "subprocess.Popen[bytes]"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEVNULL = subprocess.DEVNULL
PIPE = subprocess.PIPE
STDOUT = subprocess.STDOUT


@dataclass(frozen=True, slots=True)
class Completed:
    """A program's end. `returncode` is negative for a signal: -9 is killed by KILL."""

    returncode: int
    stdout: bytes = b""
    stderr: bytes = b""


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    stdin: bytes | Target | None = None,
    stdout: Target = PIPE,
    stderr: Target = PIPE,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run a program to its end and give back what it wrote.

    `stdin` is the bytes to be read by the program, a descriptor, or None for nothing. `env` None is ours.

    Raises:
        KernelError: it could not be executed. Unavailable: `timeout_s` ran out; it was killed.
    """
    content = stdin if isinstance(stdin, bytes) else None
    source = PIPE if isinstance(stdin, bytes) else DEVNULL if stdin is None else stdin
    process = spawn(
        argv, env=env, cwd=cwd, stdin=source, stdout=stdout, stderr=stderr, pass_fds=pass_fds
    )
    with process:
        try:
            out, err = process.communicate(content, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Unavailable(f'program "{argv[0]}" did not end within {timeout_s:g} s') from None
        return Completed(process.returncode, out or b"", err or b"")


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    stdin: Target | None = DEVNULL,
    stdout: Target | None = DEVNULL,
    stderr: Target | None = DEVNULL,
    pass_fds: Sequence[int] = (),
    new_session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program and leave it running; the caller waits for it. None for a stream is ours.

    Raises:
        KernelError: it could not be executed. InvalidArgument: a NUL in an argument.
    """
    try:
        return subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            start_new_session=new_session,
        )
    except OSError as error:
        raise KernelError("execve", error.errno or 0, error.filename or argv[0]) from error
    except ValueError as error:
        raise InvalidArgument(f'arguments of "{argv[0]}": {error}') from error
