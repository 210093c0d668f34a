"""`volume inspect`."""

from gorae.cli.system.inspect import command

COMMAND = command("volume inspect", "volume", "VOLUME")
