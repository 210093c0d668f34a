"""`WWW-Authenticate`: what a server wants to see. Pure.

    Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull"
    Basic realm="x", Bearer realm="y"          several in one field

Grammar: RFC 9110, 11.6.1. What does not follow it is passed over: a challenge that nobody understands is none.
"""

from dataclasses import dataclass, field

MAX_CHARS = 16 << 10
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPACE = " \t"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme, in lower case, and its parameters by lower-case name."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def parse(header: str) -> list[Challenge]:
    """The challenges of one field, in order; never fails."""
    scan = _Scanner(header[:MAX_CHARS])
    found: list[Challenge] = []
    while not scan.ended:
        scan.skip(_SPACE + ",")
        word = scan.token()
        if not word:
            scan.skip_one()
            continue
        spaces = scan.skip(_SPACE)
        if scan.peek() == "=" and found:  # one more parameter of the challenge before
            value = scan.value()
            if value is not None:
                found[-1].parameters.setdefault(word.lower(), value)
            continue
        found.append(Challenge(word.lower()))
        if spaces:
            scan.skip_token68()
    return found


class _Scanner:
    """A place in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._text)

    def peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def skip_one(self) -> None:
        self._at += 1

    def skip(self, characters: str) -> int:
        start = self._at
        while not self.ended and self._text[self._at] in characters:
            self._at += 1
        return self._at - start

    def token(self) -> str:
        start = self._at
        while not self.ended and self._text[self._at] in _TOKEN:
            self._at += 1
        return self._text[start : self._at]

    def skip_token68(self) -> None:
        """`Negotiate abc==`: nothing that we speak; the text up to a comma, unless parameters follow."""
        start = self._at
        end = self._text.find(",", start)
        piece = self._text[start : end if end >= 0 else len(self._text)]
        bare = piece.strip().rstrip("=")
        if bare and not set(bare) - _TOKEN - {"/"} and "=" not in bare:
            self._at = start + len(piece)

    def value(self) -> str | None:
        """After a name: `=` and a token or a quoted string; None where neither follows."""
        self._at += 1
        self.skip(_SPACE)
        if self.peek() != '"':
            return self.token() or None
        self._at += 1
        out: list[str] = []
        while not self.ended:
            character = self._text[self._at]
            self._at += 1
            if character == '"':
                return "".join(out)
            if character == "\\" and not self.ended:
                character = self._text[self._at]
                self._at += 1
            out.append(character)
        return None
