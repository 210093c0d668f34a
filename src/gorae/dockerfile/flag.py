"""The flags of instructions, `--name=value`: read against the table of those that an instruction knows."""

from collections.abc import Mapping
from typing import Literal

from gorae.dockerfile.suggest import with_suggestion
from gorae.errors import SyntaxFault

Kind = Literal["bool", "text", "texts"]


class Flags:
    """The flags given, by name; asking for one that was not given answers what is usual."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        """The value of a flag that is given once."""
        found = self._values.get(name)
        return found[-1] if found else default

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of a flag that is given any number of times."""
        return tuple(self._values.get(name, ()))

    def truth(self, name: str) -> bool | None:
        """A boolean, None when not given."""
        found = self._values.get(name)
        return None if not found else found[-1] == "true"


def read_flags(given: tuple[str, ...], known: Mapping[str, Kind]) -> Flags:
    """Raises: SyntaxFault: unknown, given twice, or without its value."""
    values: dict[str, list[str]] = {}
    for flag in given:
        name, equals, value = flag.partition("=")
        kind = known.get(name[2:])
        if kind is None:
            raise SyntaxFault(with_suggestion(f"unknown flag: {name}", name[2:], known))
        if name[2:] in values and kind != "texts":
            raise SyntaxFault(f"duplicate flag specified: {name}")
        if (equals and not value and kind == "bool") or (not equals and kind != "bool"):
            raise SyntaxFault(f"missing a value on flag: {name}")
        if kind == "bool":
            value = value.lower() or "true"
            if value not in ("true", "false"):
                raise SyntaxFault(
                    f"expecting boolean value for flag {name}, not: {flag.partition('=')[2]}"
                )
        values.setdefault(name[2:], []).append(value)
    return Flags(values)
