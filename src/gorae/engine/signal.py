"""Signals by name and number. Pure but for the platform's own table of names."""

import re
import signal as _signals

from gorae.errors import InvalidArgument

_NAMES: dict[str, int] = {
    one.name.removeprefix("SIG"): one.value for one in _signals.Signals if "_" not in one.name
}
_RTMIN, _RTMAX = 34, 64
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


def signal_number(text: str) -> int:
    """`TERM`, `SIGTERM`, `15`, `RTMIN+3` -> 15 and the like; any other number is itself, see `is_known`.

    Raises:
        InvalidArgument: no such name, or 0.
    """
    bare = text.strip().upper().removeprefix("SIG")
    if _NUMBER.fullmatch(bare) and int(bare):
        return int(bare)
    if bare in _NAMES:
        return _NAMES[bare]
    for base, sign, origin in (("RTMIN", "+", _RTMIN), ("RTMAX", "-", _RTMAX)):
        stem, found, number = bare.partition(sign)
        if stem == base and (not found or number.isdigit()):
            value = origin + int(f"{sign}{number}" if found else 0)
            if _RTMIN <= value <= _RTMAX:
                return value
    raise InvalidArgument(f"invalid signal: {text}")


def is_known(number: int) -> bool:
    """Whether it is a signal of this kernel."""
    return number in _NAMES.values() or _RTMIN <= number <= _RTMAX
