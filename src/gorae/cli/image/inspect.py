"""`image inspect`."""

from gorae.cli.options import Option
from gorae.cli.system.inspect import command

COMMAND = command(
    "image inspect",
    "image",
    "IMAGE",
    (Option("platform", "string", "the platform to show (os/arch)"),),
)
