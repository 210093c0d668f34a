"""JSON as the specifications' documents are written: compact, keys in the order given."""

import json
import re
from typing import Any

from gorae.errors import InvalidArgument

_KINDS: dict[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
_NO_CHARACTER = re.compile("[\ud800-\udfff]")


def load(data: bytes, what: str) -> dict[str, Any]:
    """An object. Raises: InvalidArgument: not JSON, or no object; `what` names the document."""
    value = _value(data, what)
    if not isinstance(value, dict):
        raise InvalidArgument(f"{what}: wanted an object, found {_kind(value)}")
    return value


def load_list(data: bytes, what: str) -> list[Any]:
    """An array. Raises: InvalidArgument: not JSON, or no array."""
    value = _value(data, what)
    if not isinstance(value, list):
        raise InvalidArgument(f"{what}: wanted an array, found {_kind(value)}")
    return value


def _value(data: bytes, what: str) -> Any:
    """JSON text is UTF-8 (RFC 8259, section 8.1) and has no NaN."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        reason = "nested too deeply"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is no UTF-8"
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg.lower()}"
    except ValueError:
        reason = "a number that is none, or too long"
    raise InvalidArgument(f"{what} is not JSON: {reason}")


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS.get(type(value), "a number")


def dump(value: Any) -> bytes:
    """Compact bytes; the digest of a document is of these. What is no character becomes "\ufffd", as in Go."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return _NO_CHARACTER.sub("\ufffd", text).encode()


def want(document: dict[str, Any], key: str, kind: type, what: str, default: Any = None) -> Any:
    """The value of a key, of the wanted type; `default` when it is missing or null.

    Raises:
        InvalidArgument: another type, naming the field.
    """
    value = document.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InvalidArgument(
            f'{what}: "{key}" wants {_KINDS.get(kind, "a number")}, found {_kind(value)}'
        )
    return value
