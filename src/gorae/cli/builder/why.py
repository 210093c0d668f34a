"""`gorae build why [STEP]`: of a build that has ended, which steps ran, and why."""

from __future__ import annotations

import os
import time

from gorae.cli.builder import whytext
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Tell of the build, or of one of its steps.

    Raises:
        NotFound: no build is recorded, or it has no such step. InvalidArgument: a step that is no number.
    """
    number = _number(call.arguments[0]) if call.arguments else 0
    found = _find(call)
    if number:
        _check(found, number)
    if call.options.text("format") == "json":
        from gorae.client import jsontext

        if number:
            found = {**found, "steps": [_step(found, number)]}
        call.say(jsontext.encode(found, indent=2))
        return 0
    now_ns = time.time_ns()
    lines = whytext.step(found, number, now_ns) if number else whytext.build(found, now_ns)
    call.say("\n".join(lines))
    return 0


def _find(call: Invocation) -> dict[str, Any]:
    """The build that is meant: by its id, else the last one of a folder, else the last one.

    Without options the folder is the current one; from anywhere else the last build of all is told.
    """
    build, folder = call.options.text("build"), call.options.text("folder")
    if build and folder:
        raise InvalidArgument("--build and --folder name the same thing: give one of them")
    if build:
        return _ask(call, {"build": build})
    if folder and not os.path.isdir(folder):
        raise NotFound(f'no such folder: "{folder}"')
    try:
        return _ask(call, {"project": os.path.realpath(folder or ".")})
    except NotFound:
        if folder:
            raise
    try:
        return _ask(call, {})
    except NotFound:
        raise NotFound("no build is recorded yet: gorae build records every one") from None


def _ask(call: Invocation, query: dict[str, object]) -> dict[str, Any]:
    found: dict[str, Any] = call.session.get("/gorae/build/why", query)
    return found


def _number(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    if not number:
        raise InvalidArgument(
            f'invalid step "{text}": it is a number from 1, as "gorae build why" shows them'
        )
    return number


def _check(found: dict[str, Any], number: int) -> None:
    steps = found["steps"]
    if any(one["number"] == number for one in steps):
        return
    has = f"it has 1 to {len(steps)}" if steps else "it has none"
    raise NotFound(f"build {found['id'][:12]} has no step {number}: {has}")


def _step(found: dict[str, Any], number: int) -> dict[str, Any]:
    one: dict[str, Any] = next(one for one in found["steps"] if one["number"] == number)
    return one


COMMAND = Command(
    "build why",
    "[OPTIONS] [STEP]",
    "say of the last build, or of one of its steps, what ran and why",
    run,
    (
        Option("build", "string", "the build with this id, or the beginning of one"),
        Option("folder", "string", "the last build of this folder (default: the current one)"),
        Option("format", "string", "text or json", default="text", choices=("text", "json")),
    ),
    arguments=(0, 1),
)
