"""Detach keys: the text of `--detach-keys` to bytes, and the filter that finds them in what is typed."""

from __future__ import annotations

from gorae.errors import InvalidArgument

DEFAULT = b"\x10\x11"  # ctrl-p, ctrl-q
_SPECIAL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def parse_keys(text: str) -> bytes:
    """`ctrl-p,ctrl-q`, `a,b`, `ctrl-@`: one byte a key.

    Raises:
        InvalidArgument: a key that is none.
    """
    keys = bytearray()
    for key in text.split(","):
        lower = key.lower()
        if len(key) == 1:
            keys += key.encode("latin-1", "replace")
        elif lower.startswith("ctrl-") and len(key) == 6 and lower[5] in _SPECIAL:
            keys.append(_SPECIAL[lower[5]])
        elif lower.startswith("ctrl-") and len(key) == 6 and lower[5].isalpha() and lower.isascii():
            keys.append(ord(lower[5]) - ord("a") + 1)
        elif lower == "del":
            keys.append(127)
        else:
            raise InvalidArgument(f"Unknown character: '{key}'")
    return bytes(keys)


class DetachFilter:
    """Typed bytes in, bytes for the container out; bytes that may begin the sequence are held back."""

    def __init__(self, keys: bytes = DEFAULT) -> None:
        self.keys = keys
        self._matched = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What to send on, and whether the sequence is complete (what follows it is dropped)."""
        if not self.keys:
            return data, False
        out = bytearray()
        for byte in data:
            if byte == self.keys[self._matched]:
                self._matched += 1
                if self._matched == len(self.keys):
                    self._matched = 0
                    return bytes(out), True
                continue
            if self._matched:
                out += self.keys[: self._matched]
                self._matched = 0
                if byte == self.keys[0]:
                    self._matched = 1
                    continue
            out.append(byte)
        return bytes(out), False
