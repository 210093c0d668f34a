"""The one door for JSON: bytes become a checked value, or an error that names the field.

Reading is as the API's clients expect of dockerd: unknown fields are ignored, names match without
regard to case, and null leaves a field as it was (zero). Fields whose own type admits None keep the
null.
"""

import functools
import re
import types
import typing
from typing import Any, TypeVar

import msgspec

from gorae.errors import InvalidArgument

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<wanted>.*?)`, got `(?P<found>.*?)`")
_BYTE = re.compile(r"\(byte (\d+)\)")
_INT64 = range(-(1 << 63), 1 << 63)


def encode(value: object) -> bytes:
    """Compact JSON, keys in the order of the fields."""
    return _encoder.encode(value)


def encode_line(value: object) -> bytes:
    """JSON and a line feed, as dockerd ends every document."""
    return _encoder.encode(value) + b"\n"


def decode(kind: type[T], data: bytes) -> T:
    """A value of `kind` from JSON text.

    Raises:
        InvalidArgument: no JSON, more than one document, or a field of another type.
    """
    if not data.strip(b" \t\r\n"):
        raise InvalidArgument("invalid JSON: got EOF while reading request body")
    try:
        return convert(kind, msgspec.json.decode(data))
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"invalid JSON: {_field_sentence(str(error))}") from None
    except msgspec.DecodeError as error:
        raise InvalidArgument(_syntax_sentence(str(error), data)) from None
    except UnicodeDecodeError:
        raise InvalidArgument("invalid JSON: the text is not UTF-8") from None
    except RecursionError:
        raise InvalidArgument("invalid JSON: nested too deeply") from None


def convert(kind: type[T], value: Any) -> T:
    """A checked value of `kind` from decoded JSON."""
    folded = _fold(value, kind)
    if folded is None and _is_struct(kind):
        folded = {}
    return msgspec.convert(folded, kind)


def _fold(value: Any, kind: Any) -> Any:
    """`value` with names as `kind` spells them, without the nulls that it has no place for."""
    if isinstance(value, dict):
        if _is_struct(kind):
            return _fold_struct(value, _members(kind))
        inner = _item_type(kind, dict)
        return {key: _or_zero(_fold(one, inner), inner) for key, one in value.items()}
    if isinstance(value, list):
        inner = _item_type(kind, list)
        return [_or_zero(_fold(one, inner), inner) for one in value]
    if type(value) is int and value not in _INT64:
        raise msgspec.ValidationError("Expected `int64`, got `number out of range`")
    return value


def _fold_struct(value: dict[str, Any], kind: Any) -> dict[str, Any]:
    fields = _fields(kind)
    found: dict[str, Any] = {}
    for key, one in value.items():
        field = fields.get(key) or fields.get(key.lower())
        if field is None:
            continue
        name, inner = field
        folded = _fold(one, _members(inner))
        if folded is None and not _admits_none(inner):
            continue
        found[name] = folded
    return found


def _or_zero(value: Any, kind: Any) -> Any:
    """Null in a list or map is the zero of what the list holds; where that is unclear it is left for the check.

    docker-compose 1.29 sends labels without a value as null.
    """
    if value is not None or _admits_none(kind):
        return value
    return {} if _is_struct(kind) else _ZEROS.get(kind)


_ZEROS: dict[Any, Any] = {str: "", int: 0, float: 0.0, bool: False}


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[str, Any]]:
    """Exact and lower-case name -> (name in JSON, type)."""
    hints = typing.get_type_hints(kind)
    pairs = [(one.encode_name, hints[one.name]) for one in msgspec.structs.fields(kind)]
    return {name.lower(): (name, hint) for name, hint in pairs} | {
        name: (name, hint) for name, hint in pairs
    }


@functools.cache
def _members(kind: Any) -> Any:
    """The type that a union holds besides None and UNSET."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        rest = [
            one
            for one in typing.get_args(kind)
            if one not in (types.NoneType, msgspec.UnsetType, str)
        ]
        return rest[0] if rest else str
    return kind


@functools.cache
def _admits_none(kind: Any) -> bool:
    return kind is Any or types.NoneType in typing.get_args(kind)


def _is_struct(kind: Any) -> bool:
    inner = _members(kind)
    return isinstance(inner, type) and issubclass(inner, msgspec.Struct)


def _item_type(kind: Any, container: type) -> Any:
    inner = _members(kind)
    if typing.get_origin(inner) is not container:
        return Any
    return typing.get_args(inner)[-1]


_KINDS = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "array",
    "object": "object",
    "null": "null",
}


def _field_sentence(text: str) -> str:
    """msgspec's words in ours: which field, what was found there, what it takes."""
    match = _WHERE.match(text)
    what, path = (match["what"], match["path"]) if match else (text, None)
    field = (path or "").lstrip(".").replace("[...]", "[]")
    pair = _EXPECTED.match(what)
    if pair is None or not field:
        return f'field "{field}": {what}' if field else what.replace("`", "")
    wanted = " or ".join(_KINDS.get(one.strip(), one.strip()) for one in pair["wanted"].split("|"))
    found = _KINDS.get(pair["found"], pair["found"])
    return f'cannot read {found} into field "{field}" of type {wanted}'


def _syntax_sentence(text: str, data: bytes) -> str:
    if "truncated" in text:
        return "invalid JSON: unexpected EOF"
    if "trailing" in text:
        return "unexpected content after JSON"
    at = _BYTE.search(text)
    if at is None or int(at[1]) >= len(data):
        return "invalid JSON: malformed text"
    offset = int(at[1])
    character = chr(data[offset]) if 32 <= data[offset] < 127 else f"\\x{data[offset]:02x}"
    return f"invalid JSON: invalid character '{character}' at byte {offset}"
