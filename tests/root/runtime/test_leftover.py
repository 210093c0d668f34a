"""What an interrupted daemon leaves is found and removed."""

import os
import signal

from tests.root.runtime.container_lab import PATIENCE_S, Lab

from gorae.linux import cgroup, pidfd
from gorae.runtime import leftover
from gorae.runtime.leftover import Leftover


def _find(lab: Lab, *known: str) -> list[Leftover]:
    return leftover.find(lab.monitor, lab.exec_root, known, cgroup_parent=lab.parent)


def test_a_running_container_without_a_record(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    assert _find(lab, task.id) == []
    found = _find(lab)
    assert {one.kind for one in found} == {"bundle", "monitor", "cgroup"}
    assert all(one.container_id == task.id for one in found)
    for one in found:
        leftover.remove(lab.monitor, lab.exec_root, one)
    assert _find(lab) == []
    assert not pidfd.is_alive(task.pid, task.pid_ticks)


def test_a_cgroup_with_processes(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    pidfd.send_signal(task.monitor_pid, task.monitor_ticks, signal.SIGKILL)
    assert pidfd.wait_gone(task.monitor_pid, task.monitor_ticks, PATIENCE_S)
    leftover.remove(lab.monitor, lab.exec_root, Leftover("cgroup", task.cgroup_path, task.id))
    assert cgroup.host().children(lab.parent) == ()
    assert not pidfd.is_alive(task.pid, task.pid_ticks)


def test_an_ended_exec(lab: Lab) -> None:
    directory = lab.exec_root / "exec" / "ended"
    directory.mkdir()
    (directory / "conmon.pid").write_text("4194304")
    found = _find(lab)
    assert found == [Leftover("exec", "ended")]
    leftover.remove(lab.monitor, lab.exec_root, found[0])
    (directory).mkdir()
    (directory / "exit").write_text("0")
    assert lab.monitor.adopt_execs() == []
    assert os.listdir(lab.exec_root / "exec") == []
