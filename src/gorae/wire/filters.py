"""The `filters` parameter: a JSON object of lists, or of maps as older clients write it.

Shape: `{"label": ["a=b", "c"]}` or `{"label": {"a=b": true, "c": true}}`. Values under one name are
alternatives, but for labels, which must all match.
"""

from collections.abc import Callable, Collection, Mapping

import msgspec

from gorae.errors import InvalidArgument

MAX_TEXT = 1 << 20
_TRUE = ("1", "true")
_FALSE = ("0", "false")


class Filters:
    """Name -> values asked for; nothing under a name means that it does not matter."""

    def __init__(self, values: Mapping[str, Collection[str]] | None = None) -> None:
        self._values = {name: tuple(dict.fromkeys(each)) for name, each in (values or {}).items()}

    @classmethod
    def parse(cls, text: str) -> "Filters":
        """Raises: InvalidArgument: neither of the two forms."""
        if not text:
            return cls()
        if len(text) > MAX_TEXT:
            raise InvalidArgument("invalid filter: too long")
        try:
            lists = msgspec.json.decode(
                text.encode("utf-8", "surrogateescape"), type=dict[str, list[str] | dict[str, bool]]
            )
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise InvalidArgument("invalid filter") from None
        return cls({name: _chosen(each) for name, each in lists.items()})

    def check(self, allowed: Collection[str]) -> "Filters":
        """Raises: InvalidArgument: a name that means nothing here."""
        for name in self._values:
            if name not in allowed:
                raise InvalidArgument(f"invalid filter '{name}'")
        return self

    def __contains__(self, name: str) -> bool:
        return bool(self._values.get(name))

    def values(self, name: str) -> tuple[str, ...]:
        """What was asked for under a name."""
        return self._values.get(name, ())

    def as_lists(self) -> dict[str, list[str]]:
        """Name -> values, plain."""
        return {name: list(values) for name, values in self._values.items()}

    def one(self, name: str) -> str:
        """The single value of a name, "" when it was not given.

        Raises:
            InvalidArgument: several.
        """
        values = self.values(name)
        if len(values) > 1:
            raise InvalidArgument(f"invalid filter '{name}': one value expected, not {len(values)}")
        return values[0] if values else ""

    def flag(self, name: str, *, default: bool) -> bool:
        """A yes or no.

        Raises:
            InvalidArgument: neither, or both.
        """
        values = self.values(name)
        if not values:
            return default
        truths = {value.lower() in _TRUE for value in values if value.lower() in _TRUE + _FALSE}
        if len(truths) != 1 or any(value.lower() not in _TRUE + _FALSE for value in values):
            raise InvalidArgument(f"invalid filter '{name}=[{' '.join(values)}]'")
        return truths.pop()

    def exact(self, name: str, value: str) -> bool:
        """Whether `value` is among those asked for, or any will do."""
        values = self.values(name)
        return not values or value in values

    def any(self, name: str, test: Callable[[str], bool]) -> bool:
        """Whether one of the values passes, or any will do."""
        values = self.values(name)
        return not values or any(test(value) for value in values)

    def labels(self, labels: Mapping[str, str], name: str = "label") -> bool:
        """Whether all wanted labels are there: `key`, or `key=value` exactly."""
        return all(has_label(labels, wanted) for wanted in self.values(name))

    def without_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether none of `label!` is there."""
        return not any(has_label(labels, barred) for barred in self.values("label!"))


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether `key` or `key=value` holds."""
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def _chosen(values: "list[str] | dict[str, bool]") -> list[str]:
    if isinstance(values, dict):
        return [value for value, wanted in values.items() if wanted]
    return values
