"""`hub org`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMANDS = {
    "add": hub_command(
        "org add",
        "[OPTIONS] NAME OWNER",
        "make an organisation with its first owner",
        arguments=(2, 2),
    ),
    "ls": hub_command(
        "org ls", "[OPTIONS] [NAME...]", "list organisations, or members", arguments=(0, None)
    ),
    "member": hub_command(
        "org member",
        "[OPTIONS] NAME USER",
        "give a user a role in an organisation, or take it away",
        (
            Option(
                "role",
                "string",
                "owner, writer or reader",
                default="reader",
                choices=("owner", "writer", "reader"),
            ),
            Option("rm", "bool", "the user is no member any more"),
        ),
        arguments=(2, 2),
    ),
    "rm": hub_command(
        "org rm", "[OPTIONS] NAME [NAME...]", "remove organisations", arguments=(1, None)
    ),
}
