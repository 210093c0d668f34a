"""Values to JSON text for a row's column, and back. The types are those of the rooms above."""

from typing import Any, TypeVar

import msgspec

from gorae.errors import DataLoss

T = TypeVar("T")


def encode(value: Any) -> str:
    """The JSON text of a dataclass or a plain value; enums as their values."""
    return msgspec.json.encode(value).decode()


def decode(kind: type[T], text: str) -> T:
    """The value of type `kind` that `encode` wrote; fields added since then take their defaults.

    Raises:
        DataLoss: the text is not such a value.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise DataLoss(f"a stored {kind.__name__} cannot be read: {error}") from error
