"""The `docker-buildx` program: what `docker build`, `docker buildx` and `docker builder` hand their words to.

docker starts it as `docker-buildx docker-cli-plugin-metadata`, or with its own global options, the word `buildx` and the
rest of the line. Where the engine addressed is not gorae, another buildx on this machine takes over.
"""

from __future__ import annotations

import os
import sys

from gorae.cli import commands
from gorae.cli.console import Console
from gorae.cli.errors import FAILURE, UsageFault, exit_code
from gorae.cli.invocation import Invocation, find_address
from gorae.cli.main import GLOBAL_OPTIONS
from gorae.cli.options import HelpWanted, Values, parse, scan
from gorae.cli.plugin import builders
from gorae.cli.version import VERSION
from gorae.errors import GoraeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.options import Command

METADATA = (
    '{"SchemaVersion":"0.1.0","Vendor":"gorae",'
    f'"Version":"v{builders.BUILDX_VERSION}+gorae-{VERSION}","ShortDescription":"Docker Buildx (gorae)"}}'
)
WORDS = {
    "b": "build", "f": "bake", "build": "build", "bake": "bake", "prune": "prune", "du": "du", "ls": "ls",
    "inspect": "inspect", "version": "version", "use": "use", "create": "create", "rm": "rm", "stop": "stop",
}  # fmt: skip
OPTIONS = (*GLOBAL_OPTIONS, builders.BUILDER)


def main() -> None:
    """The program: never returns."""
    words = sys.argv[1:]
    if words[:1] == ["docker-cli-plugin-metadata"]:
        os.write(1, METADATA.encode() + b"\n")
        os._exit(0)
    try:
        status = run(words, Console())
    except KeyboardInterrupt:
        status = 130
    os._exit(status)


def run(words: list[str], console: Console) -> int:
    """Carry out one command line; the exit code."""
    try:
        status = dispatch(words, console)
        console.flush()
    except GoraeError as error:
        if str(error):
            console.complain(f"ERROR: {error}")
        return exit_code(error)
    except BrokenPipeError:
        return FAILURE
    return status


def dispatch(words: list[str], console: Console) -> int:
    """Find the command and run it, or hand over."""
    try:
        globals_, rest = scan({option.name: option for option in OPTIONS}, words, False)
        if rest[:1] == ["buildx"]:
            _, rest = _own_options(globals_, rest[1:])
    except HelpWanted:
        globals_, rest = scan({option.name: option for option in OPTIONS}, [], False)
    _follow_context(globals_)
    from gorae.cli.plugin import handover

    if not handover.is_gorae(find_address(globals_, os.environ)):
        handover.hand_over(words)
    if not rest or rest[0] in ("--help", "-h"):
        console.out.write(_help())
        return 0
    if rest[0].startswith("-"):
        raise UsageFault(f"unknown flag: {rest[0]}\n\nUsage:  docker buildx COMMAND", FAILURE)
    return _command(rest[0], rest[1:], globals_, console)


def _own_options(globals_: Values, words: list[str]) -> tuple[Values, list[str]]:
    """`--builder` and `-D` between `buildx` and the command."""
    found, rest = scan({option.name: option for option in OPTIONS}, words, False)
    if found.text("builder"):
        globals_.set(builders.BUILDER, found.text("builder"))
    return found, rest


def _command(word: str, words: list[str], globals_: Values, console: Console) -> int:
    name = WORDS.get(word)
    if name is None:
        raise UsageFault(
            f"gorae's buildx does not have '{word}': it has {', '.join(sorted(set(WORDS.values())))}",
            FAILURE,
        )
    command = _find(name)
    title = f"docker buildx {word}"
    try:
        options, arguments = parse(command, words, title)
    except HelpWanted:
        from gorae.cli import help_text

        console.out.write(help_text.command_help(command, title))
        return 0
    named = globals_.text("builder") or os.environ.get("BUILDX_BUILDER", "")
    builders.check(options.text("builder") or named)
    return command.run(Invocation(title, options, arguments, console, globals_))


def _find(name: str) -> Command:
    if name in builders.COMMANDS:
        return builders.COMMANDS[name]
    group = "" if name in ("build", "bake") else "builder"
    command = commands.find(group, name)
    assert command is not None
    return command


def _follow_context(globals_: Values) -> None:
    """docker's context names the engine where no host is given."""
    if globals_.items("host") or os.environ.get("DOCKER_HOST"):
        return
    from gorae.cli.plugin import context

    host = context.host(globals_.text("context"), globals_.text("config"))
    os.environ["DOCKER_HOST"] = host or "unix:///var/run/docker.sock"


def _help() -> str:
    rows = (
        ("bake", "Build from a file"), ("build", "Start a build"), ("du", "Disk usage"),
        ("inspect", "Inspect current builder instance"), ("ls", "List builder instances"),
        ("prune", "Remove build cache"), ("version", "Show version information"),
    )  # fmt: skip
    lines = "\n".join(f"  {name:<11} {summary}" for name, summary in rows)
    return f"Usage:  docker buildx COMMAND\n\nBuild with gorae\n\nCommands:\n{lines}\n"
