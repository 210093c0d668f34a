"""`container inspect`."""

from gorae.cli.options import Option
from gorae.cli.system.inspect import command

COMMAND = command(
    "container inspect", "container", "CONTAINER", (Option("s size", "bool", "show sizes"),)
)
