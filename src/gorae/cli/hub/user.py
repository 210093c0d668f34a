"""`hub user`."""

from gorae.cli.hub.hand_over import hub_command
from gorae.cli.options import Option

_STDIN = Option("password-stdin", "bool", "read the password from stdin")

COMMANDS = {
    "add": hub_command(
        "user add",
        "[OPTIONS] NAME",
        "make an account",
        (
            Option("admin", "bool", "may do everything, in every namespace"),
            Option("email", "string", "address of the person"),
            _STDIN,
        ),
        arguments=(1, 1),
    ),
    "ls": hub_command("user ls", "[OPTIONS]", "list accounts"),
    "passwd": hub_command(
        "user passwd",
        "[OPTIONS] NAME",
        "give an account another password; its logins end",
        (_STDIN,),
        arguments=(1, 1),
    ),
    "rm": hub_command(
        "user rm", "[OPTIONS] NAME [NAME...]", "remove accounts", arguments=(1, None)
    ),
    "set": hub_command(
        "user set",
        "[OPTIONS] NAME",
        "change what an account may do",
        (
            Option("admin", "bool", "may do everything, in every namespace"),
            Option("disabled", "bool", "may not log in"),
            Option("quota", "bytes", "what its repositories may hold"),
        ),
        arguments=(1, 1),
    ),
}
