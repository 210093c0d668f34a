"""Texts of options to values: numbers, booleans, durations, sizes, lists of fields.

Errors carry Go's words (`strconv.ParseInt: parsing "x": invalid syntax`), which docker's users see.
"""

from __future__ import annotations

from gorae.errors import InvalidArgument

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_BINARY = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_DURATION = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def boolean(text: str) -> bool:
    """Go's `strconv.ParseBool`."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InvalidArgument(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def integer(text: str, bits: int = 64) -> int:
    """A signed number in Go's notations (`0x`, `0o`, `0b`, leading 0 as octal)."""
    value = _number(text, "ParseInt")
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise InvalidArgument(f'strconv.ParseInt: parsing "{text}": value out of range')
    return value


def unsigned(text: str, bits: int = 64) -> int:
    """An unsigned number."""
    value = _number(text, "ParseUint")
    if text.startswith(("-", "+")):
        raise InvalidArgument(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if value >= 1 << bits:
        raise InvalidArgument(f'strconv.ParseUint: parsing "{text}": value out of range')
    return value


def _number(text: str, function: str) -> int:
    digits = text.lstrip("+-")
    try:
        if len(text) - len(digits) > 1 or not digits[:1].isdigit() or not digits.isascii():
            raise ValueError
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        raise InvalidArgument(f'strconv.{function}: parsing "{text}": invalid syntax') from None


def duration_ns(text: str) -> int:
    """A Go duration (`1h2m3.5s`) in nanoseconds."""
    rest, sign = text, 1
    if rest[:1] in ("+", "-"):
        sign, rest = -1 if rest[0] == "-" else 1, rest[1:]
    if rest == "0":
        return 0
    if not rest:
        raise InvalidArgument(f'time: invalid duration "{text}"')
    total = 0.0
    while rest:
        digits, rest = _take(rest, "0123456789.")
        unit, rest = _take_unit(rest)
        if digits.strip(".") == "" or digits.count(".") > 1:
            raise InvalidArgument(f'time: invalid duration "{text}"')
        if not unit:
            raise InvalidArgument(f'time: missing unit in duration "{text}"')
        if unit not in _DURATION:
            raise InvalidArgument(f'time: unknown unit "{unit}" in duration "{text}"')
        scale = _DURATION[unit]
        total += int(digits) * scale if digits.isdigit() else float(digits) * scale
    return sign * int(total)


def _take(text: str, wanted: str) -> tuple[str, str]:
    end = 0
    while end < len(text) and text[end] in wanted:
        end += 1
    return text[:end], text[end:]


def _take_unit(text: str) -> tuple[str, str]:
    end = 0
    while end < len(text) and text[end] not in "0123456789.":
        end += 1
    return text[:end], text[end:]


def size_bytes(text: str) -> int:
    """A size in binary units: `512`, `64m`, `1.5g`, `2GiB`, `100kb`.

    Source: observed of docker (`docker run -m`): the unit's letter counts, `b` and `ib` after it do not.
    """
    digits, unit = _take(text.strip(), "0123456789.")
    suffix = unit.strip().lower()
    if suffix not in _BINARY:
        suffix = suffix.removesuffix("ib") if suffix.endswith("ib") else suffix.removesuffix("b")
    if not digits or digits.count(".") > 1 or digits.strip(".") == "" or suffix not in _BINARY:
        raise InvalidArgument(f"invalid size: '{text}'")
    scale = _BINARY[suffix]
    return int(digits) * scale if digits.isdigit() else int(float(digits) * scale)


def swap_bytes(text: str) -> int:
    """A size, or -1 for no limit."""
    return -1 if text == "-1" else size_bytes(text)


def nano_cpus(text: str) -> int:
    """A number of CPUs (`1.5`, `1/2`) in billionths."""
    whole, slash, divisor = text.partition("/")
    try:
        top, bottom = _decimal(whole), _decimal(divisor) if slash else (1, 1)
        if bottom[0] == 0:
            raise ValueError
    except ValueError:
        raise InvalidArgument(f"failed to parse {text} as a rational number") from None
    value, rest = divmod(top[0] * bottom[1] * 10**9, top[1] * bottom[0])
    if rest:
        raise InvalidArgument("value is too precise")
    return value


def _decimal(text: str) -> tuple[int, int]:
    """Numerator and denominator of a decimal text."""
    whole, _, fraction = text.partition(".")
    digits = whole.lstrip("+-") + fraction
    if not digits.isdigit():
        raise ValueError(text)
    return int(
        whole + fraction if whole not in ("", "-", "+") else whole + "0" + fraction
    ), 10 ** len(fraction)


def fields(text: str) -> list[str]:
    """One CSV record: comma-separated, `"` around a field that has commas, doubled inside.

    Raises:
        InvalidArgument: a quote in the wrong place, in Go's words.
    """
    found: list[str] = []
    position = 0
    while True:
        if text[position : position + 1] == '"':
            field, position = _quoted_field(text, position + 1)
        else:
            end = text.find(",", position)
            end = len(text) if end < 0 else end
            field, position = text[position:end], end
            if '"' in field:
                column = position - len(field) + field.index('"') + 1
                raise InvalidArgument(
                    f'parse error on line 1, column {column}: bare " in non-quoted field'
                )
        found.append(field)
        if position >= len(text):
            return found
        position += 1


def _quoted_field(text: str, position: int) -> tuple[str, int]:
    pieces: list[str] = []
    while True:
        end = text.find('"', position)
        if end < 0:
            raise InvalidArgument(
                f'parse error on line 1, column {len(text) + 1}: extraneous or missing " in quoted-field'
            )
        pieces.append(text[position:end])
        follower = text[end + 1 : end + 2]
        if follower == '"':
            pieces.append('"')
            position = end + 2
        elif follower in ("", ","):
            return "".join(pieces), end + 1
        else:
            raise InvalidArgument(
                f'parse error on line 1, column {end + 1}: extraneous or missing " in quoted-field'
            )
