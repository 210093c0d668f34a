"""What a failed build says at the end: the step's last lines, the Dockerfile's line with an arrow, the sentence. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.builder.board import Board

RULE = "------"
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
    solving = "failed to solve: " if failure.get("solve", True) else ""
    lines.append(f"ERROR: failed to build: {solving}{message}")
    if failure.get("shell"):
        lines.append(SHELL)
    return "\n".join(lines)
