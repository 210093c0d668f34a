"""The tree of a template; `str(node)` is Go's canonical text of it, which errors show."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Node:
    """A place in the text."""

    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position


class Text(Node):
    """Bytes as they are."""

    __slots__ = ("text",)

    def __init__(self, position: int, text: str) -> None:
        super().__init__(position)
        self.text = text


class Dot(Node):
    """`.`"""

    __slots__ = ()

    def __str__(self) -> str:
        return "."


class NilLiteral(Node):
    """`nil`"""

    __slots__ = ()

    def __str__(self) -> str:
        return "nil"


class Literal(Node):
    """A number, string, character or boolean; `text` as written."""

    __slots__ = ("text", "value")

    def __init__(self, position: int, text: str, value: Any) -> None:
        super().__init__(position)
        self.text = text
        self.value = value

    def __str__(self) -> str:
        return self.text


class Field(Node):
    """`.A.B`: names from the dot on."""

    __slots__ = ("names",)

    def __init__(self, position: int, names: list[str]) -> None:
        super().__init__(position)
        self.names = names

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(Node):
    """`$x.A`: the variable's name (with `$`) and names from it on."""

    __slots__ = ("name", "names")

    def __init__(self, position: int, name: str, names: list[str]) -> None:
        super().__init__(position)
        self.name = name
        self.names = names

    def __str__(self) -> str:
        return self.name + "".join(f".{name}" for name in self.names)


class Function(Node):
    """A function's name."""

    __slots__ = ("name",)

    def __init__(self, position: int, name: str) -> None:
        super().__init__(position)
        self.name = name

    def __str__(self) -> str:
        return self.name


class Chain(Node):
    """`(pipeline).A`: names from a value in parentheses on."""

    __slots__ = ("names", "node")

    def __init__(self, position: int, node: Node, names: list[str]) -> None:
        super().__init__(position)
        self.node = node
        self.names = names

    def __str__(self) -> str:
        start = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return start + "".join(f".{name}" for name in self.names)


class Command(Node):
    """Operands: the first is called with the others."""

    __slots__ = ("arguments",)

    def __init__(self, position: int, arguments: list[Node]) -> None:
        super().__init__(position)
        self.arguments = arguments

    def __str__(self) -> str:
        return " ".join(
            f"({node})" if isinstance(node, Pipe) else str(node) for node in self.arguments
        )


class Pipe(Node):
    """Commands, each given the one before's value; `variables` are declared or (`assigns`) set."""

    __slots__ = ("assigns", "commands", "line", "variables")

    def __init__(self, position: int, line: int) -> None:
        super().__init__(position)
        self.line = line
        self.variables: list[str] = []
        self.assigns = False
        self.commands: list[Command] = []

    def __str__(self) -> str:
        sign = "=" if self.assigns else ":="
        head = f"{', '.join(self.variables)} {sign} " if self.variables else ""
        return head + " | ".join(map(str, self.commands))


class Action(Node):
    """`{{pipeline}}`"""

    __slots__ = ("pipe",)

    def __init__(self, position: int, pipe: Pipe) -> None:
        super().__init__(position)
        self.pipe = pipe


class Branch(Node):
    """`if`, `with` or `range` with its two bodies."""

    __slots__ = ("body", "keyword", "otherwise", "pipe")

    def __init__(
        self, position: int, keyword: str, pipe: Pipe, body: list[Node], otherwise: list[Node]
    ) -> None:
        super().__init__(position)
        self.keyword = keyword
        self.pipe = pipe
        self.body = body
        self.otherwise = otherwise


class Call(Node):
    """`{{template "name" pipeline}}`"""

    __slots__ = ("name", "pipe")

    def __init__(self, position: int, name: str, pipe: Pipe | None) -> None:
        super().__init__(position)
        self.name = name
        self.pipe = pipe

    def __str__(self) -> str:
        return f'{{{{template "{self.name}"' + (f" {self.pipe}" if self.pipe else "") + "}}"


class Jump(Node):
    """`break` or `continue`."""

    __slots__ = ("keyword",)

    def __init__(self, position: int, keyword: str) -> None:
        super().__init__(position)
        self.keyword = keyword
