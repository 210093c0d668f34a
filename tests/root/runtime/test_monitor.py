"""Containers under monitors: what they say, how they end, who may come and go."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.root.runtime.container_lab import PATIENCE_S, Lab, contents, read_all, wait_for

from gorae.errors import GoraeError, InvalidArgument
from gorae.linux import pidfd
from gorae.runtime import attach, conmon, leftover, logfile
from gorae.runtime.config import Process, Resources
from gorae.runtime.logfile import LogCursor, LogWindow
from gorae.runtime.monitor import Monitor
from gorae.runtime.oci import OciRuntime


def test_exit_status_and_separate_streams(lab: Lab) -> None:
    config = lab.config("sh", "-c", "echo out; echo err >&2; exit 7")
    ended = lab.ended(lab.start(config))
    assert (ended.code, ended.oom_killed) == (7, False)
    assert abs(ended.exited_ns - time.time_ns()) < 60_000_000_000
    chunks = LogCursor.open(str(lab.log_path(config)), LogWindow()).read_more()
    assert sorted(chunks) == [(logfile.STDOUT, b"out\n"), (logfile.STDERR, b"err\n")]


def test_signal_status(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    lab.monitor.kill(task.id, signal.SIGKILL)
    assert lab.ended(task).code == 128 + signal.SIGKILL


def test_nothing_runs_before_start(lab: Lab) -> None:
    config = lab.config("echo", "ran")
    task = lab.create(config)
    assert lab.log_path(config).read_bytes() == b""
    lab.monitor.start(task.id)
    lab.ended(task)
    assert contents(lab.log_path(config).read_bytes()) == b"ran\n"


def test_a_container_starts_again_over_what_the_last_run_left(lab: Lab) -> None:
    config = lab.config("true")
    for _ in range(2):
        assert lab.ended(lab.start(config)).code == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nosuch"], 'exec: "nosuch": executable file not found in $PATH'),
        (["/no/such"], 'exec: "/no/such": stat /no/such: no such file or directory'),
        (["/etc"], 'exec: "/etc": is a directory: permission denied'),
        (["/etc/data"], 'exec: "/etc/data": permission denied'),
        ([""], 'exec: "": executable file not found in $PATH'),
    ],
)
def test_what_cannot_run_is_said_in_dockers_words(lab: Lab, args: list[str], words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        lab.create(lab.config(*args))
    assert str(caught.value).startswith(
        "failed to create task for container: failed to create shim task: OCI runtime create failed: "
    )
    assert str(caught.value).endswith(
        f"unable to start container process: error during container init: {words}"
    )
    task = lab.start(lab.config("sleep", "1000"))
    with pytest.raises(InvalidArgument) as caught:
        lab.exec_output(task, *args)
    assert str(caught.value) == (
        f"OCI runtime exec failed: exec failed: unable to start container process: {words}"
    )


def test_attach_before_start_loses_nothing(lab: Lab) -> None:
    task = lab.create(lab.config("sh", "-c", "echo first; echo second >&2"))
    with attach.connect(task.attach_socket) as sock:
        sock.settimeout(PATIENCE_S)
        lab.monitor.start(task.id)
        frames = read_all(sock)
    assert sorted(frames) == [(attach.STDOUT, b"first\n"), (attach.STDERR, b"second\n")]


def test_half_close_ends_stdin_and_output_goes_on(lab: Lab) -> None:
    task = lab.create(lab.config("sh", "-c", "wc -c; echo later"), stdin=True)
    with attach.connect(task.attach_socket) as sock:
        sock.settimeout(PATIENCE_S)
        lab.monitor.start(task.id)
        for _ in range(64):
            sock.send(b"x" * attach.STDIN_LIMIT)
        attach.end_stdin(sock)
        output = b"".join(data for _, data in read_all(sock))
    assert output == b"%d\nlater\n" % (64 * attach.STDIN_LIMIT)


def test_stdin_stays_open_for_the_next_client(lab: Lab) -> None:
    task = lab.create(lab.config("cat"), stdin=True, once=False)
    lab.monitor.start(task.id)
    for word in (b"one\n", b"two\n"):
        with attach.connect(task.attach_socket) as sock:
            sock.settimeout(PATIENCE_S)
            sock.send(word)
            assert wait_for(sock, lambda seen, word=word: seen == word)
    assert not lab.monitor.has_ended(task)


def test_a_reader_that_stands_still_loses_nothing(lab: Lab) -> None:
    config = lab.config("sh", "-c", "yes 0123456789abcde | head -c 4194304")
    task = lab.create(config)
    with attach.connect(task.attach_socket) as sock:
        sock.settimeout(PATIENCE_S)
        lab.monitor.start(task.id)
        assert not pidfd.wait_gone(task.monitor_pid, task.monitor_ticks, 0.3)
        output = b"".join(data for _, data in read_all(sock))
    lab.ended(task)
    assert output == b"0123456789abcde\n" * (4194304 // 16)
    assert contents(lab.log_path(config).read_bytes()) == output


def test_a_reader_that_goes_away_stops_nobody(lab: Lab) -> None:
    config = lab.config("sh", "-c", "yes 0123456789abcde | head -c 4194304")
    task = lab.create(config)
    sock = attach.connect(task.attach_socket)
    lab.monitor.start(task.id)
    sock.close()
    assert lab.ended(task).code == 0
    assert len(contents(lab.log_path(config).read_bytes())) == 4194304


def test_terminal_size_and_echo(lab: Lab) -> None:
    config = lab.config("sh", terminal=True, console_size=(33, 101))
    task = lab.create(config, stdin=True)
    with attach.connect(task.attach_socket) as sock:
        sock.settimeout(PATIENCE_S)
        lab.monitor.start(task.id)
        sock.send(b"stty size\n")
        assert b"stty size\r\n33 101\r\n" in wait_for(sock, lambda seen: b"33 101" in seen)
        for rows in range(40, 50):
            lab.monitor.resize(task.id, rows, 120)
        lab.monitor.resize(task.id, 50, 120)
        sock.send(b"until [ \"$(stty size)\" = '50 120' ]; do :; done; echo resi''zed\n")
        wait_for(sock, lambda seen: b"resized" in seen)
        sock.send(b"exit 5\n")
        read_all(sock)
    assert lab.ended(task).code == 5


def test_exec_has_its_own_streams_and_status(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    code, output = lab.exec_output(task, "sh", "-c", "cat; echo err >&2; exit 3", stdin=b"in\n")
    assert (code, sorted(output.splitlines())) == (3, [b"err", b"in"])


def test_detached_exec_and_processes(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    wanted = Process(args=("sh", "-c", "exit 9"), env=("PATH=/bin",))
    made = lab.monitor.exec(task.id, "detached", wanted)
    assert pidfd.wait_gone(made.monitor_pid, made.monitor_ticks, PATIENCE_S)
    assert lab.monitor.read_exec_exit(made) == 9
    assert lab.monitor.processes(task.id) == (task.pid,)
    titles, rows = lab.monitor.top(task.id, "-ef")
    assert [row[titles.index("PID")] for row in rows] == [str(task.pid)]


def test_exec_terminal_is_resized(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    socks = []
    wanted = Process(args=("sh",), env=("PATH=/bin",), terminal=True, console_size=(10, 20))
    made = lab.monitor.exec(
        task.id,
        "terminal",
        wanted,
        stdin_open=True,
        connect=lambda one: socks.append(attach.connect(one.attach_socket)),
    )
    with socks[0] as sock:
        sock.settimeout(PATIENCE_S)
        sock.send(b"stty size\n")
        wait_for(sock, lambda seen: b"10 20" in seen)
        lab.monitor.resize_exec(made, 44, 55)
        sock.send(b"until [ \"$(stty size)\" = '44 55' ]; do :; done; echo resi''zed; exit 2\n")
        wait_for(sock, lambda seen: b"resized" in seen)
        read_all(sock)
    assert pidfd.wait_gone(made.monitor_pid, made.monitor_ticks, PATIENCE_S)
    assert lab.monitor.read_exec_exit(made) == 2


def test_out_of_memory_is_told(lab: Lab) -> None:
    limits = Resources(memory_bytes=16 << 20, memory_swap_bytes=16 << 20)
    task = lab.start(lab.config("sh", "-c", "x=a; while :; do x=$x$x; done", resources=limits))
    ended = lab.ended(task)
    assert (ended.code, ended.oom_killed) == (137, True)


def test_pause_update_and_resume(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    lab.monitor.pause(task.id)
    state = lab.monitor.runtime.state(task.id)
    assert state is not None
    assert state["status"] == "paused"
    lab.monitor.resume(task.id)
    limits = Resources(memory_bytes=64 << 20, pids=12, nano_cpus=500_000_000)
    assert lab.monitor.update(task.id, limits) == ()
    code, output = lab.exec_output(
        task, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do sleep 1 & done; wait"
    )
    assert b"fork" in output


def test_the_log_is_reopened_without_loss(lab: Lab) -> None:
    config = lab.config(
        "sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"
    )
    task = lab.create(config)
    path = str(lab.log_path(config))
    cursor = LogCursor.open(path, LogWindow())
    lab.monitor.start(task.id)
    seen = b""
    for _ in range(3):
        while os.stat(path).st_size < 100_000 and not lab.monitor.has_ended(task):
            seen += b"".join(data for _, data in cursor.read_more())
        logfile.rotate(path, 9)
        lab.monitor.reopen_log(task.id)
        while not os.path.exists(path):
            time.sleep(0.001)
    lab.ended(task)
    while chunks := cursor.read_more():
        seen += b"".join(data for _, data in chunks)
    cursor.close()
    assert seen == b"".join(b"line %d\n" % i for i in range(20000))


def test_the_container_outlives_its_starter_and_is_adopted(lab: Lab) -> None:
    config = lab.config("sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 6")
    starter = (
        "import os, pickle, signal, sys\n"
        "from gorae.runtime.monitor import Monitor\n"
        "from gorae.runtime.oci import OciRuntime\n"
        "from pathlib import Path\n"
        "root, host, config, log = pickle.load(sys.stdin.buffer)\n"
        "monitor = Monitor(Path(root), OciRuntime.find(), host)\n"
        "monitor.create(config, log_path=log)\n"
        "monitor.start(config.id)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    payload = pickle.dumps((str(lab.exec_root), lab.host, config, str(lab.log_path(config))))
    lab._ids.append(config.id)
    done = subprocess.run(
        [sys.executable, "-c", starter],
        input=payload,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    task = lab.monitor.adopt(config.id)
    assert task is not None
    assert task.started_ns
    assert not lab.monitor.has_ended(task)
    (lab.rootfs / "tmp" / "go").touch()
    assert lab.ended(task).code == 6
    (lab.rootfs / "tmp" / "go").unlink()
    assert lab.monitor.has_ended(task)


def test_a_container_that_was_never_started_is_not_adopted(lab: Lab) -> None:
    task = lab.create(lab.config("true"))
    assert lab.monitor.adopt(task.id) is None
    assert lab.monitor.bundles() == ()


def test_a_starter_that_died_while_the_container_was_made_leaves_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    config = lab.config("sleep", "1000")
    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(conmon, "_answer", die)
        lab.create(config)
    assert lab.monitor.bundles() == (config.id,)
    assert lab.monitor.adopt(config.id) is None
    assert leftover.find(lab.monitor, lab.exec_root, (), cgroup_parent=lab.parent) == []


def test_a_start_without_its_note_is_adopted(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    Path(task.directory, "started").unlink()
    adopted = lab.monitor.adopt(task.id)
    assert adopted is not None
    assert adopted.pid == task.pid


def test_a_container_whose_monitor_died_is_killed(lab: Lab) -> None:
    task = lab.start(lab.config("sleep", "1000"))
    pidfd.send_signal(task.monitor_pid, task.monitor_ticks, signal.SIGKILL)
    assert pidfd.wait_gone(task.monitor_pid, task.monitor_ticks, PATIENCE_S)
    assert lab.monitor.has_ended(task)
    assert lab.monitor.read_exit(task).code == 137
    assert not pidfd.is_alive(task.pid, task.pid_ticks)


def test_long_paths_do_not_matter(lab: Lab, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monitor = Monitor(deep, OciRuntime.find(), lab.host)
    config = lab.config("sh", terminal=True)
    task = monitor.create(config, log_path=None, terminal=True, stdin_open=True, stdin_once=True)
    try:
        with attach.connect(task.attach_socket) as sock:
            sock.settimeout(PATIENCE_S)
            monitor.start(task.id)
            sock.send(b"exit 4\n")
            read_all(sock)
        assert lab.ended(task).code == 4
    finally:
        monitor.delete(task.id, force=True)


def test_deleting_what_is_not_there_is_fine(lab: Lab) -> None:
    lab.monitor.delete("nobody")
    with pytest.raises(GoraeError):
        lab.monitor.pause("nobody")
