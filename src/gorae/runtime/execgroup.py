"""The processes of one exec: a cgroup of their own below the container's, so that all of them can be ended.

The runtime starts an exec in the container's own cgroup; it is moved once it runs, with what it started by then. What
it starts later is born there. Ending freezes first: nothing escapes by forking.
"""

import contextlib
import signal as signals

from gorae.errors import KernelError
from gorae.linux import cgroup, pidfd

ROUNDS = 4
"""How often new children are looked for while they are moved."""


def path(container_cgroup: str, exec_id: str) -> str:
    """Where an exec's processes are."""
    return f"{container_cgroup}/exec-{exec_id[:12]}"


def gather(container_cgroup: str, exec_id: str, pid: int) -> None:
    """Move a process and its descendants; one that has ended already leaves nothing. Raises: KernelError."""
    tree, place = cgroup.host(), path(container_cgroup, exec_id)
    tree.gather(place, (pid,))
    known = {pid}
    for _ in range(ROUNDS):
        new = descendants(pid, set(tree.pids(container_cgroup))) - known
        if not new:
            break
        tree.gather(place, new)
        known |= new
    if not tree.pids(place):
        discard(container_cgroup, exec_id)


def descendants(pid: int, among: set[int]) -> set[int]:
    """Of these processes, those that stand below `pid`."""
    parents = {one: _parent(one) for one in among}
    found: set[int] = set()
    more = {pid}
    while more:
        more = {one for one, parent in parents.items() if parent in more} - found
        found |= more
    return found


def _parent(pid: int) -> int:
    """Source: proc_pid_stat(5)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b") ")[2].split()[1])
    except (OSError, IndexError):
        return 0


def signal(container_cgroup: str, exec_id: str, number: int) -> bool:
    """Signal every process of an exec; whether there were any. Raises: KernelError."""
    tree, place = cgroup.host(), path(container_cgroup, exec_id)
    if not tree.pids(place):
        return False
    hard = number == signals.SIGKILL
    if hard:
        tree.freeze(place, frozen=True)
    try:
        for pid in tree.pids(place):
            pidfd.send_signal(pid, pidfd.start_ticks(pid), number)
    finally:
        if hard:
            with contextlib.suppress(KernelError):
                tree.freeze(place, frozen=False)
    return True


def discard(container_cgroup: str, exec_id: str) -> None:
    """Remove the cgroup unless somebody still lives there; the container's removal takes it along then."""
    with contextlib.suppress(KernelError, OSError):
        cgroup.host().remove(path(container_cgroup, exec_id))
