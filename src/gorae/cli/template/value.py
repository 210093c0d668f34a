"""What templates see beyond Python's own values: structs, methods, the missing value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class TemplateFault(Exception):  # noqa: N818 - the rooms' word for a text that is wrong
    """A template that cannot be read or carried out; the message is Go's."""


class Missing:
    """The absence of a map's entry; prints as `<no value>`."""

    def __repr__(self) -> str:
        return "<no value>"


NO_VALUE = Missing()


class Struct:
    """A Go struct: fixed fields in order, read on demand.

    Args:
        type_name: as error messages name it (`types.ContainerJSON`).
        getters: field or method name -> how to read it.
        pointer: printed whole as `&{...}`.
        hidden: names that are methods or aliases: reachable, not printed.
    """

    __slots__ = ("getters", "hidden", "pointer", "type_name")

    def __init__(
        self,
        type_name: str,
        getters: dict[str, Callable[[], Any]],
        *,
        pointer: bool = False,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.type_name = type_name
        self.getters = getters
        self.pointer = pointer
        self.hidden = hidden

    def get(self, name: str) -> Any:
        """The field's value.

        Raises:
            KeyError: there is no such field.
        """
        return self.getters[name]()

    def printed(self) -> list[tuple[str, Any]]:
        """The fields that `%v` and JSON show, in order."""
        return [(name, read()) for name, read in self.getters.items() if name not in self.hidden]


def constant(value: Any) -> Callable[[], Any]:
    """A getter that gives `value`."""
    return lambda: value


class Row(Struct):
    """A row of a list: its JSON writes `<>&` as escapes, as docker's lists do."""

    __slots__ = ()


class Method:
    """A field that takes arguments (`.Label "x"`)."""

    __slots__ = ("call", "count")

    def __init__(self, call: Callable[..., Any], count: int) -> None:
        self.call = call
        self.count = count


class Number(str):
    """A number of a document that was read without types (Go's `json.Number`): it compares as the text it is."""

    type_name = "json.Number"
    number: int | float

    def __new__(cls, number: int | float) -> Number:
        """The text of `number`."""
        one = super().__new__(cls, number)
        one.number = number
        return one

    def json(self) -> int | float:
        """The number."""
        return self.number


class Nil:
    """A typed nil pointer: prints `<nil>`, and reaching through it is an error."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __bool__(self) -> bool:
        return False


class TypedList(list):  # type: ignore[type-arg]
    """A slice of a named element type (`[]string`); nil and empty print alike."""

    __slots__ = ("nil", "type_name")

    def __init__(self, items: list[Any], type_name: str, *, nil: bool = False) -> None:
        super().__init__(items)
        self.type_name = type_name
        self.nil = nil


class TypedMap(dict):  # type: ignore[type-arg]
    """A map of a named type; an absent key gives `<no value>`."""

    __slots__ = ("nil", "type_name")

    def __init__(self, items: dict[str, Any], type_name: str, *, nil: bool = False) -> None:
        super().__init__(items)
        self.type_name = type_name
        self.nil = nil


def type_name(value: Any) -> str:
    """Go's name for the type of `value`."""
    if isinstance(value, (Struct, Nil, Number, TypedList, TypedMap)):
        pointer = "*" if isinstance(value, Struct) and value.pointer else ""
        return pointer + value.type_name
    for kind, name in (
        (bool, "bool"),
        (int, "int"),
        (float, "float64"),
        (str, "string"),
        (list, "[]interface {}"),
        (dict, "map[string]interface {}"),
    ):
        if isinstance(value, kind):
            return name
    return "interface {}"


def truth(value: Any) -> bool:
    """Go's rule: the zero value of a kind is false, a struct is true."""
    if isinstance(value, Struct):
        return True
    if value is NO_VALUE or value is None:
        return False
    return bool(value)
