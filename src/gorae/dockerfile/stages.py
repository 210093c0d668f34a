"""A Dockerfile as a whole: the ARGs before the first FROM, and the stages with their instructions."""

from dataclasses import dataclass, replace

from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.instruction import Arg, From, Instruction, Maintainer, Onbuild
from gorae.dockerfile.meaning import instruction_of
from gorae.dockerfile.parser import Ast, Node, parse
from gorae.dockerfile.source import Location
from gorae.errors import SyntaxFault

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows. `name` is in lower case, empty when the stage has none."""

    index: int
    from_: From
    instructions: tuple[Instruction, ...]

    @property
    def name(self) -> str:
        return self.from_.name


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """`meta_args` stand before the first FROM; `ast` keeps lines and directives."""

    meta_args: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    ast: Ast


def read(text: bytes, name: str = "Dockerfile") -> Dockerfile:
    """Parse and check a whole file.

    Raises:
        SyntaxFault: with BuildKit's sentence and the line.
    """
    return stages_of(parse(text, name))


def stages_of(ast: Ast) -> Dockerfile:
    """Raises: SyntaxFault: an instruction that is wrong, or one before the first FROM."""
    meta_args: list[Arg] = []
    heads: list[From] = []
    bodies: list[list[Instruction]] = []
    for node in ast.nodes:
        found = instruction_of(node)
        if isinstance(found, From):
            heads.append(found)
            bodies.append([])
        elif heads:
            bodies[-1].append(found)
        elif isinstance(found, Arg):
            meta_args.append(found)
        else:
            raise SyntaxFault(
                "no build stage in current context",
                source=ast.name,
                line=node.location.start_line,
            )
    if not heads:
        raise SyntaxFault("dockerfile contains no stages to build", source=ast.name)
    stages = [
        Stage(index, head, tuple(body)) for index, (head, body) in enumerate(zip(heads, bodies))
    ]
    return Dockerfile(tuple(meta_args), tuple(stages), ast)


def trigger_instruction(expression: str, from_: From) -> Instruction:
    """The instruction of a base image's ONBUILD trigger, at the place of the FROM that brought it.

    Raises:
        SyntaxFault: not exactly one instruction, or one that may not be a trigger.
    """
    place = from_.location
    try:
        nodes = parse(expression.encode("utf-8", "surrogateescape"), place.source).nodes
        if len(nodes) != 1:
            raise SyntaxFault("onbuild trigger should be a single expression")
        return _trigger(nodes[0], place)
    except SyntaxFault as fault:
        raise SyntaxFault(fault.message, source=place.source, line=place.start_line) from None


def _trigger(node: Node, place: Location) -> Instruction:
    found = instruction_of(replace(node, location=place))
    if isinstance(found, (From, Onbuild, Maintainer)):
        raise SyntaxFault(
            f"{node.keyword.strip(BLANKS).upper()} isn't allowed as an ONBUILD trigger"
        )
    return found
