"""Template text to tokens.

Shape: `(kind, text, position)`; outside actions only `text` tokens; inside: `left right field variable word
string raw char number dot pipe declare assign comma open close space bool nil keyword`.
"""

from __future__ import annotations

from gorae.cli.template.value import TemplateFault

LEFT, RIGHT = "{{", "}}"
KEYWORDS = frozenset(
    ("if", "else", "end", "range", "with", "define", "template", "block", "break", "continue")
)
_SPACE = " \t\r\n"
_SINGLE = {"|": "pipe", "(": "open", ")": "close", ",": "comma"}


class Token:
    """One token; `position` counts characters from the start of the text."""

    __slots__ = ("kind", "position", "text")

    def __init__(self, kind: str, text: str, position: int) -> None:
        self.kind = kind
        self.text = text
        self.position = position


class Lexer:
    """Reads one text; `tokens()` is all there is to call."""

    def __init__(self, text: str, name: str = "") -> None:
        self.text = text
        self.name = name
        self.position = 0
        self.found: list[Token] = []
        self.depth = 0

    def tokens(self) -> list[Token]:
        """All tokens, ended by one of kind `eof`, or of kind `error` where the text cannot be read on."""
        try:
            return self._tokens()
        except TemplateFault as fault:
            self._emit("error", str(fault), self.position)
            return self.found

    def _tokens(self) -> list[Token]:
        while True:
            start = self.text.find(LEFT, self.position)
            if start < 0:
                self._text(self.text[self.position :], self.position)
                self._emit("eof", "", len(self.text))
                return self.found
            self._action(start)

    def _text(self, text: str, position: int) -> None:
        if text:
            self._emit("text", text, position)

    def _emit(self, kind: str, text: str, position: int) -> None:
        self.found.append(Token(kind, text, position))

    def fail(self, message: str) -> TemplateFault:
        """The error for the current place."""
        line = 1 + self.text.count("\n", 0, self.position)
        return TemplateFault(f"template: {self.name}:{line}: {message}")

    def _action(self, start: int) -> None:
        before = self.text[self.position : start]
        inside = start + len(LEFT)
        trims = self.text[inside : inside + 1] == "-" and self.text[inside + 1 : inside + 2] in (
            *_SPACE,
        )
        self._text(before.rstrip(_SPACE) if trims else before, self.position)
        self.position = inside + (2 if trims else 0)
        if self.text.startswith("/*", self.position):
            self._comment()
            return
        self._emit("left", LEFT, start)
        self.depth = 0
        while not self._right():
            self._inside()

    def _comment(self) -> None:
        end = self.text.find("*/", self.position)
        if end < 0:
            raise self.fail("unclosed comment")
        self.position = end + 2
        if not self._close():
            raise self.fail("comment ends before closing delimiter")

    def _close(self) -> bool:
        """Pass the closing delimiter, if it is here, with its trim marker."""
        text, here = self.text, self.position
        spaces = here
        while text[spaces : spaces + 1] in (*_SPACE,):
            spaces += 1
        if spaces > here and text.startswith("-" + RIGHT, spaces):
            self.position = spaces + 1 + len(RIGHT)
            while text[self.position : self.position + 1] in (*_SPACE,):
                self.position += 1
            return True
        if text.startswith(RIGHT, here):
            self.position = here + len(RIGHT)
            return True
        return False

    def _right(self) -> bool:
        start = self.position
        if not self._close():
            return False
        if self.depth:
            raise self.fail("unclosed left paren")
        self._emit("right", RIGHT, start)
        return True

    def _inside(self) -> None:
        text, start = self.text, self.position
        if start >= len(text):
            raise self.fail("unclosed action")
        character = text[start]
        if character in _SPACE:
            while text[self.position : self.position + 1] in (*_SPACE,) and not (
                text.startswith("-" + RIGHT, self.position + 1)
            ):
                self.position += 1
            self.position = max(self.position, start + 1)
            if text.startswith("-" + RIGHT, self.position):
                self.position -= 1
                if self.position == start:
                    return
            self._emit("space", " ", start)
        elif character in _SINGLE:
            self.depth += {"(": 1, ")": -1}.get(character, 0)
            if self.depth < 0:
                raise self.fail("unexpected right paren")
            self.position += 1
            self._emit(_SINGLE[character], character, start)
        elif character == ":":
            if not text.startswith(":=", start):
                raise self.fail("expected :=")
            self.position += 2
            self._emit("declare", ":=", start)
        elif character == "=":
            self.position += 1
            self._emit("assign", "=", start)
        else:
            self._operand(character, start)

    def _operand(self, character: str, start: int) -> None:
        follower = self.text[start + 1 : start + 2]
        if character == '"':
            self._quoted('"', "string", "unterminated quoted string")
        elif character == "'":
            self._quoted("'", "char", "unterminated character constant")
        elif character == "`":
            end = self.text.find("`", start + 1)
            if end < 0:
                raise self.fail("unterminated raw quoted string")
            self.position = end + 1
            self._emit("raw", self.text[start + 1 : end], start)
        elif character == "." and not follower.isdigit():
            self._name(start, "field" if _alphanumeric(follower) else "dot", 1)
        elif character == "$":
            self._name(start, "variable", 1)
        elif character.isdigit() or character in "+-.":
            self._number(start)
        elif _alphanumeric(character):
            self._word(start)
        else:
            raise self.fail(
                f"unrecognized character in action: U+{ord(character):04X} {character!r}"
            )

    def _quoted(self, quote: str, kind: str, complaint: str) -> None:
        start = self.position
        here = start + 1
        while True:
            character = self.text[here : here + 1]
            if character in ("", "\n"):
                raise self.fail(complaint)
            if character == "\\":
                here += 2
                continue
            here += 1
            if character == quote:
                break
        self.position = here
        self._emit(kind, self.text[start:here], start)

    def _run(self, here: int) -> int:
        while _alphanumeric(self.text[here : here + 1]):
            here += 1
        return here

    def _name(self, start: int, kind: str, skip: int) -> None:
        end = self._run(start + skip)
        self.position = end
        self._terminated(end)
        self._emit(kind, self.text[start:end], start)

    def _word(self, start: int) -> None:
        end = self._run(start)
        word = self.text[start:end]
        self.position = end
        self._terminated(end)
        if word in KEYWORDS:
            kind = "keyword"
        elif word in ("true", "false"):
            kind = "bool"
        else:
            kind = "nil" if word == "nil" else "word"
        self._emit(kind, word, start)

    def _terminated(self, end: int) -> None:
        """A name must end before a space, a delimiter or one of `. , | : = ( )`."""
        follower = self.text[end : end + 1]
        if follower and follower not in _SPACE + ".,|:=()" and not self.text.startswith(RIGHT, end):
            self.position = end
            raise self.fail(f"bad character U+{ord(follower):04X} {_go_rune(follower)}")

    def _number(self, start: int) -> None:
        end = start + 1
        while (c := self.text[end : end + 1]) and (
            c.isalnum() or c in "._" or (c in "+-" and self.text[end - 1] in "eEpP")
        ):
            end += 1
        self.position = end
        self._emit("number", self.text[start:end], start)


def _alphanumeric(character: str) -> bool:
    return character == "_" or (character != "" and character.isalnum())


def _go_rune(character: str) -> str:
    return "'\\''" if character == "'" else f"'{character}'"
