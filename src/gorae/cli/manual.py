"""Manual pages in man(7), from the tables that make `--help`.

Shape: `pages` gives file name -> text: `gorae.1`, one page for each command (`gorae-container-run.1`) and, for each
further way to type a command, a page that names it (`.so`).
"""

from __future__ import annotations

from gorae.cli import commands, help_text
from gorae.cli.options import HELP, PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gorae.cli.options import Command, Option

FILES = """\
.TP
.I /run/gorae/gorae.sock
the engine's socket, where neither \\-H nor GORAE_HOST nor DOCKER_HOST names another
.TP
.I ~/.docker/config.json
credentials, formats and detach keys, shared with docker; \\-\\-config or DOCKER_CONFIG name another folder
"""
EXIT_STATUS = """\
0 where all went well and 1 where not. \\fBrun\\fR, \\fBexec\\fR and \\fBstart \\-a\\fR give the container's own status; 125
where the engine failed or an option is wrong, 126 where the program cannot be invoked, 127 where it is not found, 128+\\fIn\\fR
after signal \\fIn\\fR.
"""


def pages(global_options: Sequence[Option], version: str) -> dict[str, str]:
    """Every page."""
    found = {f"{PROGRAM}.1": overview(global_options, version)}
    for group, entries in commands.GROUPS.items():
        for word, (module, _) in entries.items():
            if word.startswith("_"):
                continue
            command = commands.load(module, word)
            name = page_name(f"{group} {word}")
            own = page_name(command.path)
            found[name] = command_page(command, version) if name == own else f".so man1/{own}\n"
    return found


def page_name(path: str) -> str:
    """`container run` -> `gorae-container-run.1`."""
    return "-".join([PROGRAM, *path.split()]) + ".1"


def command_page(command: Command, version: str) -> str:
    """The page of one command."""
    title = f"{PROGRAM} {command.path}"
    names = help_text.aliases(command)
    lines = [
        _heading(title, version),
        f".SH NAME\n{_escape(title.replace(' ', '-'))} \\- {_escape(command.summary)}",
        f".SH SYNOPSIS\n.B {_escape(title)}\n{_escape(command.usage)}",
        f".SH DESCRIPTION\n{_escape(command.description or _sentence(command.summary))}",
    ]
    if len(names) > 1:
        lines.append(f".PP\nAlso typed {_escape(', '.join(n for n in names if n != title))}.")
    options = [one for one in command.options if not one.hidden]
    lines.append(".SH OPTIONS\n" + "\n".join(_option(one) for one in _sorted(options)))
    lines.append(".SH SEE ALSO\n.BR gorae (1)")
    return "\n".join(lines) + "\n"


def overview(global_options: Sequence[Option], version: str) -> str:
    """gorae(1)."""
    lines = [
        _heading(PROGRAM, version),
        f".SH NAME\n{PROGRAM} \\- containers, images, networks and volumes",
        f".SH SYNOPSIS\n.B {PROGRAM}\n[OPTIONS] COMMAND [ARG...]",
        ".SH DESCRIPTION\n"
        "The command line of a container engine that speaks the Docker Engine API. Commands, options, formats and exit\n"
        "codes are docker's. When nothing listens on the default socket and you are root, it starts\n"
        ".BR goraed (8)\nand says so.",
        ".SH OPTIONS\n"
        + "\n".join(_option(one) for one in _sorted([o for o in global_options if not o.hidden])),
    ]
    for group, entries in commands.GROUPS.items():
        about = f": {commands.SUMMARIES[group]}" if group in commands.SUMMARIES else ""
        lines.append(f".SH {_escape((group or 'commands').upper() + about.upper())}")
        for word, (_, summary) in sorted(entries.items()):
            if not word.startswith("_"):
                name = page_name(f"{group} {word}").removesuffix(".1")
                lines.append(f".TP\n.BR {_escape(name)} (1)\n{_escape(summary)}")
    lines += [".SH FILES\n" + FILES + ".SH EXIT STATUS\n" + EXIT_STATUS]
    lines.append(".SH SEE ALSO\n.BR goraed (8)")
    return "\n".join(lines) + "\n"


def daemon_page(options: Sequence[tuple[str, str]], version: str) -> str:
    """goraed(8). `options`: (as it is typed, what it does)."""
    lines = [
        f'.TH GORAED 8 "" "gorae {_escape(version)}" "gorae"',
        ".SH NAME\ngoraed \\- the container engine's daemon",
        ".SH SYNOPSIS\n.B goraed\n[OPTIONS]",
        ".SH DESCRIPTION\n"
        "Serves the Docker Engine API on unix and tcp sockets. Containers are children of their monitors, not of the\n"
        "daemon: it may be killed and started again while they run.",
        ".SH OPTIONS",
        *(f".TP\n.B {_escape(typed)}\n{_escape(_sentence(text))}" for typed, text in options),
        ".SH FILES\n.TP\n.I /etc/gorae/daemon.json\nsettings, with the long options' names; each is given in one place only\n"
        ".TP\n.I /var/lib/gorae\nimages, containers, volumes: what must last\n"
        ".TP\n.I /run/gorae\nsockets, network namespaces, bundles: what ends with the host's run",
        ".SH SIGNALS\nTERM and INT end the daemon; containers run on.",
        ".SH SEE ALSO\n.BR gorae (1)",
    ]
    return "\n".join(lines) + "\n"


def _heading(title: str, version: str) -> str:
    return f'.TH {title.upper().replace(" ", "-")} 1 "" "gorae {_escape(version)}" "gorae"'


def _sorted(options: Sequence[Option]) -> list[Option]:
    return sorted([*(one for one in options if one.name != "help"), HELP], key=lambda one: one.name)


def _option(option: Option) -> str:
    names = f"\\fB\\-{option.short}\\fR, " if option.short else ""
    shown = f" \\fI{_escape(option.shown)}\\fR" if option.shown else ""
    return f".TP\n{names}\\fB\\-\\-{_escape(option.name)}\\fR{shown}\n{_escape(help_text.summary(option))}"


def _escape(text: str) -> str:
    """Text as it is: no line of it is a request, no character of it an escape."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join(
        ".PP" if not line else ("\\&" + line if line[0] in ".'" else line) for line in lines
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
