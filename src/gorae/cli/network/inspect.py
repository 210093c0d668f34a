"""`network inspect`."""

from gorae.cli.options import Option
from gorae.cli.system.inspect import command

COMMAND = command(
    "network inspect", "network", "NETWORK", (Option("v verbose", "bool", "show more facts"),)
)
