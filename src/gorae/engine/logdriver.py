"""Log drivers: which there are, what options each takes, how large a log may grow. Pure.

Whatever the driver, all but `none` are kept in the monitor's own form, so that `logs` reads them alike; `journald`
goes to the journal as well. What is refused is refused at create, with docker's sentences.
oracle: tests/oracle, the scenarios of logs; `max-size` and `max-file` are told by docker at start only.
"""

from gorae.engine import logdetails
from gorae.engine.model import LogConfig
from gorae.errors import InvalidArgument

DEFAULT_MAX_SIZE_BYTES = 20 << 20
DEFAULT_MAX_FILES = 5
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_ANY = frozenset(("mode", "max-buffer-size"))
_FILE = frozenset(("max-size", "max-file", "compress"))
_LABELLED = frozenset(("labels", "labels-regex", "env", "env-regex", "tag"))
OPTIONS = {
    "json-file": _ANY | _FILE | _LABELLED,
    "local": _ANY | _FILE,
    "journald": _ANY | _LABELLED,
    "none": frozenset[str](),
}
"""Driver -> options that it takes; `none` is not asked."""
MODES = ("blocking", "non-blocking")
INITIALIZE = "failed to create task for container: failed to initialize logging driver: "


def check(log: LogConfig) -> None:
    """Raises: InvalidArgument: no such driver, an option that it has not, or a bad value."""
    driver, options = log.driver or "json-file", log.options
    if driver not in OPTIONS:
        raise InvalidArgument(
            f'error looking up logging plugin {driver}: plugin "{driver}" not found'
        )
    if driver == "none":
        return
    mode = options.get("mode", "blocking")
    if mode not in MODES:
        raise InvalidArgument(f"logger: logging mode not supported: {mode}")
    if "max-buffer-size" in options:
        if mode != "non-blocking":
            raise InvalidArgument(
                "logger: max-buffer-size option is only supported with 'mode=non-blocking'"
            )
        _check_buffer(options["max-buffer-size"])
    for name in options:
        if name not in OPTIONS[driver]:
            where = "log driver local" if driver == "local" else f"{driver} log driver"
            raise InvalidArgument(f"unknown log opt '{name}' for {where}")
    limits(log)
    try:
        logdetails.check(log)
    except InvalidArgument as error:
        raise InvalidArgument(f"{INITIALIZE}{error.message}") from None


def _check_buffer(text: str) -> None:
    try:
        parse_size(text)
    except InvalidArgument as error:
        raise InvalidArgument(f"error parsing option max-buffer-size: {error}") from None


def limits(log: LogConfig) -> tuple[int, int]:
    """(bytes of one file, how many files) of a log; -1 bytes: never rotated.

    Raises:
        InvalidArgument: an option that is not a size or a count.
    """
    size = DEFAULT_MAX_SIZE_BYTES
    try:
        if "max-size" in log.options:
            size = parse_size(log.options["max-size"])
        if size == 0:
            raise InvalidArgument("max-size must be a positive number")
        text = log.options.get("max-file", str(DEFAULT_MAX_FILES))
        if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
            raise InvalidArgument(f"max-file cannot be less than 1: found '{text}'")
    except InvalidArgument as error:
        raise InvalidArgument(f"{INITIALIZE}{error.message}") from None
    return size, int(text[:9])


def parse_size(text: str) -> int:
    """`10m` -> 10485760; `-1` is without limit.

    Raises:
        InvalidArgument: not a size.
    """
    bare = text.strip().lower().removesuffix("ib").removesuffix("b") or text
    number, unit = (bare[:-1], bare[-1]) if bare[-1:].isalpha() else (bare, "")
    if text.strip() == "-1":
        return -1
    try:
        size = int(float(number) * _UNITS[unit])
    except (ValueError, KeyError, OverflowError):
        raise InvalidArgument(f"invalid size: '{text}'") from None
    if size < 0:
        raise InvalidArgument(f"invalid size: '{text}'")
    return size
