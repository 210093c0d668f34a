"""Tokens to tree, with Go's complaints."""

from __future__ import annotations

from gorae.cli.template import literal, node
from gorae.cli.template.lexer import Lexer, Token
from gorae.cli.template.value import TemplateFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from gorae.cli.template.node import Node

_OPERANDS = frozenset(
    ("field", "variable", "word", "string", "raw", "char", "number", "dot", "bool", "nil", "open")
)


def parse(text: str, functions: Collection[str], name: str = "") -> dict[str, list[Node]]:
    """The templates in `text`: its own under `name`, and those it defines.

    Raises:
        TemplateFault: the text is wrong.
    """
    parser = _Parser(text, functions, name)
    body = parser.top()
    parser.defined.setdefault(name, body)
    return parser.defined


class _Parser:
    def __init__(self, text: str, functions: Collection[str], name: str) -> None:
        self.text = text
        self.name = name
        self.functions = functions
        self.tokens = Lexer(text, name).tokens()
        self.index = 0
        self.variables = ["$"]
        self.defined: dict[str, list[Node]] = {}
        self.loops = 0

    def next(self) -> Token:
        token = self.peek()
        self.index += 1
        return token

    def peek(self) -> Token:
        """The next token; what the lexer could not read is an error only when the parser comes to it."""
        token = self.tokens[self.index]
        if token.kind == "error":
            raise TemplateFault(token.text)
        return token

    def next_word(self) -> Token:
        self.skip_space()
        return self.next()

    def skip_space(self) -> None:
        while self.peek().kind == "space":
            self.index += 1

    def fail(self, message: str, at: Token | None = None) -> TemplateFault:
        position = (at or self.tokens[max(self.index - 1, 0)]).position
        line = 1 + self.text.count("\n", 0, position)
        return TemplateFault(f"template: {self.name}:{line}: {message}")

    def unexpected(self, token: Token, context: str) -> TemplateFault:
        shown = {
            "eof": "EOF",
            "keyword": f"<{token.text}>",
            "text": f'"{token.text}"',
        }.get(token.kind, f'"{token.text}"')
        if token.kind == "field":
            shown = f"<{token.text}>"
        return self.fail(f"unexpected {shown} in {context}", token)

    def top(self) -> list[Node]:
        """The whole text."""
        body: list[Node] = []
        while self.peek().kind != "eof":
            token = self.next()
            if token.kind == "text":
                body.append(node.Text(token.position, token.text))
                continue
            self.skip_space()
            if self.peek().kind == "keyword" and self.peek().text == "define":
                self.next()
                self.define()
                continue
            action = self.action()
            if isinstance(action, str):
                raise self.fail(f"unexpected {{{{{action}}}}}")
            body.append(action)
        return body

    def body(self, context: str) -> tuple[list[Node], str]:
        """Nodes up to `{{end}}` or `{{else}}`, and which of the two it was."""
        found: list[Node] = []
        while True:
            token = self.next()
            if token.kind == "eof":
                raise self.fail("unexpected EOF", token)
            if token.kind == "text":
                found.append(node.Text(token.position, token.text))
                continue
            action = self.action()
            if isinstance(action, str):
                return found, action
            found.append(action)

    def action(self) -> Node | str:
        """What stands after `{{`; the words `end` and `else` are for the caller."""
        self.skip_space()
        token = self.peek()
        if token.kind != "keyword":
            marks = len(self.variables)
            pipe = self.pipeline("command", "right")
            if not pipe.variables:
                del self.variables[marks:]
            return node.Action(token.position, pipe)
        self.next()
        word = token.text
        if word in ("if", "with", "range"):
            return self.branch(word, token.position)
        if word == "end":
            self.expect("right", "end")
            return "end"
        if word == "else":
            return "else"
        if word == "template":
            return self.call()
        if word == "block":
            return self.block(token.position)
        if word in ("break", "continue"):
            if not self.loops:
                raise self.fail(f"{{{{{word}}}}} outside {{{{range}}}}", token)
            self.expect("right", f"{{{{{word}}}}}")
            return node.Jump(token.position, word)
        raise self.unexpected(token, "command")

    def expect(self, kind: str, context: str) -> Token:
        token = self.next_word()
        if token.kind != kind:
            raise self.unexpected(token, context)
        return token

    def branch(self, keyword: str, position: int) -> Node:
        marks = len(self.variables)
        pipe = self.pipeline(keyword, "right")
        self.loops += keyword == "range"
        body, ended_by = self.body(keyword)
        self.loops -= keyword == "range"
        otherwise: list[Node] = []
        if ended_by == "else":
            otherwise = self.otherwise(keyword)
        del self.variables[marks:]
        return node.Branch(position, keyword, pipe, body, otherwise)

    def otherwise(self, keyword: str) -> list[Node]:
        self.skip_space()
        token = self.peek()
        if token.kind == "keyword" and token.text == keyword and keyword in ("if", "with"):
            self.next()
            return [self.branch(keyword, token.position)]
        self.expect("right", "else")
        body, ended_by = self.body("else")
        if ended_by != "end":
            raise self.fail("expected end; found {{else}}")
        return body

    def define(self) -> None:
        name = self.template_name("define clause")
        self.expect("right", "define clause")
        saved, self.variables = self.variables, ["$"]
        body, ended_by = self.body("define clause")
        self.variables = saved
        if ended_by != "end":
            raise self.fail("unexpected {{else}} in define clause")
        self.defined[name] = body

    def block(self, position: int) -> Node:
        name = self.template_name("block clause")
        pipe = self.pipeline("block clause", "right")
        saved, self.variables = self.variables, ["$"]
        body, ended_by = self.body("block clause")
        self.variables = saved
        if ended_by != "end":
            raise self.fail("unexpected {{else}} in block clause")
        self.defined.setdefault(name, body)
        return node.Call(position, name, pipe)

    def call(self) -> Node:
        self.skip_space()
        position = self.peek().position
        name = self.template_name("template clause")
        self.skip_space()
        pipe = None
        if self.peek().kind == "right":
            self.next()
        else:
            pipe = self.pipeline("template clause", "right")
        return node.Call(position, name, pipe)

    def template_name(self, context: str) -> str:
        token = self.next_word()
        if token.kind == "raw":
            return token.text
        if token.kind != "string":
            raise self.unexpected(token, context)
        return literal.unquote(token.text)

    def pipeline(self, context: str, end: str) -> node.Pipe:
        """Declarations, then commands between `|` up to the token `end`."""
        self.skip_space()
        token = self.peek()
        pipe = node.Pipe(token.position, 1 + self.text.count("\n", 0, token.position))
        self.declarations(pipe, context)
        while True:
            token = self.next_word()
            if token.kind == end:
                self.check_pipeline(pipe, context, token)
                self.variables += [name for name in pipe.variables if not pipe.assigns]
                return pipe
            if token.kind not in _OPERANDS:
                raise self.unexpected(token, context)
            self.index -= 1
            pipe.commands.append(self.command())

    def declarations(self, pipe: node.Pipe, context: str) -> None:
        start = self.index
        names: list[str] = []
        while self.peek().kind == "variable":
            names.append(self.next().text)
            self.skip_space()
            token = self.peek()
            if token.kind in ("declare", "assign"):
                self.next()
                pipe.variables, pipe.assigns = names, token.kind == "assign"
                for name in names if pipe.assigns else ():
                    if name not in self.variables:
                        raise self.fail(f'undefined variable "{name}"')
                return
            if token.kind == "comma" and context == "range" and len(names) < 2:
                self.next()
                self.skip_space()
                continue
            if token.kind == "comma":
                raise self.fail(f"too many declarations in {context}")
            break
        self.index = start

    def check_pipeline(self, pipe: node.Pipe, context: str, token: Token) -> None:
        if not pipe.commands:
            raise self.fail(f"missing value for {context}", token)
        for position, command in enumerate(pipe.commands[1:], 2):
            first = command.arguments[0]
            if isinstance(first, (node.Literal, node.Dot, node.NilLiteral)):
                raise self.fail(f"non executable command in pipeline stage {position}", token)

    def command(self) -> node.Command:
        self.skip_space()
        command = node.Command(self.peek().position, [])
        while True:
            self.skip_space()
            operand = self.operand()
            if operand is not None:
                command.arguments.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("right", "close"):
                self.index -= 1
            elif token.kind != "pipe":
                raise self.unexpected(token, "operand")
            elif self.ends_after_pipe():
                raise self.fail("missing value for command", token)
            break
        if not command.arguments:
            raise self.fail("empty command")
        return command

    def ends_after_pipe(self) -> bool:
        self.skip_space()
        return self.peek().kind in ("right", "close")

    def operand(self) -> Node | None:
        found = self.term()
        if found is None or self.peek().kind != "field":
            return found
        position = self.peek().position
        names = []
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        if isinstance(found, node.Field):
            return node.Field(position, found.names + names)
        if isinstance(found, node.Variable):
            return node.Variable(position, found.name, found.names + names)
        if isinstance(found, (node.Literal, node.NilLiteral)):
            raise self.fail(f"unexpected . after term {str(found)!r}".replace("'", '"'))
        return node.Chain(position, found, names)

    def term(self) -> Node | None:
        token = self.next_word()
        position, kind = token.position, token.kind
        if kind == "word":
            if token.text not in self.functions:
                raise self.fail(f'function "{token.text}" not defined', token)
            return node.Function(position, token.text)
        if kind == "field":
            return node.Field(position, [token.text[1:]])
        if kind == "variable":
            if token.text not in self.variables:
                raise self.fail(f'undefined variable "{token.text}"', token)
            return node.Variable(position, token.text, [])
        if kind == "dot":
            return node.Dot(position)
        if kind == "nil":
            return node.NilLiteral(position)
        if kind == "open":
            return self.pipeline("parenthesized pipeline", "close")
        if kind in ("bool", "number", "char", "string", "raw"):
            value = literal.value(kind, token.text)
            if value is None:
                complaint = "bad number syntax" if kind == "number" else "malformed constant"
                raise self.fail(f'{complaint}: "{token.text}"', token)
            shown = f"`{token.text}`" if kind == "raw" else token.text
            return node.Literal(position, shown, value)
        self.index -= 1
        return None
