"""`login` and `logout`: registry credentials, checked by the engine, kept by the client."""

from __future__ import annotations

import binascii
import termios

from gorae.cli import credentials
from gorae.cli.console import read_line
from gorae.cli.options import Command, Option
from gorae.cli.transfer import read_descriptor
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def login(call: Invocation) -> int:
    """Check the credentials, keep them."""
    key = _server(call)
    user, password = _credentials(call)
    answer = call.session.post(
        "/auth", None, {"username": user, "password": password, "serveraddress": key}
    )
    folder = credentials.folder(call.globals.text("config"))
    document = credentials.read(folder)
    token = (answer or {}).get("IdentityToken")
    auth = binascii.b2a_base64(
        f"{user}:{'' if token else password}".encode(), newline=False
    ).decode()
    entry = {"auth": auth, "identitytoken": token} if token else {"auth": auth}
    document.setdefault("auths", {})[key] = entry
    credentials.write(folder, document)
    call.say((answer or {}).get("Status") or "Login Succeeded")
    return 0


def logout(call: Invocation) -> int:
    """Forget the credentials."""
    key = _server(call)
    folder = credentials.folder(call.globals.text("config"))
    document = credentials.read(folder)
    if key not in (document.get("auths") or {}):
        call.say(f"Not logged in to {key}")
        return 0
    call.say(f"Removing login credentials for {key}")
    del document["auths"][key]
    credentials.write(folder, document)
    return 0


def _server(call: Invocation) -> str:
    text = call.arguments[0] if call.arguments else ""
    bare = text.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return credentials.server_key(bare)


def _credentials(call: Invocation) -> tuple[str, str]:
    options, console = call.options, call.console
    user, password = options.text("username"), options.text("password")
    if options.flag("password-stdin"):
        if password:
            raise InvalidArgument(
                "conflicting options: cannot specify both --password and --password-stdin"
            )
        if not user:
            raise InvalidArgument("the --password-stdin option requires --username to be set")
        data = b"".join(read_descriptor(console.input_descriptor))
        return user, data.decode().rstrip("\r\n")
    if password:
        console.complain("WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
    if (not user or not password) and not console.input_is_terminal:
        raise InvalidArgument("Error: Cannot perform an interactive login from a non TTY device")
    if not user:
        console.out.write("Username: ")
        console.flush()
        user = read_line(console.input_descriptor).strip()
    if not password:
        password = _ask_secret(call)
    if not user or not password:
        raise InvalidArgument("username and password are required")
    return user, password


def _ask_secret(call: Invocation) -> str:
    """A line typed without echo."""
    descriptor = call.console.input_descriptor
    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    silent[3] &= ~termios.ECHO
    call.console.out.write("Password: ")
    call.console.flush()
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        return read_line(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        call.console.out.write("\n")


COMMANDS = {
    "login": Command(
        "login",
        "[OPTIONS] [SERVER]",
        "log in to a registry",
        login,
        (
            Option("p password", "string", "password or token"),
            Option("password-stdin", "bool", "read the password from stdin"),
            Option("u username", "string", "user name"),
        ),
        arguments=(0, 1),
    ),
    "logout": Command("logout", "[SERVER]", "log out of a registry", logout, arguments=(0, 1)),
}
