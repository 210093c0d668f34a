"""What a failed build says at the end: the step's last lines, the Dockerfile's line with an arrow, the sentence. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.builder.board import Board

RULE = "------"
ONLY_TIMES = (
    "only times differ: give --build-arg SOURCE_DATE_EPOCH=SECONDS (or set it in the environment) and "
    "--output type=image,rewrite-timestamp=true"
)
LAST_LINES = 10
SHELL = "to look at it: gorae build shell   (for an hour; --before for the state before the step)"


def text(failure: dict[str, Any], board: Board, *, with_log: bool) -> str:
    """All of it, without a line end."""
    lines: list[str] = []
    vertex = board.vertices.get(failure.get("vertex", ""))
    if vertex is not None and with_log:
        lines += [RULE, f" > {vertex.name}:", *vertex.last_lines[-LAST_LINES:], RULE]
    if failure.get("excerpt"):
        lines += failure["excerpt"].rstrip("\n").split("\n")
    message = failure.get("message", "")
    if "differences" in failure:
        lines += differences(failure)
    solving = "failed to solve: " if failure.get("solve", True) else ""
    lines.append(f"ERROR: failed to build: {solving}{message}")
    if failure.get("shell"):
        lines.append(SHELL)
    return "\n".join(lines)


def differences(failure: dict[str, Any]) -> list[str]:
    """Where two builds of the same differ, by layer."""
    lines: list[str] = []
    at = -1
    for one in failure["differences"]:
        if one["layer"] != at:
            at = one["layer"]
            lines.append(f"layer {at}: {one['step']}" if at else "the image's config:")
        lines.append(f"  {_difference(one)}")
    if failure.get("more"):
        lines.append("and more")
    if failure.get("only_times"):
        lines.append(ONLY_TIMES)
    return lines


def _difference(one: dict[str, Any]) -> str:
    attribute, first, second = one["attribute"], one["first"], one["second"]
    match attribute:
        case "created":
            return f"created  {first}, then {second}"
        case "config":
            return f"{one['path']}  differs"
        case "order":
            return "the order of its files, or which are links of each other, differs"
        case "missing":
            return f"{one['path']}  {first} the first time, {second} the second"
        case _:
            return f"{one['path']}  {attribute}" + (f"  {first} / {second}" if first else "")
