"""`compose`'s own options and the table of its commands; each is imported when it runs."""

from __future__ import annotations

import os

from gorae.cli import commands
from gorae.cli.compose.context import Compose
from gorae.cli.errors import FAILURE, UsageFault
from gorae.cli.invocation import Invocation
from gorae.cli.options import Command, HelpWanted, Option, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.options import Values

_C = "gorae.cli.compose."
TABLE: dict[str, tuple[str, str]] = {
    "attach": (_C + "execute", "connect the terminal to a service's container"),
    "build": (_C + "images", "build or rebuild services"),
    "config": (_C + "config", "show the file as it is understood"),
    "cp": (_C + "execute", "copy files between a service's container and this machine"),
    "create": (_C + "up", "create containers without starting them"),
    "down": (_C + "down", "stop and remove containers and networks"),
    "events": (_C + "events", "follow what happens to containers"),
    "exec": (_C + "execute", "run a command in a running container"),
    "images": (_C + "images", "list the images of containers"),
    "kill": (_C + "lifecycle", "send a signal to containers"),
    "logs": (_C + "logs", "show what containers wrote"),
    "ls": (_C + "listing", "list projects"),
    "pause": (_C + "lifecycle", "freeze services"),
    "port": (_C + "listing", "print where a port is published"),
    "ps": (_C + "listing", "list containers"),
    "pull": (_C + "images", "fetch the images of services"),
    "push": (_C + "images", "send the images of services"),
    "restart": (_C + "lifecycle", "stop and start containers"),
    "rm": (_C + "down", "remove stopped containers"),
    "run": (_C + "execute", "run a command in a further container of a service"),
    "scale": (_C + "up", "change the number of containers"),
    "start": (_C + "lifecycle", "start services"),
    "stats": (_C + "listing", "show the resources that containers use"),
    "stop": (_C + "lifecycle", "stop services"),
    "top": (_C + "listing", "list the processes of containers"),
    "unpause": (_C + "lifecycle", "let paused services go on"),
    "up": (_C + "up", "create and start containers"),
    "version": (_C + "listing", "show the version"),
    "volumes": (_C + "listing", "list volumes"),
    "wait": (_C + "lifecycle", "wait until containers stop"),
    "watch": (_C + "watch", "follow source files; sync, rebuild or restart"),
}
OPTIONS = (
    Option("all-resources", "bool", "take in resources that no service uses"),
    Option("ansi", "string", "accepted for docker's sake", default="auto", hidden=True),
    Option("compatibility", "bool", "accepted for docker's sake", hidden=True),
    Option("dry-run", "bool", "say what would be done, do nothing"),
    Option("env-file", "list", "a file of variables"),
    Option("f file", "list", "a compose file"),
    Option("parallel", "int", "accepted for docker's sake", default=-1, hidden=True),
    Option("profile", "list", "enable a profile"),
    Option("progress", "string", "how progress is shown", default="auto"),
    Option("project-directory", "string", "the folder that relative paths start from"),
    Option("p project-name", "string", "the project's name"),
)


def run(call: Invocation) -> int:
    """Find the command behind compose's own options and run it."""
    if not call.arguments:
        call.console.out.write(_help())
        return 0
    word, words = call.arguments[0], call.arguments[1:]
    if word in ("help", "--help"):
        call.console.out.write(_help())
        return 0
    entry = TABLE.get(word)
    if entry is None:
        raise UsageFault(
            f"unknown docker command: \"compose {word}\"\n\nRun '{call.title} --help' for more information",
            FAILURE,
        )
    command = commands.load(entry[0], word)
    title = f"{call.title} {word}"
    try:
        options, arguments = parse(command, words, title)
    except HelpWanted:
        from gorae.cli import help_text

        call.console.out.write(help_text.command_help(command, title))
        return 0
    except UsageFault as fault:  # 125 is for `run`, and not compose's
        raise UsageFault(str(fault), FAILURE) from None
    return command.run(Inner(title, options, arguments, call))


class Inner(Invocation):
    """A command of compose being carried out; `compose` is what it works on."""

    def __init__(
        self, title: str, options: Values, arguments: list[str], outer: Invocation
    ) -> None:
        super().__init__(title, options, arguments, outer.console, outer.globals)
        self.compose = Compose(self, outer.options, dict(os.environ))


def _help() -> str:
    rows = "\n".join(
        f"  {name:<11} {summary[0].upper()}{summary[1:]}" for name, (_, summary) in TABLE.items()
    )
    return (
        "Usage:  gorae compose [OPTIONS] COMMAND\n\nDefine and run applications of many containers\n\n"
        f"Commands:\n{rows}\n\nRun 'gorae compose COMMAND --help' for more information on a command.\n"
    )


COMMAND = Command(
    "compose",
    "[OPTIONS] COMMAND",
    "define and run applications of many containers",
    run,
    OPTIONS,
    arguments=(0, None),
    interspersed=False,
)
