"""Start a local daemon when nothing listens on the default socket and the user is root."""

from __future__ import annotations

import os
import sys
import time

from gorae.client import transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.console import Console
    from gorae.client.address import Address

DAEMON = "goraed"
DEADLINE_S = 30.0
LOG = "/var/log/goraed.log"


def start_daemon(address: Address, console: Console) -> bool:
    """Start `goraed` from the folder of this program, apart from its session; wait until it answers.

    Returns:
        False: there is no such program, or it ended or stayed silent (its log is named on stderr).
    """
    program = daemon_program()
    if not program:
        return False
    console.complain(f"{os.path.basename(sys.argv[0])}: starting {DAEMON} (log: {LOG})")
    pid = _spawn(program)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if _answers(address):
            return True
        if os.waitpid(pid, os.WNOHANG)[0]:
            break
        time.sleep(0.02)  # a socket that does not exist yet gives no event to wait for
    console.complain(f"{DAEMON} did not come up; see {LOG}")
    return False


def daemon_program() -> str:
    """The daemon beside the CLI's own executable, empty if there is none."""
    folder = os.path.dirname(os.path.realpath(sys.argv[0]))
    path = os.path.join(folder, DAEMON)
    return path if os.access(path, os.X_OK) else ""


def _spawn(program: str) -> int:
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    empty = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    actions = [
        (os.POSIX_SPAWN_DUP2, empty, 0),
        (os.POSIX_SPAWN_DUP2, log, 1),
        (os.POSIX_SPAWN_DUP2, log, 2),
    ]
    try:
        return os.posix_spawn(program, [program], os.environ, file_actions=actions, setsid=True)
    finally:
        os.close(log)
        os.close(empty)


def _answers(address: Address) -> bool:
    try:
        connection = transport.Connection(transport.connect(address))
    except OSError:
        return False
    try:
        return connection.request("GET", "/_ping").status == 200
    except OSError:
        return False
    finally:
        connection.close()
