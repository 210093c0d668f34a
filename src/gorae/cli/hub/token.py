"""`hub token`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMANDS = {
    "add": hub_command(
        "token add",
        "[OPTIONS] USER",
        "make an access token, printed this once",
        (
            Option("expires", "duration", "how long it is good, 0 for ever (default 2160h)"),
            Option("label", "string", "what it is for"),
            Option(
                "scope",
                "list",
                "pull, push, delete or PATTERN:ACTION[,ACTION] (default pull and push)",
                shown="SCOPE",
            ),
        ),
        arguments=(1, 1),
        description=(
            "Make an access token, printed this once.\n\n"
            "It stands in for the password: docker login -u USER --password-stdin HUB. A scope such as\n"
            "'acme/*:pull,push' limits it to repositories of that name."
        ),
    ),
    "ls": hub_command(
        "token ls", "[OPTIONS] USER", "list a user's access tokens", arguments=(1, 1)
    ),
    "rm": hub_command(
        "token rm", "[OPTIONS] USER ID [ID...]", "revoke access tokens", arguments=(2, None)
    ),
}
