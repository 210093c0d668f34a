"""`hub invite`, `gc`, `audit` and `key`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMANDS = {
    "audit": hub_command(
        "audit",
        "[OPTIONS]",
        "show who did what",
        (
            Option("n tail", "int", "so many lines", default=50),
            Option("user", "string", "of this account alone"),
        ),
    ),
    "gc": hub_command(
        "gc",
        "[OPTIONS]",
        "remove what nothing reaches; the server may run on",
        (
            Option(
                "untagged-after",
                "duration",
                "also manifests without a tag that are older than this",
            ),
            Option(
                "unused-after",
                "duration",
                "blobs that no manifest came to need within this time (default 24h)",
            ),
        ),
    ),
    "invite": hub_command(
        "invite",
        "[OPTIONS]",
        "print a code with which one person may sign up",
        (Option("note", "string", "whom it is for"),),
    ),
    "key": hub_command("key rotate", "[OPTIONS]", "sign tokens by a new key from now on"),
}
COMMANDS["rotate"] = COMMANDS.pop("key")
