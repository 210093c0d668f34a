"""Who goes first on the disk: work that somebody waits for, before the removal of what nobody reads.

    with precedence.taken(): ...            layers are being unpacked
    precedence.give_way()                   between one removal and the next: wait while that goes on

Removing twenty thousand files takes the same journal as making them. Where room is short nobody gives way.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from gorae.store.space import space

SHORT_PERCENT = 10.0
LOOK_S = 1.0


class Precedence:
    """Of one store; thread-safe. `root`: a directory of the file system whose room counts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._at_work = 0
        self._change = threading.Condition()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Somebody waits for what is done in the block."""
        with self._change:
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    def give_way(self) -> None:
        """Wait until nobody has precedence, or room is short."""
        if not self._at_work:
            return
        with self._change:
            while self._at_work and space(self._root).free_percent > SHORT_PERCENT:
                self._change.wait(LOOK_S)
