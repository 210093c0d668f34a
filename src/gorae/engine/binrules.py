"""What may lie in the bin, and for how long. Pure.

The bin is a kindness and must never be the reason for a full disk: it holds a day, five percent of the file system and
so many entries, and nothing at all when the room gets short.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gorae.store.space import Space
from gorae.store.tables.bin import BinRow

HOUR_NS = 3600 * 1_000_000_000
MAX_SHARE = 0.05
MAX_ENTRIES = 500
EMPTY_BELOW_PERCENT = 15.0
PRUNE_BELOW_PERCENT = 20.0


@dataclass(frozen=True, slots=True)
class Rules:
    """`hours` 0: there is no bin."""

    hours: float = 24.0

    def takes(self, space: Space) -> bool:
        """Whether something removed is kept at all."""
        return self.hours > 0 and space.free_percent >= EMPTY_BELOW_PERCENT

    def takes_pruned(self, space: Space) -> bool:
        """The same for what a prune takes, which is asked for to make room."""
        return self.takes(space) and space.free_percent >= PRUNE_BELOW_PERCENT

    def expired(self, rows: Sequence[BinRow], space: Space, now_ns: int) -> list[BinRow]:
        """What has to go now; `rows` oldest first. The oldest goes first; what is not measured counts as nothing."""
        if not self.takes(space):
            return list(rows)
        doomed = [row for row in rows if now_ns - row.binned_ns > self.hours * HOUR_NS]
        kept = [row for row in rows if row not in doomed]
        limit = int(space.total_bytes * MAX_SHARE)
        size = sum(row.size_bytes or 0 for row in kept)
        while kept and (len(kept) > MAX_ENTRIES or size > limit):
            oldest = kept.pop(0)
            size -= oldest.size_bytes or 0
            doomed.append(oldest)
        return doomed
