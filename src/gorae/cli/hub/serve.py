"""`hub serve`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

COMMAND = hub_command(
    "serve",
    "[OPTIONS]",
    "serve a registry with accounts and a web site",
    (
        Option(
            "listen", "list", "address to listen on (default 127.0.0.1:5001)", shown="HOST:PORT"
        ),
        Option("log-level", "string", "debug, info, warning or error"),
        Option(
            "signup",
            "string",
            "who may make an account: closed, invite or open",
            choices=("closed", "invite", "open"),
        ),
        Option("title", "string", "name of the hub on its pages"),
        Option("tls-cert", "string", "certificate file (PEM); with --tls-key"),
        Option("tls-key", "string", "key file of the certificate (PEM)"),
        Option("url", "string", "address by which clients reach the hub", shown="URL"),
    ),
    description=(
        "Serve a registry with accounts and a web site.\n\n"
        "Everyone may pull what is public; who pushes must log in, and pushes into their own namespace\n"
        "or an organisation's. Make the first account with 'gorae hub user add --admin NAME'."
    ),
)
