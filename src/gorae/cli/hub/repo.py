"""`hub repo`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMANDS = {
    "add": hub_command(
        "repo add",
        "[OPTIONS] NAME",
        "make an empty repository (a push makes one too)",
        (Option("private", "bool", "only members of the namespace may pull"),),
        arguments=(1, 1),
    ),
    "ls": hub_command(
        "repo ls", "[OPTIONS] [NAMESPACE...]", "list repositories", arguments=(0, None)
    ),
    "rm": hub_command(
        "repo rm",
        "[OPTIONS] NAME [NAME...]",
        "remove repositories with all their images",
        arguments=(1, None),
    ),
    "set": hub_command(
        "repo set",
        "[OPTIONS] NAME",
        "change who may pull, the description, the README",
        (
            Option("description", "string", "one line"),
            Option("private", "bool", "only members of the namespace may pull"),
            Option("public", "bool", "everyone may pull"),
            Option("readme", "string", "file with Markdown", shown="FILE"),
        ),
        arguments=(1, 1),
    ),
}
