"""`gorae compose` in the foreground: files that are followed, ctrl-C, the status of a service."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.daemon import Goraed
from tests.root.compose.applications import OURS
from tests.root.compose.facts import Engine
from tests.root.compose.tool import Tool

PATIENCE_S = 60
PROJECT = "attached"


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)


@contextlib.contextmanager
def running(tool: Tool, host: str, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on; its output, both streams, is in `folder/../output`."""
    output = folder.parent / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [*tool.argv, "-p", PROJECT, *words],
            cwd=folder,
            env={**os.environ, "DOCKER_HOST": host, "PWD": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        tool(host, PROJECT, folder, "down", "-v", "-t", "0", "--remove-orphans")


def test_changed_files_are_copied_in_restart_a_service_or_build_it_anew(
    tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    watched, engine = folder / "watched", Engine(daemon.host)
    output = watched.parent / "output"

    def inside(service: str, path: str) -> str:
        return tools[OURS](daemon.host, PROJECT, watched, "exec", "-T", service, "cat", path).stdout

    with running(tools[OURS], daemon.host, watched, "up", "--watch"):
        until(lambda: "Watch enabled" in output.read_text(), "it watches")
        before = engine.ids(PROJECT)
        (watched / "src" / "ignored.tmp").write_text("no")
        (watched / "src" / "more").write_text("more")
        (watched / "src" / "word").write_text("second\n")
        until(lambda: inside("synced", "/src/word") == "second\n", "a file is copied in")
        until(lambda: inside("built", "/word") == "second\n", "the image is built anew")
        until(lambda: "| second" in output.read_text(), "the restarted service reads its file")
        assert inside("synced", "/src/more") == "more" and not inside("synced", "/src/ignored.tmp")
        (watched / "src" / "more").unlink()
        until(lambda: not inside("synced", "/src/more"), "a removed file is taken away")
        after = engine.ids(PROJECT)
        assert before["synced/1"][0] == after["synced/1"][0]
        assert before["restarted/1"][0] == after["restarted/1"][0]
        assert before["built/1"][0] != after["built/1"][0]


def test_ctrl_c_stops_the_containers_and_keeps_them(
    tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    one, engine = folder / "conditions", Engine(daemon.host)
    with running(tools[OURS], daemon.host, one, "up", "-t", "0") as process:
        until(lambda: "migrated" in (folder / "output").read_text(), "the logs are shown")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        states = {key: state for key, (_, state, _) in engine.ids(PROJECT).items()}
        assert states == {"db/1": "exited", "migrate/1": "exited", "web/1": "exited"}


def test_our_status_is_that_of_a_service(
    tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    one = folder / "status"
    one.mkdir()
    (one / "compose.yaml").write_text(
        "services:\n"
        "  ends: {image: compose-bb, command: [sh, -c, 'echo ending; exit 5']}\n"
        "  lasts: {image: compose-bb, command: sleep 1000, stop_signal: SIGKILL}\n"
    )
    for words in (["--abort-on-container-exit"], ["--exit-code-from", "ends"]):
        done = tools[OURS](daemon.host, PROJECT, one, "up", *words)
        assert done.returncode == 5, done
        assert "ending" in done.stdout
        states = {key: found[1] for key, found in Engine(daemon.host).ids(PROJECT).items()}
        assert states == {"ends/1": "exited", "lasts/1": "exited"}
    tools[OURS](daemon.host, PROJECT, one, "down", "-t", "0")


def test_waiting_for_health_and_for_what_never_comes(
    tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    one = folder / "conditions"
    done = tools[OURS](daemon.host, PROJECT, one, "up", "--wait", "web", "db")
    assert done.returncode == 0, done.stderr
    assert {found[2] for key, found in Engine(daemon.host).ids(PROJECT).items() if key == "db/1"}
    assert "healthy" in Engine(daemon.host).ids(PROJECT)["db/1"][2]
    tools[OURS](daemon.host, PROJECT, one, "down", "-v", "-t", "0")
    bad = tools[OURS](daemon.host, PROJECT, one, "--profile", "bad", "up", "--wait", "after-broken")
    assert bad.returncode == 1 and "didn't complete successfully" in bad.stderr
    tools[OURS](daemon.host, PROJECT, one, "--profile", "bad", "down", "-v", "-t", "0")
