"""Signals as readiness: each caught signal makes a descriptor readable, its number is in a list.

`_signal` is the C half of `signal`, whose Python half builds enums at import.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW_CHANGED: int = _signal.SIGWINCH
NAMES: dict[int, str] = {
    getattr(_signal, name): name.removeprefix("SIG")
    for name in dir(_signal)
    if name.startswith("SIG")
    and name[3:].isalnum()
    and name not in ("SIGCLD", "SIGPOLL", "SIGRTMIN", "SIGRTMAX")
}
# What a container never gets from us: our own children, broken pipes, our window, what cannot be caught,
# and faults of this process.
_KEPT = frozenset(
    (
        "CHLD",
        "PIPE",
        "WINCH",
        "URG",
        "KILL",
        "STOP",
        "SEGV",
        "FPE",
        "ILL",
        "BUS",
        "ABRT",
        "TRAP",
        "SYS",
        "PROF",
    )
)
FORWARDED = tuple(number for number, name in NAMES.items() if name not in _KEPT)


class SignalReader:
    """Catches `numbers` until `close`; `fileno()` is readable when some arrived."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._arrived: list[int] = []
        self._before = {number: _signal.signal(number, self._note) for number in numbers}
        self._wakeup = _signal.set_wakeup_fd(self._write)

    def _note(self, number: int, frame: object) -> None:
        self._arrived.append(number)

    def fileno(self) -> int:
        """The descriptor to poll."""
        return self._read

    def take(self) -> list[int]:
        """The signals since the last call."""
        try:
            while os.read(self._read, 512):
                pass
        except BlockingIOError:
            pass
        arrived, self._arrived = self._arrived, []
        return arrived

    def close(self) -> None:
        """Put the handlers of before back."""
        _signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            _signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)
