"""One application played by one tool against one engine: the answers of its steps."""

import json
import shlex
import time
from pathlib import Path
from typing import Any

from tests.root.compose.applications import Application
from tests.root.compose.facts import Engine, facts
from tests.root.compose.tool import Tool

PATIENCE_S = 30


def play(
    tool: Tool, host: str, application: Application, folder: Path, *, recording: bool = False
) -> list[dict[str, Any]]:
    """The answers, one for each step that the tool takes part in; the application is down afterwards."""
    engine, project = Engine(host), f"ten-{application.folder}"
    before: dict[str, str] = {}
    answers = []
    try:
        for step in application.steps:
            if tool.name not in step.tools:
                continue
            if step.lines and recording:
                continue
            done = tool(host, project, folder, *shlex.split(step.words), env=step.env)
            said, before = settled(engine, project, before, application.tasks)
            answer: dict[str, Any] = {
                "step": step.words,
                "status": done.returncode,
                "containers": said,
            }
            if step.lines:
                assert _said(done.stdout) == sorted(step.lines), (
                    f"{tool.name}: {step.words}: {done}"
                )
                continue
            if step.say:
                answer["says"] = _said(done.stdout)
            if step.look:
                answer["facts"] = facts(engine, project, folder)
            answers.append(answer)
            if done.returncode:
                answer["stderr"] = done.stderr[-2000:]
    finally:
        tool(host, project, folder, "down", "-v", "-t", "0", "--remove-orphans")
    return answers


def settled(
    engine: Engine, project: str, before: dict[str, str], tasks: tuple[str, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """The containers when nothing is about to change by itself: state, and `new` for those that were not there before.

    Restarts are over, checks are passed, `tasks` (services that end) have ended. Also their ids, for the next time.
    """
    end = time.monotonic() + PATIENCE_S
    while True:
        now = engine.ids(project)
        moving = [
            key for key, (_, state, words) in now.items()
            if state == "restarting" or "health: starting" in words
            or (key.partition("/")[0] in tasks and state == "running")
        ]  # fmt: skip
        if not moving:
            break
        assert time.monotonic() < end, f"it does not come to rest: {moving} of {now}"
        time.sleep(0.05)
    said = {
        key: state + ("" if before.get(key) == container else ", new")
        for key, (container, state, _) in sorted(now.items())
    }
    return said, {key: container for key, (container, _, _) in now.items()}


def _said(text: str) -> list[str]:
    """Lines, sorted; the container's name before a log line differs between generations of names."""
    lines = [line.rpartition(" | ")[2].strip() for line in text.splitlines()]
    return sorted(line for line in lines if not line.startswith("Attaching to"))


def differences(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    """What answers have otherwise than those that were recorded, a line each."""
    expected = {(index, one["step"]): one for index, one in enumerate(wanted)}
    lines = []
    remaining = list(wanted)
    for one in found:
        while remaining and remaining[0]["step"] != one["step"]:
            remaining.pop(0)
        assert remaining, f"the step {one['step']!r} was not recorded, of {list(expected)}"
        lines += [f"{one['step']}: {line}" for line in _differ("", one, remaining.pop(0))]
    return lines


def _differ(where: str, found: Any, wanted: Any) -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        lines = []
        for key in sorted({*found, *wanted} - {"stderr"}):
            lines += _differ(f"{where}.{key}" if where else key, found.get(key), wanted.get(key))
        if lines and "stderr" in found:
            lines.append(f"stderr: {found['stderr']}")
        return lines
    if found == wanted:
        return []
    return [f"{where}: found {json.dumps(found)}, wanted {json.dumps(wanted)}"]
