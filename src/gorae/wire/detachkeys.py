"""Detach keys: the sequence that takes a client off a terminal, filtered out of its input. Pure.

Grammar: keys separated by commas; each is one character, or `ctrl-` and one of a-z, @, [, \\, ], ^,
_.
"""

from gorae.errors import InvalidArgument

DEFAULT = b"\x10\x11"
"""ctrl-p,ctrl-q."""

MAX_TEXT = 256


def parse(text: str) -> bytes:
    """The bytes of a sequence; "" is the default.

    Raises:
        InvalidArgument: a key that does not exist.
    """
    if not text:
        return DEFAULT
    if len(text) > MAX_TEXT:
        raise InvalidArgument("Invalid escape keys: too long")
    return bytes(_key(word, text) for word in text.split(","))


def _key(word: str, text: str) -> int:
    if len(word) == 1 and ord(word) < 128:
        return ord(word)
    if word.startswith("ctrl-") and len(word) == 6:
        code = ord(word[5].upper() if word[5].islower() else word[5])
        if 0x40 <= code <= 0x5F and not word[5].isupper():
            return code & 0x1F
    raise InvalidArgument(f"Invalid escape keys ({text}) provided")


class DetachFilter:
    """Input goes in, input without the sequence comes out; `found` tells that it was typed.

    Bytes that begin the sequence are held back until it is clear that they do not; a sequence that
    breaks off is passed on whole.
    """

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._matched = 0
        self.found = False

    def feed(self, data: bytes) -> bytes:
        """What of `data` (and of what was held back) is input. Nothing after the sequence is."""
        keys = self._keys
        if not keys or (not self._matched and keys[0] not in data):
            return data
        out = bytearray()
        for byte in data:
            if byte != keys[self._matched] and self._matched:
                out += keys[: self._matched]
                self._matched = 0
            if byte == keys[self._matched]:
                self._matched += 1
                if self._matched == len(keys):
                    self._matched = 0
                    self.found = True
                    break
            else:
                out.append(byte)
        return bytes(out)

    def flush(self) -> bytes:
        """What is still held back at the end of input."""
        held, self._matched = self._keys[: self._matched], 0
        return held
