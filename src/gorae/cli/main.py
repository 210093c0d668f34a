"""The entrance: global options, the command's words, errors to messages and exit codes.

Start time is a feature: this module and what it imports stay within the interpreter's C modules, `os` and
`errno` (`tests/house` holds it to that). Everything else is loaded by the command that needs it.
"""

from __future__ import annotations

import os
import sys

from gorae.cli import commands
from gorae.cli.console import Console
from gorae.cli.errors import FAILURE, RUN_FAILED, UsageFault, exit_code
from gorae.cli.invocation import Invocation
from gorae.cli.options import PROGRAM, HelpWanted, Option, Values, parse, scan
from gorae.errors import GoraeError, InvalidArgument

GLOBAL_OPTIONS = (
    Option("config", "string", "folder of the client's configuration files"),
    Option("c context", "string", "accepted for docker's sake; only `default` exists", hidden=True),
    Option("D debug", "bool", "show the traceback of an unexpected error"),
    Option("H host", "list", "the engine's address (unix:///path, tcp://host:port)"),
    Option("l log-level", "string", "accepted for docker's sake", default="info", hidden=True),
    Option("tls", "bool", "speak TLS; implied by --tlsverify"),
    Option("tlscacert", "string", "trust servers certified by this CA file"),
    Option("tlscert", "string", "the client's certificate file"),
    Option("tlskey", "string", "the client's key file"),
    Option("tlsverify", "bool", "speak TLS and verify the server"),
    Option("v version", "bool", "print the version and leave"),
    Option("help", "bool", "print usage"),
)


def main() -> None:
    """The program: never returns."""
    try:
        status = run(sys.argv[1:], Console())
    except KeyboardInterrupt:
        status = 130
    # Nothing is left to tear down, and the interpreter's own way out takes milliseconds.
    os._exit(status)


def run(words: list[str], console: Console) -> int:
    """Carry out one command line.

    Returns:
        The exit code. Messages have been written.
    """
    debug = "-D" in words[:4] or "--debug" in words[:4]
    try:
        status = dispatch(words, console)
        console.flush()
    except GoraeError as error:
        message = str(error)
        if message:
            console.complain(message)
        return exit_code(error)
    except BrokenPipeError:
        return FAILURE
    except OSError as error:
        if debug:
            raise
        console.complain(
            f"{error.filename}: {_reason(error)}" if error.filename else _reason(error)
        )
        return FAILURE
    except Exception as error:  # noqa: BLE001 - the last rim: a user gets a line, a developer asks for more
        if debug:
            raise
        console.complain(
            f"{PROGRAM}: unexpected {type(error).__name__}: {error}; give -D first to see where"
        )
        return FAILURE
    return status


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def dispatch(words: list[str], console: Console) -> int:
    """Find the command and run it."""
    try:
        globals_, rest = scan({option.name: option for option in GLOBAL_OPTIONS}, words, False)
    except HelpWanted:
        return _help(console, "")
    except InvalidArgument as error:
        raise UsageFault(
            f"{error}\n\nUsage:  {PROGRAM} [OPTIONS] COMMAND [ARG...]\n\n"
            f"Run '{PROGRAM} --help' for more information",
            RUN_FAILED,
        ) from None
    if globals_.flag("version"):
        return _version(console)
    if globals_.flag("help") or not rest:
        return _help(console, "", to_error=not rest)
    return _dispatch(globals_, rest, console)


def _dispatch(globals_: Values, words: list[str], console: Console) -> int:
    group, title = "", PROGRAM
    if words[0] == "help":
        return _dispatch(globals_, [*words[1:], "--help"], console)
    if words[0] in commands.SUMMARIES:
        group, words = words[0], words[1:]
        if words and f"{group} {words[0]}" in commands.SUMMARIES:
            group, words = f"{group} {words[0]}", words[1:]
        title = f"{PROGRAM} {group}"
        if not words or words[0] in ("--help", "-h"):
            return _help(console, group, to_error=not words)
        if words[0].startswith("-"):
            raise UsageFault(_unknown_flag(words[0], title), RUN_FAILED)
    elif words[0] == "--help":
        return _help(console, "")
    word, words = words[0], words[1:]
    if word == "build" and words and words[0] in commands.BUILD:
        group, word, words = "build", words[0], words[1:]
        title = f"{title} build"
    command = commands.find(group, word)
    if command is None:
        usage = f"\n\nUsage:  {title}" if group else ""
        raise UsageFault(
            f"{PROGRAM}: unknown command: {title} {word}{usage}\n\nRun '{title} --help' for more information",
            FAILURE,
        )
    title = f"{title} {word}"
    try:
        options, arguments = parse(command, words, title)
    except HelpWanted:
        from gorae.cli import help_text

        console.out.write(help_text.command_help(command, title))
        return 0
    for notice in options.notices:
        console.out.line(notice)
    return command.run(Invocation(title, options, arguments, console, globals_))


def _unknown_flag(word: str, title: str) -> str:
    complaint = (
        f"unknown flag: {word.split('=')[0]}"
        if word.startswith("--")
        else f"unknown shorthand flag: '{word[1:2]}' in {word}"
    )
    return f"{complaint}\n\nUsage:  {title}\n\nRun '{title} --help' for more information"


def _help(console: Console, group: str, *, to_error: bool = False) -> int:
    from gorae.cli import help_text

    output = console.err if to_error else console.out
    output.write(help_text.group_help(group, GLOBAL_OPTIONS))
    return 0


def _version(console: Console) -> int:
    from gorae.cli.version import VERSION

    console.out.line(f"{PROGRAM} version {VERSION}")
    return 0
