"""Processes known by number and start time."""

import os
import signal
import subprocess

from gorae.linux import pidfd


def test_a_process_and_its_end() -> None:
    child = subprocess.Popen(["sleep", "60"])
    ticks = pidfd.start_ticks(child.pid)
    assert ticks > 0
    assert pidfd.is_alive(child.pid, ticks)
    assert not pidfd.is_alive(child.pid, ticks + 1)
    assert not pidfd.send_signal(child.pid, ticks + 1, signal.SIGKILL)
    assert not pidfd.wait_gone(child.pid, ticks, 0.01)
    assert pidfd.wait_gone(child.pid, ticks + 1, 0.01)
    assert pidfd.send_signal(child.pid, ticks, signal.SIGKILL)
    assert pidfd.wait_gone(child.pid, ticks, 10)
    assert not pidfd.is_alive(child.pid, ticks)  # its remains do not count
    child.wait()
    assert not pidfd.send_signal(child.pid, ticks, 0)


def test_realtime_signals_and_nobody() -> None:
    me = os.getpid()
    seen: list[int] = []
    before = signal.signal(signal.SIGRTMIN + 3, lambda number, _: seen.append(number))
    assert pidfd.send_signal(me, pidfd.start_ticks(me), signal.SIGRTMIN + 3)
    signal.signal(signal.SIGRTMIN + 3, before)
    assert seen == [signal.SIGRTMIN + 3]
    assert pidfd.start_ticks(0) == 0
    assert pidfd.wait_gone(1 << 22, 1, 0)
