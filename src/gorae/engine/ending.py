"""The truth about an end: what was known when a container's process was over, in a form that outlives it.

Pure but for `kernel_report`, which reads the kernel's ring buffer: only after the kernel killed for memory.
"""

import contextlib
import os
import re
import signal as signals
from dataclasses import dataclass

from gorae.engine.model import ContainerState, HealthState

LINES = 50
LOG_BYTES = 16 << 10
RING_BYTES = 1 << 20
_KILLED = re.compile(
    r"Memory cgroup out of memory: Killed process (\d+) \((.*?)\).*?anon-rss:(\d+)kB.*?file-rss:(\d+)kB"
)


@dataclass(frozen=True, slots=True)
class Victim:
    """What the kernel killed for memory: the largest process of the container then."""

    pid: int
    command: str
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is kept. `error`: why it did not start; `lines`: the last ones it wrote."""

    container_id: str
    name: str
    image: str
    started_ns: int
    ended_ns: int
    exit_code: int
    oom_killed: bool = False
    by_client: bool = False
    memory_limit_bytes: int = 0
    memory_peak_bytes: int = 0
    victim: Victim | None = None
    error: str = ""
    restart_count: int = 0
    lines: tuple[str, ...] = ()
    health: HealthState = HealthState()

    @property
    def signal(self) -> str:
        """The name of the signal that ended it, as far as its status tells; empty: none did."""
        if not 128 < self.exit_code < 193:
            return ""
        try:
            return signals.Signals(self.exit_code - 128).name
        except ValueError:
            return f"signal {self.exit_code - 128}"

    @property
    def reason(self) -> str:
        """In a line."""
        if self.error:
            return f"did not start: {self.error}"
        if self.oom_killed:
            return self._oom()
        if self.signal:
            asked = "as a client asked" if self.by_client else "by nobody that this engine knows"
            return f"killed by {self.signal}, {asked}"
        if self.exit_code:
            return f"its process gave up with status {self.exit_code}"
        return "its process ended by itself, with success"

    def _oom(self) -> str:
        limit = f"limit {_size(self.memory_limit_bytes)}" if self.memory_limit_bytes else "no limit"
        if self.victim is None:
            return f"out of memory: the kernel killed in it; {limit}"
        one = self.victim
        return (
            f"out of memory: the kernel killed {one.command} (process {one.pid}, "
            f"{_size(one.memory_bytes)}); {limit}"
        )


def _size(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"


def of(state: ContainerState, *, container_id: str, name: str, image: str) -> Ending:
    """From what the record says after the end."""
    return Ending(
        container_id=container_id,
        name=name,
        image=image,
        started_ns=state.started_ns,
        ended_ns=state.finished_ns,
        exit_code=state.exit_code,
        oom_killed=state.oom_killed,
        by_client=state.stopped_by_user,
        error=state.error,
        restart_count=state.restart_count,
        health=state.health,
    )


def victim(ring: str, container_id: str) -> Victim | None:
    """The last process that the kernel killed in a container's memory cgroup, from its messages.

    Source: mm/oom_kill.c, __oom_kill_process; the line `oom-kill:` before names the cgroup.
    """
    found = None
    mine = False
    for line in ring.splitlines():
        if "oom-kill:" in line:
            mine = container_id in line
        elif mine and (match := _KILLED.search(line)):
            pid, command, anonymous, of_files = match.groups()
            found = Victim(int(pid), command, (int(anonymous) + int(of_files)) * 1024)
    return found


def kernel_report() -> str:
    """The kernel's newest messages; empty where they may not be read. Source: Documentation/ABI/testing/dev-kmsg."""
    pieces: list[bytes] = []
    total = 0
    with contextlib.suppress(OSError):
        fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            while total < RING_BYTES * 4:
                try:
                    pieces.append(os.read(fd, 8192))
                except BrokenPipeError:  # overwritten while it was read: the next one is there
                    continue
                total += len(pieces[-1])
        except BlockingIOError:
            pass
        finally:
            os.close(fd)
    return b"".join(pieces)[-RING_BYTES:].decode(errors="replace")


def last_lines(path: str) -> tuple[str, ...]:
    """The end of a log; nothing where there is none."""
    if not path:
        return ()
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_BYTES))
            data = file.read(LOG_BYTES)
    except OSError:
        return ()
    lines = data.decode(errors="replace").splitlines()
    if len(data) == LOG_BYTES:
        lines = lines[1:]
    return tuple(line.split(" ", 3)[-1] for line in lines[-LINES:] if line.count(" ") >= 3)
