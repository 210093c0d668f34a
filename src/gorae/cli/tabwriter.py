"""Columns as docker prints them: cells padded to the widest of their block, three spaces apart.

Shape: a line's cells are split by tabs; the last cell of a line belongs to no column. A column runs over
neighbouring lines that have it, is at least 10 wide and has 3 spaces after its widest cell.
"""

from __future__ import annotations

MINIMUM = 10
PADDING = 3


def align(text: str, minimum: int = MINIMUM, padding: int = PADDING) -> str:
    """`text` with its tabs made into columns."""
    lines = [line.split("\t") for line in text.split("\n")]
    widths: list[list[int]] = [[] for _ in lines]
    _measure(lines, widths, 0, len(lines), 0, minimum, padding)
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(line, row, strict=False)) + line[-1]
        for line, row in zip(lines, widths, strict=True)
    )


def _measure(
    lines: list[list[str]],
    widths: list[list[int]],
    first: int,
    last: int,
    column: int,
    minimum: int,
    padding: int,
) -> None:
    """Set the width of `column` in each block of lines of [first, last) that have it, then go right."""
    here = first
    while here < last:
        if len(lines[here]) - 1 <= column:
            here += 1
            continue
        end = here
        while end < last and len(lines[end]) - 1 > column:
            end += 1
        width = max(minimum, max(len(line[column]) for line in lines[here:end]) + padding)
        for row in widths[here:end]:
            row.append(width)
        _measure(lines, widths, here, end, column + 1, minimum, padding)
        here = end
