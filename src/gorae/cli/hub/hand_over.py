"""The hub is a program of its own: a `gorae hub` command reads its options here and becomes that program."""

from __future__ import annotations

import os
import sys

from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gorae.cli.invocation import Invocation

COMMON = (
    Option("config", "string", "configuration file (TOML)"),
    Option("database", "string", "sqlite, or the URL of a PostgreSQL database", shown="URL"),
    Option("root", "string", "folder of the hub's data; an engine's own: the two share its store"),
)


def hub_command(
    words: str,
    usage: str,
    summary: str,
    options: Sequence[Option] = (),
    *,
    arguments: tuple[int, int | None] = (0, 0),
    description: str = "",
) -> Command:
    """A command `hub <words>` with the common options."""
    every = (*options, *COMMON)

    def run(call: Invocation) -> int:
        _become(call, words, every)
        return 0

    return Command(
        f"hub {words}",
        usage,
        summary,
        run,
        every,
        arguments=arguments,
        description=description,
    )


def _become(call: Invocation, words: str, options: Sequence[Option]) -> None:
    """Replace this process by the hub's program; what was given goes along as one document."""
    from gorae.client import jsontext

    given = {
        option.name.replace("-", "_"): call.options.any(option.name)
        for option in options
        if call.options.changed(option.name)
    }
    document = {
        "command": words,
        "options": given,
        "arguments": call.arguments,
        "site": getattr(sys, "gorae_site", ""),
    }
    room = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    call.console.flush()
    argv = [sys.executable, "-IS", os.path.join(room, "hub"), jsontext.encode(document)]
    os.execv(sys.executable, argv)
