"""The few commands that stand on installed packages say so here: the program itself starts without them."""

from __future__ import annotations

import sys


def open_up() -> None:
    """Let packages be imported from now on (`sys.gorae_site` is set by the program that starts us)."""
    folder = getattr(sys, "gorae_site", "")
    if folder and folder not in sys.path:
        sys.path.append(folder)
