"""Option tables and the parser that reads a command line by them.

The grammar is docker's (Go's pflag): `--name value`, `--name=value`, `--switch`, `--switch=false`, `-abc`,
`-e value`, `-evalue`, `-e=value`, `--` ends options; a command with `interspersed=False` (run, exec, create)
ends them at its first positional too. One table makes the parser, `--help`, completions and the man page.
"""

from __future__ import annotations

from gorae.cli import values
from gorae.cli.errors import FAILURE, RUN_FAILED, UsageFault
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

PROGRAM = "gorae"

# kind -> (reader of one value, whether values add up). The kind is also the word that help shows.
_KINDS: dict[str, tuple[Callable[[str], Any], bool]] = {
    "bool": (values.boolean, False),
    "string": (str, False),
    "int": (values.integer, False),
    "uint": (values.unsigned, False),
    "uint16": (lambda text: values.unsigned(text, 16), False),
    "duration": (values.duration_ns, False),
    "bytes": (values.size_bytes, False),
    "swap": (values.swap_bytes, False),
    "decimal": (values.nano_cpus, False),
    "list": (str, True),
    "strings": (values.fields, True),
}
_EMPTY: dict[str, Any] = {
    "bool": False, "string": "", "int": 0, "uint": 0, "uint16": 0, "duration": 0, "bytes": 0, "swap": 0,
    "decimal": 0,
}  # fmt: skip


class Option:
    """One option.

    Args:
        names: `name`, or `s name` with its one-letter form first.
        kind: a key of the table above.
        summary: one line for help, lower case.
        default: when it is not given; the kind's empty value if left out.
        shown: the word for its value in help, where the kind's is not telling.
        read: a reader of one text of its own, which raises InvalidArgument.
        hidden: accepted, not shown.
        choices: what completion offers.
        into: the option that takes the values, where this is another name for it.
        instead: what to say instead of this name, which is on its way out.
    """

    __slots__ = (
        "choices",
        "default",
        "hidden",
        "instead",
        "into",
        "kind",
        "name",
        "read",
        "short",
        "shown",
        "summary",
    )

    def __init__(
        self,
        names: str,
        kind: str,
        summary: str,
        *,
        default: Any = None,
        shown: str = "",
        read: Callable[[str], Any] | None = None,
        hidden: bool = False,
        choices: tuple[str, ...] = (),
        into: str = "",
        instead: str = "",
    ) -> None:
        short, _, name = names.rpartition(" ")
        self.name = name
        self.short = short
        self.kind = kind
        self.summary = summary
        self.default = default if default is not None or self.repeats else _EMPTY[kind]
        self.shown = shown or {"bool": "", "swap": "bytes", "uint": "int"}.get(kind, kind)
        self.read = read or _KINDS[kind][0]
        self.hidden = hidden
        self.choices = choices
        self.into = into or name
        self.instead = instead

    @property
    def repeats(self) -> bool:
        """Whether each use adds a value."""
        return _KINDS[self.kind][1]

    @property
    def title(self) -> str:
        """As error messages name it: `-n, --last`."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


class Command:
    """One command: its words, its options, what runs it.

    Args:
        path: the words after the program's name (`container ls`).
        usage: what follows the path on the usage line.
        arguments: how many positionals, (least, most); most None means any number.
        run: gets the parsed call (an `Invocation`, or compose's own) and returns the exit code.
    """

    __slots__ = (
        "arguments",
        "description",
        "interspersed",
        "options",
        "path",
        "run",
        "summary",
        "usage",
    )

    def __init__(
        self,
        path: str,
        usage: str,
        summary: str,
        run: Callable[[Any], int],
        options: Sequence[Option] = (),
        *,
        arguments: tuple[int, int | None] = (0, 0),
        interspersed: bool = True,
        description: str = "",
    ) -> None:
        self.path = path
        self.usage = usage
        self.summary = summary
        self.run = run
        self.options = tuple(options)
        self.arguments = arguments
        self.interspersed = interspersed
        self.description = description


class Values:
    """What was given on the command line, over the defaults; typed access by option name."""

    __slots__ = ("_given", "_table", "notices")

    def __init__(self, table: dict[str, Option]) -> None:
        self._table = table
        self._given: dict[str, Any] = {}
        self.notices: list[str] = []

    def set(self, option: Option, text: str) -> None:
        """Read `text` for `option`; lists grow."""
        value = option.read(text)
        if option.instead:
            self.notices.append(
                f"Flag --{option.name} has been deprecated, use {option.instead} instead"
            )
        if not option.repeats:
            self._given[option.into] = value
        elif option.kind == "strings" and isinstance(value, list):
            self._given.setdefault(option.into, []).extend(value)
        else:
            self._given.setdefault(option.into, []).append(value)

    def changed(self, name: str) -> bool:
        """Whether the option was given at all."""
        return name in self._given

    def any(self, name: str) -> Any:
        """The value, or the default."""
        if name in self._given:
            return self._given[name]
        option = self._table[name]
        return list(option.default or ()) if option.repeats else option.default

    def text(self, name: str) -> str:
        """A string option."""
        return str(self.any(name))

    def flag(self, name: str) -> bool:
        """A boolean option."""
        return bool(self.any(name))

    def number(self, name: str) -> int:
        """A number, size or duration."""
        return int(self.any(name))

    def items(self, name: str) -> list[Any]:
        """The values of a repeated option, in order."""
        return list(self.any(name))


HELP = Option("help", "bool", "print usage")


class HelpWanted(Exception):  # noqa: N818 - a signal, not an error
    """`--help` stood on the command line."""


def parse(command: Command, words: Sequence[str], title: str) -> tuple[Values, list[str]]:
    """Read `words` by the command's table.

    Args:
        title: the command as it was typed (`gorae ps`), for messages.

    Returns:
        The options and the positionals.

    Raises:
        HelpWanted: `--help`, or `-h` where it means nothing else.
        UsageFault: an unknown option, a value that cannot be read, too few or too many arguments.
    """
    table = {option.name: option for option in (*command.options, HELP)}
    try:
        parsed, positionals = scan(table, words, command.interspersed)
    except InvalidArgument as error:
        raise UsageFault(_usage(str(error), command, title, "Run"), RUN_FAILED) from None
    if parsed.flag("help"):
        raise HelpWanted
    complaint = _argument_complaint(command, len(positionals), title)
    if complaint:
        opening = "See" if command.arguments[1] is None else "Run"
        raise UsageFault(_usage(complaint, command, title, opening), FAILURE)
    return parsed, positionals


def scan(
    table: dict[str, Option], words: Sequence[str], interspersed: bool
) -> tuple[Values, list[str]]:
    """The grammar alone; raises InvalidArgument with pflag's sentences."""
    shorts = {option.short: option for option in table.values() if option.short}
    parsed = Values(table)
    positionals: list[str] = []
    rest = list(words)
    rest.reverse()
    while rest:
        word = rest.pop()
        if word == "--":
            break
        if word.startswith("--"):
            _long(table, parsed, word, rest)
        elif word.startswith("-") and word != "-":
            _short(shorts, parsed, word, rest)
        else:
            positionals.append(word)
            if not interspersed:
                break
    rest.reverse()
    return parsed, positionals + rest


def _long(table: dict[str, Option], parsed: Values, word: str, rest: list[str]) -> None:
    name, found, text = word[2:].partition("=")
    if not name or name.startswith("-"):
        raise InvalidArgument(f"bad flag syntax: {word}")
    option = table.get(name)
    if option is None:
        raise InvalidArgument(f"unknown flag: --{name}")
    if not found:
        if option.kind == "bool":
            text = "true"
        elif rest:
            text = rest.pop()
        else:
            raise InvalidArgument(f"flag needs an argument: --{name}")
    _set(parsed, option, text)


def _short(shorts: dict[str, Option], parsed: Values, word: str, rest: list[str]) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        option = shorts.get(letter)
        if option is None:
            if letter == "h":
                raise HelpWanted
            raise InvalidArgument(f"unknown shorthand flag: '{letter}' in {word}")
        if letters.startswith("=") and len(letters) > 1:
            text, letters = letters[1:], ""
        elif option.kind == "bool":
            text = "true"
        elif letters:
            text, letters = letters, ""
        elif rest:
            text = rest.pop()
        else:
            raise InvalidArgument(f"flag needs an argument: '{letter}' in {word}")
        _set(parsed, option, text)


def _set(parsed: Values, option: Option, text: str) -> None:
    try:
        parsed.set(option, text)
    except InvalidArgument as error:
        raise InvalidArgument(
            f'invalid argument "{text}" for "{option.title}" flag: {error}'
        ) from None


def _argument_complaint(command: Command, count: int, title: str) -> str:
    least, most = command.arguments
    if most == 0 and count:
        return f"'{title}' accepts no arguments"
    if count >= least and (most is None or count <= most):
        return ""
    if least == most:
        return f"'{title}' requires {_plural(least)}"
    if most is None:
        return f"'{title}' requires at least {_plural(least)}"
    if least == 0:
        return f"'{title}' requires at most {_plural(most)}"
    return f"'{title}' requires at least {least} and at most {_plural(most)}"


def _plural(count: int) -> str:
    return f"{count} argument" if count == 1 else f"{count} arguments"


def _usage(complaint: str, command: Command, title: str, opening: str) -> str:
    shown = complaint if not complaint.startswith("'") else f"{PROGRAM}: {complaint}"
    usage = f"{title} {command.usage}".rstrip()
    return f"{shown}\n\nUsage:  {usage}\n\n{opening} '{title} --help' for more information"
