"""Shell words as the Dockerfile's instructions know them: quotes, escapes, `$name` and `${name…}`.

    $name ${name}             the value, nothing when unset
    ${name-word} ${name:-word}   word when unset (`:` or empty)
    ${name+word} ${name:+word}   word when set (`:` and not empty)
    ${name?word} ${name:?word}   an error with these words when unset (`:` or empty)
    ${name#pat} ${name##pat}     without the shortest (longest) matching head; % and %% likewise the tail
    ${name/pat/new} ${name//pat/new}   the first (each) match replaced

Within `'…'` all is literal; within `"…"` variables count and the escape only before `"`, `$` and itself.
Source: Dockerfile reference, "Environment replacement"; BuildKit's `shell` package for what it does not say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.pattern import remove_head, remove_tail, replace_match
from gorae.dockerfile.quote import quoted
from gorae.errors import SyntaxFault

MAX_DEPTH = 100
"""Of `${a:-${b:-…}}`."""
MAX_RESULT = 4 * 1024 * 1024
"""Characters of an expanded word: `ENV A=$A$A` doubles with each line."""

_SPECIAL = "@*#?-$!0"


@dataclass(frozen=True, slots=True)
class Expansion:
    """An expanded text, the same split at blanks that were not quoted, and the variables it asked for."""

    text: str
    words: tuple[str, ...]
    used: frozenset[str]
    unset: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shell:
    """A reader of words with the escape character of the file.

    `raw_quotes` and `raw_escapes` keep these characters in the result; `skip_quotes` takes quotes for ordinary
    letters (the content of heredocs); `keep_unset` leaves `$name` standing where the variable is not set.
    """

    escape: str = "\\"
    raw_quotes: bool = False
    raw_escapes: bool = False
    skip_quotes: bool = False
    keep_unset: bool = False

    def process(self, text: str, env: Mapping[str, str]) -> Expansion:
        """Raises: SyntaxFault: with BuildKit's sentence."""
        reader = _Reader(self, text, env)
        try:
            result, words = reader.until("", raw_escapes=self.raw_escapes)
        except SyntaxFault as fault:
            raise SyntaxFault(f"failed to process {quoted(text)}: {fault.message}") from None
        return Expansion(result, tuple(words), frozenset(reader.used), frozenset(reader.unset))

    def expand(self, text: str, env: Mapping[str, str]) -> str:
        """The text with its variables replaced and its quotes taken away. Raises: SyntaxFault."""
        return self.process(text, env).text

    def words(self, text: str, env: Mapping[str, str]) -> list[str]:
        """The expanded text's words. Raises: SyntaxFault."""
        return list(self.process(text, env).words)


class _Words:
    """Collects words: a blank ends one unless it was quoted; an empty one does not count."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._parts: list[str] = []

    def add(self, text: str) -> None:
        for char in text:
            if char not in BLANKS:
                self._parts.append(char)
            else:
                self.finish()

    def add_quoted(self, text: str) -> None:
        if text:
            self._parts.append(text)

    def finish(self) -> list[str]:
        if self._parts:
            self.done.append("".join(self._parts))
            self._parts = []
        return self.done


class _Reader:
    def __init__(self, shell: Shell, text: str, env: Mapping[str, str]) -> None:
        self.shell = shell
        self.text = text
        self.env = env
        self.at = 0
        self.depth = 0
        self.used: set[str] = set()
        self.unset: set[str] = set()
        self.raw_escapes = shell.raw_escapes

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def next(self) -> str:
        char = self.peek()
        self.at += 1
        return char

    def until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """Read up to `stop` (empty: the end), which is consumed."""
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxFault("syntax error: substitutions are nested too deeply")
        result: list[str] = []
        words = _Words()
        length = 0
        while char := self.peek():
            if char == stop:
                self.at += 1
                self.depth -= 1
                self.raw_escapes = before
                return "".join(result), words.finish()
            part, is_quoted = self._part(char)
            if is_quoted:
                words.add_quoted(part)
            else:
                words.add(part)
            result.append(part)
            length += len(part)
            if length > MAX_RESULT:
                raise SyntaxFault(f"the expanded text has more than {MAX_RESULT} characters")
        if stop:
            raise SyntaxFault(f"unexpected end of statement while looking for matching {stop}")
        self.depth -= 1
        return "".join(result), words.finish()

    def _part(self, char: str) -> tuple[str, bool]:
        """The next piece and whether its blanks are no borders of words."""
        if char == "$":
            return self._dollar(), False
        if char == "<":
            return self._arrow(), True
        if not self.shell.skip_quotes:
            if char == "'":
                return self._single_quoted(), True
            if char == '"':
                return self._double_quoted(), True
        self.at += 1
        if char != self.shell.escape:
            return char, False
        escaped = self.next()
        return (char if self.raw_escapes else "") + escaped, True

    def _arrow(self) -> str:
        """`<`, or `<<` with the blanks behind it: the name of a heredoc belongs to the word."""
        self.at += 1
        if self.peek() != "<":
            return "<"
        self.at += 1
        start = self.at
        while self.peek() in ("\t", "\r", " "):
            self.at += 1
        return "<<" + self.text[start : self.at]

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            self.at = len(self.text)
            raise SyntaxFault("unexpected end of statement while looking for matching single-quote")
        inner = self.text[self.at + 1 : end]
        self.at = end + 1
        return f"'{inner}'" if self.shell.raw_quotes else inner

    def _double_quoted(self) -> str:
        quote = '"' if self.shell.raw_quotes else ""
        result = [quote]
        self.at += 1
        while char := self.peek():
            if char == "$":
                result.append(self._dollar())
                continue
            self.at += 1
            if char == '"':
                result.append(quote)
                return "".join(result)
            if char == self.shell.escape:
                result.append(self._escape_in_quotes())
            else:
                result.append(char)
        raise SyntaxFault("unexpected end of statement while looking for matching double-quote")

    def _escape_in_quotes(self) -> str:
        kept = self.shell.escape if self.raw_escapes else ""
        following = self.peek()
        if not following:
            return kept
        if following in ('"', "$", self.shell.escape):
            self.at += 1
            return kept + following
        return kept + self.shell.escape

    def _dollar(self) -> str:
        self.at += 1
        if self.peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._value(name)
            return f"${name}" if value is None and self.shell.keep_unset else value or ""
        self.at += 1
        if not self.peek():
            raise SyntaxFault("syntax error: missing '}'")
        if self.peek() in "{}:":
            raise SyntaxFault("syntax error: bad substitution")
        name = self._name()
        modifier = self.next()
        if not modifier:
            raise SyntaxFault("syntax error: missing '}'")
        if modifier == "}":
            value = self._value(name)
            return f"${{{name}}}" if value is None and self.shell.keep_unset else value or ""
        if modifier == "/":
            return self._replacement(name)
        if modifier == ":":
            modifier += self.next()
        return self._modified(name, modifier)

    def _modified(self, name: str, modifier: str) -> str:
        kind = modifier[-1:]
        if modifier not in ("-", "+", "?", "#", "%", ":-", ":+", ":?"):
            if modifier.startswith(":") and kind not in ("#", "%"):
                self._word("}", raw_escapes=False)  # what is missing is told first
            raise SyntaxFault(f"unsupported modifier ({modifier}) in substitution")
        word = self._word("}", raw_escapes=kind in "#%")
        value = self._value(name)
        if value is None and self.shell.keep_unset:
            return f"${{{name}{modifier}{word}}}"
        if kind in "#%":
            longest = word.startswith(kind)
            remove = remove_head if kind == "#" else remove_tail
            return remove(value or "", word[1:] if longest else word, longest=longest)
        missing = value is None or (modifier.startswith(":") and not value)
        if kind == "-":
            return word if missing else value or ""
        if kind == "+":
            return "" if missing else word
        if missing:
            state = "unset" if value is None else "empty"
            raise SyntaxFault(f"{name}: {word or f'is not allowed to be {state}'}")
        return value or ""

    def _replacement(self, name: str) -> str:
        everywhere = self.peek() == "/"
        if everywhere:
            self.at += 1
        pattern = self._word("/", raw_escapes=True, what="'/' in ${}")
        new = self._word("}", raw_escapes=True)
        value = self._value(name)
        if value is None and self.shell.keep_unset:
            return f"${{{name}/{pattern}/{new}}}"
        return replace_match(value or "", pattern, new, everywhere=everywhere)

    def _word(self, stop: str, *, raw_escapes: bool, what: str = "'}'") -> str:
        try:
            return self.until(stop, raw_escapes=raw_escapes)[0]
        except SyntaxFault:
            if not self.peek() and self.depth <= MAX_DEPTH:
                raise SyntaxFault(f"syntax error: missing {what}") from None
            raise

    def _name(self) -> str:
        """Letters, digits and `_`; or digits alone; or one special parameter."""
        start = self.at
        first = self.peek()
        if first.isdecimal():
            while self.peek().isdecimal():
                self.at += 1
        elif first and first in _SPECIAL:
            self.at += 1
        else:
            while (char := self.peek()) and (char.isalpha() or char.isdecimal() or char == "_"):
                self.at += 1
        return self.text[start : self.at]

    def _value(self, name: str) -> str | None:
        value = self.env.get(name)
        (self.unset if value is None else self.used).add(name)
        return value
