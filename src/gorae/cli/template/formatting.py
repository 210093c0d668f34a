"""Go's fmt: `%v` of any value, Sprint, Sprintf.

Shape of `%v`: lists `[a b]`, maps `map[k:v]` by sorted key, structs `{a b}`, a pointer to one `&{a b}` (an
address where it is nested, as Go prints it), nil `<nil>`.
"""

from __future__ import annotations

from gorae.cli.template.value import NO_VALUE, Nil, Struct, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLAGS = "+-# 0"


def plain(value: Any, *, plus: bool = False, depth: int = 0) -> str:
    """`%v`, or with `plus` `%+v` (field names in structs)."""
    text = getattr(value, "go_text", None)
    if text is not None:
        return str(text)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return decimal(value)
    if value is NO_VALUE:
        return "<no value>"
    if value is None or isinstance(value, Nil):
        return "<nil>"
    if isinstance(value, Struct):
        return _struct(value, plus, depth)
    if isinstance(value, dict):
        return (
            "map["
            + " ".join(
                f"{key}:{plain(value[key], plus=plus, depth=depth + 1)}" for key in sorted(value)
            )
            + "]"
        )
    if isinstance(value, list):
        return "[" + " ".join(plain(item, plus=plus, depth=depth + 1) for item in value) + "]"
    return str(value)


def printed(value: Any) -> str:
    """What an action prints: a pointer shows what it points to."""
    if isinstance(value, Struct) and value.pointer:
        return plain(value).removeprefix("&")
    return plain(value)


def _struct(value: Struct, plus: bool, depth: int) -> str:
    if value.pointer and depth:
        return "0xc000010000"
    parts = [
        (f"{name}:" if plus else "") + plain(item, plus=plus, depth=depth + 1)
        for name, item in value.printed()
    ]
    return ("&" if value.pointer else "") + "{" + " ".join(parts) + "}"


def decimal(value: float, precision: int = -1, letter: str = "g") -> str:
    """A float as Go's `%v` (shortest, exponent below -4 and from 21 on) or with `%e %f %g` and a precision."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
    if letter in "eE" or (letter in "fF") or precision >= 0:
        wanted = 6 if precision < 0 and letter in "eEfF" else precision
        return f"{value:.{wanted}{letter}}"
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        number = digits.removesuffix(".0")
        whole = number.lstrip("-")
        if not whole.startswith("0.0000") or value == 0:
            return number
    shortest = repr(value)
    mantissa, power = _scientific(shortest)
    if -5 < power < 21:
        return f"{value:.{max(0, len(mantissa.replace('.', '').lstrip('-')) - 1 - power)}f}"
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _scientific(text: str) -> tuple[str, int]:
    digits, _, exponent = text.partition("e")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.lstrip("-").partition(".")
    power = int(exponent or 0)
    all_digits = whole + fraction
    stripped = all_digits.lstrip("0")
    power += len(whole) - 1 - (len(all_digits) - len(stripped))
    stripped = stripped.rstrip("0") or "0"
    return sign + stripped[0] + (f".{stripped[1:]}" if len(stripped) > 1 else ""), power


def sprint(values: tuple[Any, ...]) -> str:
    """`fmt.Sprint`: a space between two operands when neither is a string."""
    parts: list[str] = []
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            parts.append(" ")
        parts.append(plain(value))
    return "".join(parts)


def sprintln(values: tuple[Any, ...]) -> str:
    """`fmt.Sprintln`: spaces between all operands, a newline at the end."""
    return " ".join(map(plain, values)) + "\n"


def sprintf(pattern: str, values: tuple[Any, ...]) -> str:
    """`fmt.Sprintf`, with its `%!verb(type=value)` for what does not fit."""
    parts: list[str] = []
    rest = list(values)
    here = 0
    while True:
        percent = pattern.find("%", here)
        if percent < 0:
            parts.append(pattern[here:])
            break
        parts.append(pattern[here:percent])
        here, text = _directive(pattern, percent + 1, rest)
        parts.append(text)
    if rest:
        parts.append("%!(EXTRA " + ", ".join(f"{_type(v)}={plain(v)}" for v in rest) + ")")
    return "".join(parts)


def _directive(pattern: str, here: int, rest: list[Any]) -> tuple[int, str]:
    flags = ""
    while pattern[here : here + 1] and pattern[here] in _FLAGS:
        flags += pattern[here]
        here += 1
    width, here = _number(pattern, here, rest)
    precision: int | None = None
    if pattern[here : here + 1] == ".":
        precision, here = _number(pattern, here + 1, rest)
        precision = precision or 0
    verb = pattern[here : here + 1]
    if not verb:
        return here, "%!(NOVERB)"
    if verb == "%":
        return here + 1, "%"
    if not rest:
        return here + 1, f"%!{verb}(MISSING)"
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    text = _convert(verb, rest.pop(0), flags, precision)
    return here + 1, _pad(text, flags, width or 0, verb)


def _number(pattern: str, here: int, rest: list[Any]) -> tuple[int | None, int]:
    if pattern[here : here + 1] == "*":
        value = rest.pop(0) if rest else 0
        return value if isinstance(value, int) else 0, here + 1
    start = here
    while pattern[here : here + 1].isdigit():
        here += 1
    return (int(pattern[start:here]) if here > start else None), here


def _pad(text: str, flags: str, width: int, verb: str) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and verb in "dxXobeEfFgGvq" and not text.startswith(("[", "{", "<", "map")):
        sign = text[:1] if text[:1] in ("+", "-") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _convert(verb: str, value: Any, flags: str, precision: int | None) -> str:
    if verb == "v":
        if "#" in flags:
            return sharp(value)
        text = plain(value, plus="+" in flags)
        return "+" + text if "+" in flags and isinstance(value, int) and value >= 0 else text
    if verb == "T":
        return _type(value)
    if isinstance(value, (list, dict)) and not isinstance(value, str):
        return _spread(verb, value, flags, precision)
    scalar = _scalar(verb, value, flags, precision)
    if scalar is not None:
        return scalar
    if value is None or value is NO_VALUE or isinstance(value, Nil):
        return f"%!{verb}(<nil>)"
    return f"%!{verb}({_type(value)}={plain(value)})"


def _spread(verb: str, value: Any, flags: str, precision: int | None) -> str:
    """A verb given a list or a map goes to each element."""
    if isinstance(value, list):
        return "[" + " ".join(_convert(verb, item, flags, precision) for item in value) + "]"
    return (
        "map["
        + " ".join(
            f"{_convert(verb, key, flags, precision)}:{_convert(verb, value[key], flags, precision)}"
            for key in sorted(value)
        )
        + "]"
    )


def _scalar(verb: str, value: Any, flags: str, precision: int | None) -> str | None:
    if isinstance(value, bool):
        return plain(value) if verb == "t" else None
    if isinstance(value, str):
        return _string(verb, value, flags, precision)
    if isinstance(value, int):
        return _integer(verb, value, flags)
    if isinstance(value, float) and verb in "eEfFgG":
        text = decimal(value, -1 if precision is None else precision, verb)
        return "+" + text if "+" in flags and value >= 0 else text
    return None


def _string(verb: str, value: str, flags: str, precision: int | None) -> str | None:
    short = value if precision is None else value[:precision]
    if verb == "s":
        return short
    if verb == "q":
        return quote(short)
    if verb in "xX":
        separator = " " if " " in flags else ""
        text = separator.join(f"{byte:02x}" for byte in short.encode())
        return text.upper() if verb == "X" else text
    return None


def _integer(verb: str, value: int, flags: str) -> str | None:
    sign = "+" if "+" in flags and value >= 0 else " " if " " in flags and value >= 0 else ""
    if verb == "d":
        return sign + str(value)
    if verb in "xXob":
        prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}[verb] if "#" in flags else ""
        minus = "-" if value < 0 else sign
        return minus + prefix + format(abs(value), verb)
    if verb == "O":
        return f"0o{value:o}"
    if verb == "c":
        return chr(value)
    if verb == "q":
        return f"'{chr(value)}'"
    if verb == "U":
        return f"U+{value:04X}"
    return None


def quote(text: str) -> str:
    """Go's `strconv.Quote`."""
    parts = ['"']
    for character in text:
        if character in '"\\':
            parts.append("\\" + character)
        elif character in _NAMED:
            parts.append(_NAMED[character])
        elif character.isprintable():
            parts.append(character)
        elif ord(character) < 0x80:
            parts.append(f"\\x{ord(character):02x}")
        elif ord(character) < 0x10000:
            parts.append(f"\\u{ord(character):04x}")
        else:
            parts.append(f"\\U{ord(character):08x}")
    return "".join([*parts, '"'])


_NAMED = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def sharp(value: Any) -> str:
    """`%#v`, Go syntax, for the simple kinds."""
    if isinstance(value, str):
        return quote(value)
    if value is None or value is NO_VALUE or isinstance(value, Nil):
        return "<nil>"
    if isinstance(value, list):
        return f"{type_name(value)}{{" + ", ".join(map(sharp, value)) + "}"
    if isinstance(value, dict):
        inside = ", ".join(f"{sharp(key)}:{sharp(value[key])}" for key in sorted(value))
        return f"{type_name(value)}{{{inside}}}"
    return plain(value)


def _type(value: Any) -> str:
    return "<nil>" if value is None or value is NO_VALUE else type_name(value)
