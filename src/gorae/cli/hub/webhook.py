"""`hub webhook`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMANDS = {
    "add": hub_command(
        "webhook add",
        "[OPTIONS] NAMESPACE URL",
        "tell a URL of pushes and deletes; prints the secret that signs its messages",
        (Option("event", "list", "push or delete (default both)", choices=("push", "delete")),),
        arguments=(2, 2),
    ),
    "ls": hub_command(
        "webhook ls", "[OPTIONS] NAMESPACE", "list a namespace's webhooks", arguments=(1, 1)
    ),
    "rm": hub_command(
        "webhook rm", "[OPTIONS] NAMESPACE ID [ID...]", "remove webhooks", arguments=(2, None)
    ),
}
