"""HCL expressions: text to value, given variables and functions. Pure; nothing of Python's own is reached.

Grammar: literals, templates with `${}`, lists, objects, `for`, calls, indexes, attributes, `! -`, the binary operators
by HCL's precedence, `? :`. Source: the HCL native syntax specification.
"""

from __future__ import annotations

import operator
import re

from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

MAX_DEPTH = 40
MAX_ITEMS = 10_000
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<string>\")"
    r"|(?P<sign>\.\.\.|=>|==|!=|<=|>=|&&|\|\||[-+*/%!<>?:()\[\]{},.=]))"
)
_LEVELS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"||": lambda a, b: a or b},
    {"&&": lambda a, b: a and b},
    {"==": operator.eq, "!=": operator.ne},
    {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "%": operator.mod},
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class Scope:
    """Names and functions; `with_names` adds bound variables in front."""

    def __init__(
        self, look_up: Callable[[str], Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._look_up = look_up
        self.functions = functions

    def value(self, name: str) -> Any:
        """Raises: InvalidArgument: no such variable."""
        return self._look_up(name)

    def with_names(self, bound: Mapping[str, Any]) -> Scope:
        """A scope in which `bound` hides what is outside."""

        def look_up(name: str) -> Any:
            return bound[name] if name in bound else self._look_up(name)

        return Scope(look_up, self.functions)


def evaluate(text: str, scope: Scope) -> Any:
    """The value of one expression.

    Raises:
        InvalidArgument: it cannot be read, or has no value.
    """
    parser = _Parser(text, scope)
    value = parser.expression(0)
    parser.expect_end()
    return value


def template(text: str, scope: Scope) -> Any:
    """A quoted string's inside; one that is a single `${}` keeps its value's type."""
    pieces = list(_pieces(text))
    if len(pieces) == 1 and pieces[0][0] == "value":
        return evaluate(pieces[0][1], scope)
    return _Template(pieces).render(scope)


def escaped(text: str) -> str:
    """A text that, read as a template, is itself."""
    return text.replace("${", "$${").replace("%{", "%%{")


def to_text(value: Any) -> str:
    """As a template shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Of a template: (text, itself), (value, an expression), (word, a directive)."""
    plain: list[str] = []
    position = 0
    while position < len(text):
        if text.startswith(("$${", "%%{"), position):
            plain.append(text[position + 1 : position + 3])
            position += 3
        elif text.startswith(("${", "%{"), position):
            end = _closing(text, position + 2)
            if plain:
                yield "text", "".join(plain)
                plain = []
            kind = "value" if text[position] == "$" else "word"
            yield kind, text[position + 2 : end].strip("~ ")
            position = end + 1
        elif found := _UNICODE.match(text, position):
            plain.append(chr(int(found[1] or found[2], 16)))
            position = found.end()
        elif text[position] == "\\" and text[position + 1 : position + 2] in _ESCAPES:
            plain.append(_ESCAPES[text[position + 1]])
            position += 2
        else:
            plain.append(text[position])
            position += 1
    if plain:
        yield "text", "".join(plain)


class _Template:
    """Renders pieces: `%{ if }`, `%{ else }`, `%{ for }` reach to their ends."""

    def __init__(self, pieces: list[tuple[str, str]]) -> None:
        self._pieces = pieces
        self._at = 0

    def render(self, scope: Scope) -> str:
        """Raises: InvalidArgument: a directive that is none, or is not closed."""
        found, word = self._until((), scope, shown=True)
        assert not word
        return found

    def _until(self, ends: tuple[str, ...], scope: Scope, *, shown: bool) -> tuple[str, str]:
        """What stands before one of `ends`, and which one that is; nothing is evaluated that is not shown."""
        parts: list[str] = []
        while self._at < len(self._pieces):
            kind, text = self._pieces[self._at]
            self._at += 1
            if kind == "text":
                parts.append(text)
            elif kind == "value":
                parts.append(to_text(evaluate(text, scope)) if shown else "")
            elif text in ends:
                return "".join(parts), text
            else:
                parts.append(self._directive(text, scope, shown=shown))
        if ends:
            raise InvalidArgument(f"a template lacks its %{{ {ends[-1]} }}")
        return "".join(parts), ""

    def _directive(self, text: str, scope: Scope, *, shown: bool) -> str:
        word, _, rest = text.partition(" ")
        if word == "if":
            holds = shown and bool(evaluate(rest, scope))
            yes, end = self._until(("else", "endif"), scope, shown=holds)
            no = ""
            if end == "else":
                no, _ = self._until(("endif",), scope, shown=shown and not holds)
            return yes if holds else no
        names, separator, source = rest.partition(" in ")
        if word != "for" or not separator:
            raise InvalidArgument(f"invalid directive in a template: %{{ {text[:80]} }}")
        return self._for([one.strip() for one in names.split(",")], source, scope, shown=shown)

    def _for(self, names: list[str], source: str, scope: Scope, *, shown: bool) -> str:
        items = evaluate(source, scope) if shown else ()
        pairs = list(items.items() if isinstance(items, dict) else enumerate(items))
        if len(pairs) > MAX_ITEMS:
            raise InvalidArgument(f"a template's loop has more than {MAX_ITEMS} elements")
        start, parts = self._at, []
        for key, value in pairs:
            self._at = start
            bound = {names[-1]: value} | ({names[0]: key} if len(names) == 2 else {})
            parts.append(self._until(("endfor",), scope.with_names(bound), shown=True)[0])
        if not pairs:
            self._until(("endfor",), scope, shown=False)
        return "".join(parts)


def _closing(text: str, position: int) -> int:
    """Where the brace of a `${` closes: strings in between may hold braces and templates of their own."""
    depth = 1
    while position < len(text):
        character = text[position]
        if character == '"':
            position = _string_end(text, position + 1)
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    raise InvalidArgument(f"a template is not closed: {text[:80]!r}")


def _string_end(text: str, position: int) -> int:
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text.startswith("${", position) and not text.startswith("$${", position - 1):
            position = _closing(text, position + 2)
        elif text[position] == '"':
            return position
        position += 1
    raise InvalidArgument(f"a string is not closed: {text[:80]!r}")


class _Parser:
    """Reads and evaluates at once."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._position = 0
        self._depth = 0

    # tokens -----------------------------------------------------------------------------------

    def _peek(self) -> tuple[str, str, int]:
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            if self._text[self._position :].strip():
                raise self._fault(f"cannot read {self._text[self._position :][:20]!r}")
            return "end", "", len(self._text)
        return found.lastgroup or "", found.group(found.lastgroup or 0), found.end()

    def _take(self, sign: str) -> bool:
        kind, text, end = self._peek()
        if kind == "sign" and text == sign:
            self._position = end
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._fault(f"wanted {sign!r}, found {self._peek()[1]!r}")

    def expect_end(self) -> None:
        """Raises: InvalidArgument: something follows."""
        if self._peek()[0] != "end":
            raise self._fault(f"unexpected {self._peek()[1]!r}")

    def _fault(self, why: str) -> InvalidArgument:
        return InvalidArgument(f"invalid expression {self._text[:100]!r}: {why}")

    # grammar ----------------------------------------------------------------------------------

    def expression(self, level: int) -> Any:
        """The conditional, or a binary operation of at least `level`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._fault("it is nested too deeply")
        try:
            value = self._binary(level)
            if level == 0 and self._take("?"):
                yes = self.expression(0)
                self._need(":")
                no = self.expression(0)
                value = yes if value else no
        finally:
            self._depth -= 1
        return value

    def _binary(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while True:
            kind, text, end = self._peek()
            if kind != "sign" or text not in _LEVELS[level]:
                return value
            self._position = end
            right = self._binary(level + 1)
            try:
                value = _LEVELS[level][text](value, right)
            except (TypeError, ZeroDivisionError) as error:
                raise self._fault(str(error)) from None

    def _unary(self) -> Any:
        if self._take("!"):
            return not self._unary()
        if self._take("-"):
            return -self._unary()
        value = self._term()
        while True:
            if self._take("["):
                value = self._index(value, self.expression(0))
                self._need("]")
            elif self._take("."):
                kind, text, self._position = self._peek()
                value = self._index(value, text if kind == "name" else int(text))
            else:
                return value

    def _index(self, value: Any, key: Any) -> Any:
        try:
            return value[key]
        except (KeyError, IndexError, TypeError):
            raise self._fault(f"there is no element {key!r}") from None

    def _term(self) -> Any:
        kind, text, end = self._peek()
        if kind == "number":
            self._position = end
            return float(text) if "." in text or "e" in text.lower() else int(text)
        if kind == "string":
            close = _string_end(self._text, end)
            inside = self._text[end:close]
            self._position = close + 1
            return template(inside, self._scope)
        if kind == "name":
            self._position = end
            return self._name(text)
        if self._take("("):
            value = self.expression(0)
            self._need(")")
            return value
        if self._take("["):
            return self._list()
        if self._take("{"):
            return self._object()
        raise self._fault(f"unexpected {text!r}")

    def _name(self, name: str) -> Any:
        if self._take("("):
            return self._call(name)
        return _WORDS[name] if name in _WORDS else self._scope.value(name)

    def _call(self, name: str) -> Any:
        if name in ("try", "can"):
            return self._attempt(name)
        arguments: list[Any] = []
        while not self._take(")"):
            arguments.append(self.expression(0))
            if self._take("..."):
                arguments[-1:] = arguments[-1]
            if not self._take(","):
                self._need(")")
                break
        function = self._scope.functions.get(name)
        if function is None:
            raise self._fault(f"there is no function {name!r}")
        try:
            return function(*arguments)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise self._fault(f"{name}: {error}") from None

    def _attempt(self, name: str) -> Any:
        """`try`: the first argument that has a value; `can`: whether the one has."""
        texts = self._argument_texts()
        for text in texts:
            try:
                value = evaluate(text, self._scope)
            except InvalidArgument:
                continue
            return True if name == "can" else value
        if name == "can":
            return False
        raise self._fault("no argument of try has a value")

    def _argument_texts(self) -> list[str]:
        """The arguments of a call as they are written; behind its bracket afterwards."""
        depth, start, found = 1, self._position, []
        while depth:
            kind, text, end = self._peek()
            if kind == "end":
                raise self._fault("a call is not closed")
            if kind == "string":
                end = _string_end(self._text, end) + 1
            elif kind == "sign" and text in "([{":
                depth += 1
            elif kind == "sign" and text in ")]}":
                depth -= 1
            if (kind == "sign" and text == "," and depth == 1) or not depth:
                found.append(self._text[start : end - 1])
                start = end
            self._position = end
        return [one for one in found if one.strip()]

    def _list(self) -> list[Any]:
        if self._is_for():
            return [value for _, value in self._for("]")]
        found: list[Any] = []
        while not self._take("]"):
            found.append(self.expression(0))
            if not self._take(","):
                self._need("]")
                break
        return found

    def _object(self) -> dict[str, Any]:
        if self._is_for():
            return dict(self._for("}"))
        found: dict[str, Any] = {}
        while not self._take("}"):
            kind, text, end = self._peek()
            if kind == "name":
                self._position, key = end, text
            else:
                key = to_text(self.expression(0))
            if not self._take("="):
                self._need(":")
            found[key] = self.expression(0)
            self._take(",")
        return found

    # for --------------------------------------------------------------------------------------

    def _is_for(self) -> bool:
        kind, text, end = self._peek()
        if kind == "name" and text == "for":
            self._position = end
            return True
        return False

    def _for(self, close: str) -> list[tuple[str, Any]]:
        """`for [K,] V in LIST : [KEY =>] VALUE [if CONDITION]`: the body is read once for each element."""
        names = [self._identifier()]
        if self._take(","):
            names.append(self._identifier())
        if self._identifier() != "in":
            raise self._fault("wanted `in`")
        source = self.expression(0)
        self._need(":")
        start, outside = self._position, self._scope
        pairs = source.items() if isinstance(source, dict) else enumerate(source)
        items = list(pairs)[: MAX_ITEMS + 1]
        if len(items) > MAX_ITEMS:
            raise self._fault(f"more than {MAX_ITEMS} elements")
        found: list[tuple[str, Any]] = []
        end = -1
        for key, value in items or [("", "")]:
            self._position = start
            bound = {names[-1]: value} | ({names[0]: key} if len(names) == 2 else {})
            self._scope = outside.with_names(bound)
            made, wanted = self._body()
            if items and wanted:
                found.append(made)
            end = self._position
        self._scope, self._position = outside, end
        self._need(close)
        return found

    def _body(self) -> tuple[tuple[str, Any], bool]:
        first = self.expression(0)
        key, value = "", first
        if self._take("=>"):
            key, value = to_text(first), self.expression(0)
        kind, text, end = self._peek()
        if kind == "name" and text == "if":
            self._position = end
            return (key, value), bool(self.expression(0))
        return (key, value), True

    def _identifier(self) -> str:
        kind, text, end = self._peek()
        if kind != "name":
            raise self._fault(f"wanted a name, found {text!r}")
        self._position = end
        return text
