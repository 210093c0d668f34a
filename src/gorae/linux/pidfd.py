"""Processes that are not our children, told apart from later ones with the same number.

A process is known by its pid and its start time, in clock ticks since boot: the pair is never used twice.
Source: proc_pid_stat(5), pidfd_open(2)
"""

import os
import select
import signal


def start_ticks(pid: int) -> int:
    """When `pid` was started; 0 when there is no such process, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in (b"Z", b"X") else int(fields[19])


def is_alive(pid: int, ticks: int) -> bool:
    """Whether that very process still runs."""
    return pid > 0 and ticks > 0 and start_ticks(pid) == ticks


def send_signal(pid: int, ticks: int, number: int) -> bool:
    """Signal that very process; False when it is gone."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if start_ticks(pid) != ticks:
            return False
        signal.pidfd_send_signal(fd, signal.Signals(number) if number in _KNOWN else number)
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
    return True


_KNOWN = frozenset(int(one) for one in signal.Signals)


def wait_gone(pid: int, ticks: int, timeout_s: float) -> bool:
    """Wait until that very process has ended; False when `timeout_s` ran out first."""
    if pid <= 0:
        return True
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        if start_ticks(pid) != ticks:
            return True
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(int(timeout_s * 1000)))
    finally:
        os.close(fd)
