"""JSON as the specifications' documents are written: compact, keys in the order given."""

import json
import re
from typing import Any

from gorae.errors import InvalidArgument

MAX_DEPTH_CHARS = 64
_NO_CHARACTER = re.compile("[\ud800-\udfff]")


def load(data: bytes, what: str) -> dict[str, Any]:
    """An object. Raises: InvalidArgument: not JSON, or no object; `what` names the document."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"{what} is not JSON: {str(error)[:MAX_DEPTH_CHARS]}") from None
    if not isinstance(value, dict):
        raise InvalidArgument(f"{what}: wanted an object, found {type(value).__name__}")
    return value


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
            f'{what}: "{key}" wants {kind.__name__}, found {type(value).__name__}'
        )
    return value
