"""A parsed template and a value to text, with Go's errors.

Execution: `Template(text).execute(value)`. A missing map key gives `<no value>`, or an error with
`missing_is_error` (docker inspect's second try on the raw document).
"""

from __future__ import annotations

from gorae.cli.template import node
from gorae.cli.template.formatting import plain, printed
from gorae.cli.template.functions import FUNCTIONS, Definition
from gorae.cli.template.parser import parse
from gorae.cli.template.value import NO_VALUE, Method, Nil, Struct, TemplateFault, truth, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from gorae.cli.template.node import Node

DEPTH_LIMIT = 1000
_NOTHING: Any = object()
_WANTED: dict[str, tuple[type, str]] = {
    "s": (str, "string"),
    "i": (int, "int"),
    "l": (list, "[]string"),
}


class Template:
    """One parsed text.

    Raises:
        TemplateFault: the text is wrong.
    """

    def __init__(
        self, text: str, *, name: str = "", functions: Mapping[str, Definition] | None = None
    ) -> None:
        self.text = text
        self.name = name
        self.functions = dict(FUNCTIONS) | dict(functions or {})
        self.defined = parse(text, self.functions, name)

    def execute(self, value: Any, *, missing_is_error: bool = False) -> str:
        """The text for `value`.

        Raises:
            TemplateFault: the value does not have what the template asks.
        """
        state = _State(self, value, missing_is_error)
        state.walk_all(value, self.defined[self.name])
        return "".join(state.output)

    def fields(self) -> set[str]:
        """The first names after the dot anywhere in the text (`.Size` asks for sizes)."""
        found: set[str] = set()
        for body in self.defined.values():
            for item in _descend(body):
                if isinstance(item, node.Field):
                    found.add(item.names[0])
        return found


def _descend(nodes: Iterable[Node]) -> Iterable[Node]:
    for item in nodes:
        yield item
        for name in ("pipe", "node"):
            child = getattr(item, name, None)
            if isinstance(child, node.Node):
                yield from _descend([child])
        for name in ("commands", "arguments", "body", "otherwise"):
            yield from _descend(getattr(item, name, ()))


class _Jump(Exception):  # noqa: N818 - control flow
    def __init__(self, keyword: str) -> None:
        super().__init__(keyword)
        self.keyword = keyword


class _State:
    def __init__(self, template: Template, value: Any, missing_is_error: bool) -> None:
        self.template = template
        self.missing_is_error = missing_is_error
        self.output: list[str] = []
        self.variables: list[list[Any]] = [["$", value]]
        self.name = template.name
        self.depth = 0

    def fail(self, at: Node, message: str) -> TemplateFault:
        text = self.template.text[: at.position]
        line = 1 + text.count("\n")
        last = text.rfind("\n")
        column = at.position if last < 0 else at.position - last - 1
        return TemplateFault(
            f'template: {self.name}:{line}:{column}: executing "{self.name}" at <{at}>: {message}'
        )

    def walk_all(self, dot: Any, nodes: Iterable[Node]) -> None:
        for item in nodes:
            self.walk(dot, item)

    def walk(self, dot: Any, item: Node) -> None:
        if isinstance(item, node.Text):
            self.output.append(item.text)
        elif isinstance(item, node.Action):
            value = self.pipe(dot, item.pipe)
            if not item.pipe.variables:
                self.output.append(printed(value))
        elif isinstance(item, node.Branch):
            if item.keyword == "range":
                self.range(dot, item)
            else:
                self.choose(dot, item)
        elif isinstance(item, node.Call):
            self.call(dot, item)
        elif isinstance(item, node.Jump):
            raise _Jump(item.keyword)

    def choose(self, dot: Any, item: node.Branch) -> None:
        marks = len(self.variables)
        value = self.pipe(dot, item.pipe)
        if truth(value):
            self.walk_all(value if item.keyword == "with" else dot, item.body)
        else:
            self.walk_all(dot, item.otherwise)
        del self.variables[marks:]

    def range(self, dot: Any, item: node.Branch) -> None:
        marks = len(self.variables)
        names = item.pipe.variables
        pairs = self.pairs(item, self.pipe(dot, item.pipe, declare=False))
        for key, element in pairs:
            values = [key, element] if len(names) == 2 else [element]
            for name, value in zip(names, values, strict=False):
                self.assign(name, value) if item.pipe.assigns else self.variables.append(
                    [name, value]
                )
            try:
                self.walk_all(element, item.body)
            except _Jump as jump:
                if jump.keyword == "break":
                    break
            finally:
                if not item.pipe.assigns:
                    del self.variables[marks:]
        if not pairs:
            self.walk_all(dot, item.otherwise)
        del self.variables[marks:]

    def pairs(self, item: node.Branch, value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            return [(key, value[key]) for key in sorted(value)]
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return [(number, number) for number in range(value)]
        if value is NO_VALUE or value is None or isinstance(value, Nil):
            return []
        raise self.fail(item.pipe, f"range can't iterate over {plain(value)}")

    def call(self, dot: Any, item: node.Call) -> None:
        body = self.template.defined.get(item.name)
        if body is None:
            raise self.fail(item, f'template "{item.name}" not defined')
        if self.depth >= DEPTH_LIMIT:
            raise self.fail(item, f"exceeded maximum template depth ({DEPTH_LIMIT})")
        value = self.pipe(dot, item.pipe) if item.pipe else NO_VALUE
        saved = self.variables, self.name
        self.variables, self.name = [["$", value]], item.name
        self.depth += 1
        self.walk_all(value, body)
        self.depth -= 1
        self.variables, self.name = saved

    def assign(self, name: str, value: Any) -> None:
        for entry in reversed(self.variables):
            if entry[0] == name:
                entry[1] = value
                return

    def lookup(self, name: str) -> Any:
        for entry in reversed(self.variables):
            if entry[0] == name:
                return entry[1]
        return NO_VALUE

    def pipe(self, dot: Any, pipe: node.Pipe, *, declare: bool = True) -> Any:
        value: Any = _NOTHING
        for command in pipe.commands:
            value = self.command(dot, command, value)
            if value is None:
                value = NO_VALUE  # a nil interface holds nothing
        if declare:
            for name in pipe.variables:
                if pipe.assigns:
                    self.assign(name, value)
                else:
                    self.variables.append([name, value])
        return value

    def command(self, dot: Any, command: node.Command, final: Any) -> Any:
        first, arguments = command.arguments[0], command.arguments[1:]
        if isinstance(first, node.Field):
            return self.chain(dot, dot, first, first.names, arguments, final)
        if isinstance(first, node.Chain):
            start = self.argument(dot, first.node)
            return self.chain(dot, start, first, first.names, arguments, final)
        if isinstance(first, node.Variable):
            start = self.lookup(first.name)
            if first.names:
                return self.chain(dot, start, first, first.names, arguments, final)
            self.no_arguments(first, arguments, final)
            return start
        if isinstance(first, node.Function):
            return self.function(dot, first, command, arguments, final)
        self.no_arguments(first, arguments, final)
        if isinstance(first, node.NilLiteral):
            raise self.fail(first, "nil is not a command")
        return self.argument(dot, first)

    def no_arguments(self, first: Node, arguments: list[Node], final: Any) -> None:
        if arguments or final is not _NOTHING:
            raise self.fail(first, f"can't give argument to non-function {first}")

    def argument(self, dot: Any, item: Node) -> Any:
        """The value of one operand."""
        if isinstance(item, node.Dot):
            return dot
        if isinstance(item, node.Literal):
            return item.value
        if isinstance(item, node.NilLiteral):
            return None
        if isinstance(item, node.Pipe):
            return self.pipe(dot, item)
        return self.command(dot, node.Command(item.position, [item]), _NOTHING)

    def chain(
        self, dot: Any, value: Any, at: Node, names: list[str], arguments: list[Node], final: Any
    ) -> Any:
        for name in names[:-1]:
            value = self.field(dot, value, at, name, [], _NOTHING)
        return self.field(dot, value, at, names[-1], arguments, final)

    def field(
        self, dot: Any, receiver: Any, at: Node, name: str, arguments: list[Node], final: Any
    ) -> Any:
        given = bool(arguments) or final is not _NOTHING
        if receiver is NO_VALUE:
            if self.missing_is_error:
                raise self.fail(at, f'nil data; no entry for key "{name}"')
            return NO_VALUE
        if receiver is None or isinstance(receiver, Nil):
            kind = receiver.type_name if receiver is not None else "interface {}"
            raise self.fail(at, f"nil pointer evaluating {kind}.{name}")
        if isinstance(receiver, Struct):
            return self.struct_field(dot, receiver, at, name, arguments, final)
        if isinstance(receiver, dict):
            if given:
                raise self.fail(at, f"{name} is not a method but has arguments")
            if name in receiver:
                return receiver[name]
            if self.missing_is_error:
                raise self.fail(at, f'map has no entry for key "{name}"')
            return NO_VALUE
        kind = "interface {}" if self.missing_is_error else type_name(receiver)
        raise self.fail(at, f"can't evaluate field {name} in type {kind}")

    def struct_field(
        self, dot: Any, receiver: Struct, at: Node, name: str, arguments: list[Node], final: Any
    ) -> Any:
        try:
            found = receiver.get(name)
        except KeyError:
            raise self.fail(
                at, f"can't evaluate field {name} in type {type_name(receiver)}"
            ) from None
        values = [self.argument(dot, item) for item in arguments]
        if final is not _NOTHING:
            values.append(final)
        if isinstance(found, Method):
            if len(values) != found.count:
                raise self.fail(
                    at, f"wrong number of args for {name}: want {found.count} got {len(values)}"
                )
            return found.call(*values)
        if values:
            raise self.fail(at, f"{name} has arguments but cannot be invoked as function")
        return found

    def function(
        self,
        dot: Any,
        name: node.Function,
        command: node.Command,
        arguments: list[Node],
        final: Any,
    ) -> Any:
        definition = self.template.functions[name.name]
        count = len(arguments) + (final is not _NOTHING)
        self.check_count(name, definition, count)
        if name.name in ("and", "or"):
            return self.short_circuit(dot, name.name, arguments, final)
        if name.name == "call":
            raise self.not_callable(dot, command, arguments, final)
        values = [self.typed(dot, item, definition, i) for i, item in enumerate(arguments)]
        if final is not _NOTHING:
            values.append(final)
            self.check_type(command, definition, len(values) - 1, final)
        try:
            return definition.call(*values)
        except TemplateFault as error:
            raise self.fail(command, f"error calling {name.name}: {error}") from None

    def not_callable(
        self, dot: Any, command: node.Command, arguments: list[Node], final: Any
    ) -> TemplateFault:
        """No value of a document is a function."""
        value = self.argument(dot, arguments[0]) if arguments else final
        shown = f" {arguments[0]}" if arguments else ""
        if value is NO_VALUE or value is None:
            return self.fail(command, "error calling call: call of nil")
        return self.fail(
            command, f"error calling call: non-function{shown} of type {type_name(value)}"
        )

    def check_count(self, name: node.Function, definition: Definition, count: int) -> None:
        if count < definition.least or (definition.most is not None and count > definition.most):
            least = "at least " if definition.most is None else ""
            raise self.fail(
                name,
                f"wrong number of args for {name.name}: want {least}{definition.least} got {count}",
            )

    def short_circuit(self, dot: Any, name: str, arguments: list[Node], final: Any) -> Any:
        value: Any = NO_VALUE
        for item in arguments:
            value = self.argument(dot, item)
            if truth(value) == (name == "or"):
                return value
        return final if final is not _NOTHING else value

    def typed(self, dot: Any, item: Node, definition: Definition, index: int) -> Any:
        value = self.argument(dot, item)
        self.check_type(item, definition, index, value)
        return value

    def check_type(self, at: Node, definition: Definition, index: int, value: Any) -> None:
        wanted = definition.types[index : index + 1]
        python, name = _WANTED.get(wanted, (object, ""))
        if not isinstance(value, python):
            if isinstance(at, node.Literal):
                raise self.fail(at, f"expected {name}; found {at}")
            if value is NO_VALUE:
                raise self.fail(at, f"invalid value; expected {name}")
            raise self.fail(at, f"wrong type for value; expected {name}; got {type_name(value)}")
