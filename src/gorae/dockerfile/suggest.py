"""`(did you mean …?)`: the nearest of some names, as BuildKit chooses it."""

from collections.abc import Iterable

FARTHEST = 3
"""Names at this distance (edits) or more are not suggested."""
MAX_LENGTH = 64
"""Longer texts are no misspelt names; bounds the work."""


def nearest(text: str, names: Iterable[str], *, case: bool = True) -> str:
    """The first name with the fewest edits, empty when none is near or one is equal.

    Without `case` the letters' case does not count and the answer takes that of `text`.
    """
    if len(text) > MAX_LENGTH:
        return ""
    wanted = text if case else text.lower()
    best, best_distance = "", FARTHEST
    for name in names:
        one = name if case else name.lower()
        if one == wanted:
            return ""
        if abs(len(one) - len(wanted)) < best_distance:
            distance = edits(wanted, one)
            if distance < best_distance:
                best, best_distance = one, distance
    return best if case or not best else _in_case_of(best, text)


def with_suggestion(sentence: str, text: str, names: Iterable[str], *, case: bool = True) -> str:
    """The sentence, with `(did you mean …?)` when a name is near."""
    found = nearest(text, names, case=case)
    return f"{sentence} (did you mean {found}?)" if found else sentence


def edits(one: str, other: str) -> int:
    """Levenshtein's distance: insertions, deletions and exchanges of one letter."""
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        diagonal, row[0] = row[0], at
        for to, against in enumerate(other, 1):
            diagonal, row[to] = (
                row[to],
                min(row[to] + 1, row[to - 1] + 1, diagonal + (char != against)),
            )
    return row[-1]


def _in_case_of(name: str, text: str) -> str:
    if text == text.lower():
        return name.lower()
    return name.upper() if text == text.upper() else name
