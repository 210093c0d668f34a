"""`.dockerignore`: which paths of a context stay outside, and the line that decided it.

Rules apply in order and the last one that matches decides; `!` takes a path in again; what is below an ignored
folder is ignored too unless a later `!` names it. Patterns are cleaned as paths, a leading "/" is nothing.
COPY's --exclude follows the same rules.
Source: moby's patternmatcher (`MatchesUsingParentResults`) and its ignorefile.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from gorae.dockerfile.blank import BLANKS
from gorae.dockerfile.match import Glob, compile_deep, compile_match
from gorae.errors import SyntaxFault

DOCKERIGNORE = ".dockerignore"
MAX_BYTES = 1024 * 1024
MAX_RULES = 10_000

State = tuple[bool, ...]
"""Which groups of rules a folder matched; its entries inherit it."""
ROOT: State = ()
Matches = tuple[str, ...]
"""What each rule matched on the way to a path; empty where it did not."""
NO_MATCHES: Matches = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. `text` is the line as written, `line` its number from 1 (0: not from a file)."""

    text: str
    line: int
    pattern: str
    keeps: bool
    glob: Glob


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a path is ignored, and the rule that decided; None where none matched.

    `at` is what the rule matched: the path itself, or a folder that it is in.
    """

    ignored: bool
    rule: Rule | None = None
    at: str = ""

    @property
    def line(self) -> int:
        """The deciding line, 0 when none matched."""
        return 0 if self.rule is None else self.rule.line


class _Group:
    """Neighbouring rules of one kind, matched at once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.keeps = rules[0].keeps
        self._literals = frozenset(
            text for rule in rules if (text := rule.glob.literal) is not None
        )
        wild = [rule.glob for rule in rules if rule.glob.literal is None]
        regexes = [regex for glob in wild if (regex := glob.regex) is not None]
        self._regex = re.compile("|".join(regexes)) if regexes else None
        self._slow = [glob for glob in wild if glob.regex is None]

    def matches(self, path: str) -> bool:
        return (
            path in self._literals
            or (self._regex is not None and self._regex.fullmatch(path) is not None)
            or any(glob.matches(path) for glob in self._slow)
        )


class Ignore:
    """The rules of one file, compiled."""

    def __init__(self, rules: Sequence[Rule], source: str = "") -> None:
        self.rules = tuple(rules)
        self.source = source
        """The file's name, for messages."""
        self._groups = [_Group(list(some)) for _, some in groupby(rules, lambda one: one.keeps)]
        self._kept = [rule.glob for rule in rules if rule.keeps]

    @property
    def has_exceptions(self) -> bool:
        """Whether some rule takes paths in again."""
        return bool(self._kept)

    def step(self, path: str, parent: State = ROOT) -> tuple[bool, State]:
        """Whether a path is ignored and the state for what is below; `parent` is its folder's.

        Shape: `path` without leading or trailing "/", parts joined by one "/".
        """
        ignored = False
        state: list[bool] = []
        for at, group in enumerate(self._groups):
            matched = bool(parent) and parent[at]
            if not matched and group.keeps is ignored:
                matched = group.matches(path)
            state.append(matched)
            if matched:
                ignored = not group.keeps
        return ignored, tuple(state)

    def may_keep_below(self, folder: str) -> bool:
        """Whether an ignored folder can hold a path that is taken in again: if not, it need not be read."""
        inside = f"{folder}/"
        return any(
            glob.literal is None
            and inside.startswith(glob.prefix[: len(inside)])
            or glob.prefix.startswith(inside)
            for glob in self._kept
        )

    def match(self, path: str) -> Verdict:
        """The verdict on one path, from its folders on down."""
        verdict, matches = Verdict(False), NO_MATCHES
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            verdict, matches = self.decide("/".join(parts[:depth]), matches)
        return verdict

    def decide(self, path: str, above: Matches = NO_MATCHES) -> tuple[Verdict, Matches]:
        """`step` with the rule that decided; slower, since each rule is tried by itself."""
        matches = list(above or [""] * len(self.rules))
        verdict = Verdict(False)
        for index, rule in enumerate(self.rules):
            if not matches[index] and rule.keeps is verdict.ignored and rule.glob.matches(path):
                matches[index] = path
            if matches[index] and (verdict.rule is None or rule.keeps is verdict.ignored):
                verdict = Verdict(not rule.keeps, rule, matches[index])
        return verdict, tuple(matches)


def parse(text: bytes, source: str = DOCKERIGNORE) -> Ignore:
    """The rules of an ignore file.

    Raises:
        SyntaxFault: a pattern that is none, with its line; or too large.
    """
    if len(text) > MAX_BYTES:
        raise SyntaxFault(
            f"{source} has {len(text)} bytes, the most are {MAX_BYTES}", source=source
        )
    rules = []
    lines = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            continue
        rule = _rule(line.strip(BLANKS), number, source)
        if rule is not None:
            rules.append(rule)
    if len(rules) > MAX_RULES:
        raise SyntaxFault(
            f"{source} has {len(rules)} rules, the most are {MAX_RULES}", source=source
        )
    return Ignore(rules, source)


def of_patterns(patterns: Iterable[str]) -> Ignore:
    """The same for patterns that come from a flag. Raises: SyntaxFault."""
    rules = [_rule(one.strip(BLANKS), 0, "") for one in patterns]
    return Ignore([rule for rule in rules if rule is not None])


def names_beside(dockerfile: str) -> tuple[str, str]:
    """Where the rules for a Dockerfile stand: its own file first, then the context's."""
    return f"{dockerfile}{DOCKERIGNORE}", DOCKERIGNORE


def _rule(text: str, line: int, source: str) -> Rule | None:
    pattern, keeps = text, False
    if text.startswith("!"):
        pattern, keeps = text[1:].strip(BLANKS), True
    if not text:
        return None
    try:
        if not pattern:
            raise SyntaxFault('illegal exclusion pattern: "!"')
        pattern = cleaned(pattern)
        if len(pattern) > 1:
            pattern = pattern.removeprefix("/")
        compile_match(pattern)
        return Rule(text, line, pattern, keeps, compile_deep(pattern))
    except SyntaxFault as fault:
        raise SyntaxFault(
            f'{fault.message}: "{text}"' if '"' not in fault.message else fault.message,
            source=source,
            line=line,
        ) from None


def cleaned(path: str) -> str:
    """The shortest equal path: Go's `filepath.Clean`."""
    found = posixpath.normpath(path) if path else "."
    return found[1:] if found.startswith("//") else found
