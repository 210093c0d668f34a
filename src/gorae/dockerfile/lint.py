"""`build --check`: what is doubtful in a Dockerfile, told without building it.

    # check=skip=RULE,RULE;error=true      at the top of the file, or right above one instruction
    skip=all   experimental=RULE,…|all     error=true makes findings an error of the build

`check` reads the whole file, all stages or those that a target needs. What only the base image knows (its
variables, its SHELL) comes from `bases`; for an image that is not known, variables may all be its own.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gorae.dockerfile.ignore import Ignore
from gorae.dockerfile.mount import truth
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.rule import RULES, Rule
from gorae.dockerfile.source import DirectiveReader, Location, shown
from gorae.errors import SyntaxFault

ALL = "all"


@dataclass(frozen=True, slots=True)
class Control:
    """What `check=` says."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    is_error: bool = False

    def wants(self, rule: Rule) -> bool:
        """Whether findings of a rule are to be told."""
        if rule.experimental:
            return bool(self.experimental & {ALL, rule.name})
        return not self.skip & {ALL, rule.name}

    def merged(self, other: "Control") -> "Control":
        """With another's rules too."""
        return replace(
            self,
            skip=self.skip | other.skip,
            experimental=self.experimental | other.experimental,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One warning; `detail` is the rule's sentence about the lines."""

    rule: Rule
    detail: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file cannot be built; line 0: nowhere in particular."""

    message: str
    start_line: int = 0
    end_line: int = 0


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What the lint must know of an image that a stage stands on."""

    env: Mapping[str, str] = field(default_factory=dict)
    shell: tuple[str, ...] = ()
    platform: str = ""
    on_build: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is checked against. `bases` answers None for an image that is not known; `ignore` is the context's."""

    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    ignore: Ignore | None = None
    bases: Callable[[str], BaseImage | None] = lambda name: None
    platform: str = "linux/amd64"
    build_platform: str = "linux/amd64"
    all_stages: bool = True
    """Without a target: every stage, or those that the last one needs."""
    contexts: frozenset[str] = frozenset()
    """Names of `--build-context`: a stage or image of such a name is replaced."""


@dataclass(frozen=True, slots=True)
class Report:
    """The findings in the order of their lines, and what stops the build."""

    source: str
    text: bytes
    findings: tuple[Finding, ...]
    problem: Problem | None = None

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to say."""
        return not self.findings and self.problem is None


class Findings:
    """Collects findings under the control in force."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.all: list[Finding] = []

    def add(self, name: str, where: Location | int, /, **words: object) -> None:
        """A finding of a rule, unless it is not wanted. `words` fill the rule's sentence."""
        self._add(self.control, name, where, words)

    def at(self, comments: Iterable[str]) -> "Findings":
        """The same collection, under what the comments above an instruction say too."""
        found = _control_above(comments)
        if found is None:
            return self
        inner = Findings(self.control.merged(found))
        inner.all = self.all
        return inner

    def _add(
        self, control: Control, name: str, where: Location | int, words: Mapping[str, object]
    ) -> None:
        rule = RULES[name]
        if not control.wants(rule):
            return
        start, end = (
            (where, where) if isinstance(where, int) else (where.start_line, where.end_line)
        )
        suggestion = words.get("suggestion", "")
        detail = rule.detail.format(**words)
        if suggestion:
            detail += f" (did you mean {suggestion}?)"
        self.all.append(Finding(rule, shown(detail), start, end))


def read_control(text: str) -> Control:
    """The value of `check=`.

    Raises:
        SyntaxFault: an option that there is not.
    """
    text = text.strip()
    if not text:
        return Control()
    found = Control()
    for part in text.split(";", 2):
        key, equals, value = part.partition("=")
        key, names = key.strip(), frozenset(one.strip() for one in value.split(","))
        if not equals:
            raise SyntaxFault(f"invalid check option {quoted(part)}")
        if key == "skip":
            found = replace(found, skip=names)
        elif key == "experimental":
            found = replace(found, experimental=names)
        elif key == "error":
            found = replace(found, is_error=_truth(value.strip(), part))
        else:
            raise SyntaxFault(f"invalid check option {quoted(key)}")
    return found


def _truth(value: str, part: str) -> bool:
    try:
        return truth(value, "error")
    except SyntaxFault:
        raise SyntaxFault(
            f"failed to parse check option {quoted(part)}: "
            f"strconv.ParseBool: parsing {quoted(value)}: invalid syntax"
        ) from None


def _control_above(comments: Iterable[str]) -> Control | None:
    for comment in comments:
        found = DirectiveReader("").read(comment)
        if found is not None and found.name == "check":
            try:
                return read_control(found.value.partition(" ")[0])
            except SyntaxFault:
                return None
    return None
