"""One line to a client when old anonymous volumes of an image have piled up. Pure but for what it remembers having told."""

import threading
from collections.abc import Iterable, Mapping

from gorae.engine.volumes import Volume

PREFIX = "hint: "
ENOUGH = 5
"""Fewer are not worth a word."""
_UNITS = ("B", "kB", "MB", "GB", "TB")


class Hints:
    """Tells once, and again when there are twice as many. `on`: the daemon's setting."""

    def __init__(self, *, on: bool = True) -> None:
        self._on = on
        self._told: dict[str, int] = {}
        self._lock = threading.Lock()

    def piled_up(
        self,
        image_id: str,
        image: str,
        volumes: Iterable[Volume],
        usage: Mapping[str, int],
        sizes: Mapping[str, int],
    ) -> list[str]:
        """The line, or nothing. `usage`: containers by volume; `sizes`: of what is measured."""
        old = [
            one
            for one in volumes
            if one.anonymous and one.image_id == image_id and not usage.get(one.name)
        ]
        with self._lock:
            if not self._on or len(old) < max(ENOUGH, 2 * self._told.get(image_id, 0)):
                return []
            self._told[image_id] = len(old)
        known = sum(sizes.get(one.name, 0) for one in old)
        size = f", {human(known)}" if known else ""
        return [
            f'{PREFIX}{len(old)} anonymous volumes of earlier containers of "{image}" are unused{size}: '
            '"gorae volume prune" removes them (GORAE_HINTS=false or goraed --no-hints: no such lines)'
        ]


def human(size_bytes: float) -> str:
    """Decimal units."""
    for unit in _UNITS:
        if size_bytes < 1000 or unit == _UNITS[-1]:
            return f"{size_bytes:.3g}{unit}"
        size_bytes /= 1000
    return ""
