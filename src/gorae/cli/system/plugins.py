"""`system install-docker-plugins`: docker's own command line builds with gorae."""

from __future__ import annotations

import os
import sys

from gorae.cli import credentials
from gorae.cli.options import Command, Option
from gorae.cli.plugin import handover
from gorae.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

_PROGRAM = """#!{python} -IS
import sys
sys.path.insert(0, {source!r})
sys.gorae_site = {site!r}
from gorae.cli.plugin.buildx import main
main()
"""
MARK = b"gorae.cli.plugin.buildx"


def run(call: Invocation) -> int:
    """Write the plugin, or take it away again."""
    folder = call.options.text("dir")
    folder = folder or os.path.join(credentials.folder(call.globals.text("config")), "cli-plugins")
    path = os.path.join(folder, handover.NAME)
    aside = os.path.join(folder, handover.SET_ASIDE)
    if call.options.flag("remove"):
        return _remove(call, path, aside)
    os.makedirs(folder, exist_ok=True)
    if os.path.lexists(path) and not _is_ours(path):
        os.replace(path, aside)
        call.console.complain(
            f'"{path}" was set aside as "{aside}": it serves engines that are not gorae'
        )
    staged = f"{path}.{os.getpid()}"
    with open(staged, "w", encoding="utf-8") as file:
        file.write(program())
    os.chmod(staged, 0o755)
    os.replace(staged, path)
    call.say(path)
    return 0


def program() -> str:
    """The plugin's text: this very interpreter and source, started without the site's packages."""
    source = os.path.dirname(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    )
    site = getattr(sys, "gorae_site", "")
    return _PROGRAM.format(python=sys.executable, source=source, site=site)


def _is_ours(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return MARK in file.read(4096)
    except OSError:
        return False


def _remove(call: Invocation, path: str, aside: str) -> int:
    if not _is_ours(path):
        raise NotFound(f'"{path}" is not gorae\'s plugin: nothing was removed')
    os.unlink(path)
    if os.path.lexists(aside):
        os.replace(aside, path)
    call.say(path)
    return 0


COMMAND = Command(
    "system install-docker-plugins",
    "[OPTIONS]",
    "let docker's own command line build with gorae",
    run,
    (
        Option(
            "dir",
            "string",
            "the folder of plugins (default: cli-plugins of docker's configuration)",
        ),
        Option("remove", "bool", "take the plugin away; one that was set aside comes back"),
    ),
)
