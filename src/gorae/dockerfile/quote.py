"""A text between double quotes, as Go's `%q` writes it: docker's sentences and history lines use it."""

_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quoted(text: str) -> str:
    """`a"b` -> `"a\\"b"`; control characters, other blanks and stray bytes become escapes."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def quoted_list(words: tuple[str, ...] | list[str]) -> str:
    """`["a" "b"]`: `%q` of a slice."""
    return "[" + " ".join(quoted(word) for word in words) + "]"


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char == " " or char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as `surrogateescape` carries it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
