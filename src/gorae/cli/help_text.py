"""`--help`: usage lines and option tables from the command tables."""

from __future__ import annotations

from gorae.cli import commands
from gorae.cli.options import HELP, PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gorae.cli.options import Command, Option

WIDTH = 80


def command_help(command: Command, title: str) -> str:
    """The help of one command as typed by `title`."""
    parts = [
        f"Usage:  {title} {command.usage}".rstrip(),
        "",
        command.description or _sentence(command.summary),
    ]
    names = aliases(command)
    if len(names) > 1:
        parts += ["", "Aliases:", "  " + ", ".join(names)]
    shown = [option for option in command.options if not option.hidden]
    if shown:
        parts += ["", "Options:", *option_lines(shown)]
    if command.path in commands.GROUPS:
        parts += ["", "Commands:", *_rows(commands.GROUPS[command.path])]
    return "\n".join(parts) + "\n"


def group_help(group: str, global_options: Sequence[Option]) -> str:
    """The help of a group, or of the whole program for the empty one."""
    if group:
        lines = [
            f"Usage:  {PROGRAM} {group} COMMAND",
            "",
            f"Manage {commands.SUMMARIES[group]}",
            "",
            *_groups(f"{group} "),
        ]
    else:
        lines = [
            f"Usage:  {PROGRAM} [OPTIONS] COMMAND",
            "",
            "A container engine: images, containers, networks, volumes",
            "",
        ]
        lines += _groups("")
    lines += ["Commands:", *_rows(commands.GROUPS[group])]
    if not group:
        lines += ["", "Global Options:", *option_lines([o for o in global_options if not o.hidden])]
    title = f"{PROGRAM} {group}".rstrip()
    return (
        "\n".join([*lines, "", f"Run '{title} COMMAND --help' for more information on a command."])
        + "\n"
    )


def _groups(before: str) -> list[str]:
    """The groups whose name is `before` and one word more."""
    found = {
        name.removeprefix(before): ("", text)
        for name, text in commands.SUMMARIES.items()
        if name.startswith(before) and " " not in name.removeprefix(before)
    }
    return ["Groups:", *_rows(found), ""] if found else []


def aliases(command: Command) -> list[str]:
    """Every way to type the command."""
    group, _, word = command.path.rpartition(" ")
    names = [f"{PROGRAM} {command.path}"]
    names += [
        f"{PROGRAM} {g} {alias}"
        for (g, alias), target in commands.ALIASES.items()
        if (g, target) == (group, word)
    ]
    entry = commands.GROUPS.get(group, {}).get(word)
    if group:
        names += [f"{PROGRAM} {top}" for top, other in commands.TOP.items() if other is entry]
    return names


def option_lines(options: Sequence[Option]) -> list[str]:
    """One block of options, sorted by name, summaries in a column."""
    ordered = sorted(
        [o for o in options if o.name != "help"] + [HELP], key=lambda option: option.name
    )
    left = [_left(option) for option in ordered]
    column = max(map(len, left)) + 3
    lines: list[str] = []
    for head, option in zip(left, ordered, strict=True):
        wrapped = wrap(summary(option), max(WIDTH - column, 24))
        lines.append(head.ljust(column) + wrapped[0])
        lines += [" " * column + line for line in wrapped[1:]]
    return lines


def summary(option: Option) -> str:
    """The option's line, with its default where that says something."""
    text = option.summary[:1].upper() + option.summary[1:]
    if option.default in (None, "", 0, False, (), []) or option.repeats:
        return text
    shown = (
        f'"{option.default}"' if isinstance(option.default, str) else str(option.default).lower()
    )
    return f"{text} (default {shown})"


def wrap(text: str, width: int) -> list[str]:
    """Break at spaces."""
    lines: list[str] = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _left(option: Option) -> str:
    short = f"-{option.short}, " if option.short else "    "
    return f"  {short}--{option.name} {option.shown}".rstrip()


def _rows(entries: dict[str, tuple[str, str]]) -> list[str]:
    width = max(map(len, entries)) + 3
    return [
        f"  {name.ljust(width)}{_sentence(text)}"
        for name, (_, text) in sorted(entries.items())
        if name[0] != "_"
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
