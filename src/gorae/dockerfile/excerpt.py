"""The lines around a place, with an arrow at those that are meant: how docker shows where a Dockerfile is wrong."""

from collections.abc import Sequence

RULER = "-" * 20


def excerpt(name: str, lines: Sequence[str], start: int, end: int) -> str:
    """`NAME:LINE` and the lines, marked `>>>`; empty when the place is not in the text.

    Shape: `lines` as `text.split("\\n")` gives them, so that a last line end makes one empty line more.
    """
    if not 1 <= start <= len(lines):
        return ""
    end = min(max(end, start), len(lines))
    first, last, shown = start, end, 0
    wanted = 4 if start == end else 2
    while shown < wanted:
        if first > 1:
            first -= 1
            shown += 1
        if last < len(lines):
            last += 1
            shown += 1
        shown += 1
    body = [
        f" {number:3d} | {'>>>' if start <= number <= end else '   '} {lines[number - 1]}"
        for number in range(first, last + 1)
    ]
    return "\n".join((f"{name}:{start}", RULER, *body, RULER, ""))
