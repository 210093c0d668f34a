"""Variables, labels and the files that list them."""

from __future__ import annotations

import os

from gorae.cli.options import Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BLANKS = (" ", "\t")


def read_variable(text: str) -> str:
    """`NAME=value`; a bare `NAME` takes its value from the client's environment, if it has one."""
    name, found, _ = text.partition("=")
    if not name:
        raise InvalidArgument(f"invalid environment variable: {text}")
    if found or name not in os.environ:
        return text
    return f"{name}={os.environ[name]}"


VARIABLE = Option(
    "e env",
    "list",
    "set a variable (NAME=value, or NAME for the client's own)",
    read=read_variable,
)


def read_label(text: str) -> str:
    """`name=value` or `name`."""
    name = text.partition("=")[0].lstrip(" \t")
    if not name:
        raise InvalidArgument(f"invalid label '{text}': empty name")
    if any(blank in name for blank in BLANKS):
        raise InvalidArgument(f"label '{name}' contains whitespaces")
    return text


def variables(files: Iterable[str], given: Iterable[str]) -> list[str]:
    """What the files say, then what was given; a bare name in a file needs the client's value."""
    found: list[str] = []
    for path in files:
        found += _read(path, os.environ.get)
    return found + list(given)


def labels(files: Iterable[str], given: Iterable[str]) -> dict[str, str]:
    """Labels of the files, overridden by those given."""
    found: list[str] = []
    for path in files:
        found += _read(path, None)
    return to_map([*found, *given])


def to_map(texts: Iterable[str]) -> dict[str, str]:
    """`a=b` texts as a mapping; the last of a name wins."""
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def _read(path: str, lookup: Callable[[str], str | None] | None) -> list[str]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise InvalidArgument(f"open {path}: {(error.strerror or '').lower()}") from None
    try:
        return parse_lines(data, lookup)
    except InvalidArgument as error:
        raise InvalidArgument(f"invalid env file ({path}): {error}") from None


def parse_lines(data: bytes, lookup: Callable[[str], str | None] | None) -> list[str]:
    """The `name=value` lines of a file; `#` opens a comment line, space before a name is ignored.

    Args:
        lookup: gives the value of a name without one; lines whose name has none are left out.

    Raises:
        InvalidArgument: no UTF-8, no name, or blanks in a name.
    """
    found: list[str] = []
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            line = raw.removesuffix(b"\r").decode().lstrip()
        except UnicodeDecodeError:
            raise InvalidArgument(
                f"invalid utf8 bytes at line {number}: [{' '.join(map(str, raw))}]"
            ) from None
        if not line or line.startswith("#"):
            continue
        name, has_value, _ = line.partition("=")
        if not name:
            raise InvalidArgument(f"no variable name on line '{line}'")
        if any(blank in name for blank in BLANKS):
            raise InvalidArgument(f"variable '{name}' contains whitespaces")
        if has_value:
            found.append(line)
        elif lookup and (value := lookup(name)) is not None:
            found.append(f"{name}={value}")
    return found
