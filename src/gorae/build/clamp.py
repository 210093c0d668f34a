"""Times of a step's files brought down to SOURCE_DATE_EPOCH, so that its layer is the same whenever it is made."""

import os
from pathlib import Path

from gorae.store import tree

SECOND_NS = 10**9


def clamp(upper: Path, epoch_s: int) -> None:
    """No file below `upper` is newer than `epoch_s` afterwards; what is older keeps its time."""
    limit_ns = epoch_s * SECOND_NS
    for _, fd, name, info in tree.walk(upper):
        if info.st_mtime_ns > limit_ns:
            os.utime(name, ns=(limit_ns, limit_ns), dir_fd=fd, follow_symlinks=False)
