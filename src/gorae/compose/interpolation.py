"""`$NAME` and `${NAME...}` in a compose file's strings. Pure.

Forms: `${V}`, `${V:-default}`, `${V-default}`, `${V:?why}`, `${V?why}`, `${V:+other}`, `${V+other}`, nested; `$$` is a
dollar sign. Source: compose specification, 12-interpolation.md.
"""

from __future__ import annotations

from gorae.compose.merge import Override
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_FIRST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _FIRST | frozenset("0123456789")
_SIGNS = (":-", ":?", ":+", "-", "?", "+")
MAX_DEPTH = 32


class InvalidForm(InvalidArgument):
    """A dollar sign that begins no variable."""


def interpolate(value: Any, environment: Mapping[str, str], on_unset: Callable[[str], None]) -> Any:
    """`value` with every string in it expanded; keys are left alone.

    Args:
        on_unset: told of each variable that has no value and no default.

    Raises:
        InvalidArgument: a wrong form, or a required variable is missing; says where.
    """
    return _walk(value, environment, on_unset, ())


def _walk(
    value: Any,
    environment: Mapping[str, str],
    on_unset: Callable[[str], None],
    path: tuple[str, ...],
) -> Any:
    if isinstance(value, str):
        if "$" not in value:
            return value
        try:
            return expand(value, environment, on_unset)
        except InvalidForm as error:
            raise InvalidArgument(
                f"invalid interpolation format for {'.'.join(path)}.\n"
                f"You may need to escape any $ with another $.\n{value}: {error}"
            ) from None
        except InvalidArgument as error:
            raise InvalidArgument(f"error while interpolating {'.'.join(path)}: {error}") from None
    if isinstance(value, list):
        return [_walk(v, environment, on_unset, (*path, str(i))) for i, v in enumerate(value)]
    if isinstance(value, Override):
        return Override(_walk(value.value, environment, on_unset, path))
    if isinstance(value, dict):
        return {k: _walk(v, environment, on_unset, (*path, str(k))) for k, v in value.items()}
    return value


def expand(
    text: str, environment: Mapping[str, str], on_unset: Callable[[str], None], depth: int = 0
) -> str:
    """One string expanded.

    Raises:
        InvalidArgument: as `interpolate`.
    """
    if depth > MAX_DEPTH:
        raise InvalidForm("variables are nested too deeply")
    found: list[str] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        found.append(text[position:dollar])
        follower = text[dollar + 1 : dollar + 2]
        if follower == "$":
            found.append("$")
            position = dollar + 2
        elif follower == "{":
            end = _closing(text, dollar + 2)
            found.append(_braced(text[dollar + 2 : end], environment, on_unset, depth))
            position = end + 1
        elif follower in _FIRST and follower:
            end = _name_end(text, dollar + 1)
            found.append(_value(text[dollar + 1 : end], environment, on_unset))
            position = end
        else:
            raise InvalidForm(f"write $$ for a dollar sign in {text!r}")
    found.append(text[position:])
    return "".join(found)


def _name_end(text: str, position: int) -> int:
    while position < len(text) and text[position] in _NAME:
        position += 1
    return position


def _closing(text: str, position: int) -> int:
    depth = 1
    while position < len(text):
        if text.startswith("${", position):
            depth += 1
            position += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    raise InvalidForm("a brace is not closed")


def _value(name: str, environment: Mapping[str, str], on_unset: Callable[[str], None]) -> str:
    if name not in environment:
        on_unset(name)
    return environment.get(name, "")


def _braced(
    inside: str, environment: Mapping[str, str], on_unset: Callable[[str], None], depth: int
) -> str:
    end = _name_end(inside, 0)
    name, rest = inside[:end], inside[end:]
    if not name or name[0] not in _FIRST:
        raise InvalidForm(f"${{{inside}}} is no variable")
    if not rest:
        return _value(name, environment, on_unset)
    sign = next((one for one in _SIGNS if rest.startswith(one)), "")
    if not sign:
        raise InvalidForm(f"${{{inside}}} is no variable")
    word = rest[len(sign) :]
    has = name in environment and (not sign.startswith(":") or environment[name] != "")
    match sign[-1]:
        case "-":
            return environment[name] if has else expand(word, environment, on_unset, depth + 1)
        case "+":
            return expand(word, environment, on_unset, depth + 1) if has else ""
    if not has:
        why = expand(word, environment, on_unset, depth + 1)
        raise InvalidArgument(
            f"required variable {name} is missing a value" + (f": {why}" if why else "")
        )
    return environment[name]
