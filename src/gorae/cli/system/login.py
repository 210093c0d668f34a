"""`login` and `logout`: registry credentials, checked by the engine, kept by the client."""

from __future__ import annotations

import binascii
import termios

from gorae.cli import credentials
from gorae.cli.console import read_line
from gorae.cli.options import Command, Option
from gorae.cli.transfer import read_descriptor
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

UNENCRYPTED = """
WARNING! Your credentials are stored unencrypted in '{}/config.json'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/
"""


def login(call: Invocation) -> int:
    """Check the credentials, keep them."""
    key = _server(call)
    folder = credentials.folder(call.globals.text("config"))
    document = credentials.read(folder)
    if _login_again(call, key, document):
        return 0
    user, password = _credentials(call)
    answer = call.session.post(
        "/auth", None, {"username": user, "password": password, "serveraddress": key}
    )
    _keep(call, folder, document, key, user, password, (answer or {}).get("IdentityToken") or "")
    call.say((answer or {}).get("Status") or "Login Succeeded")
    return 0


def _login_again(call: Invocation, key: str, document: dict[str, Any]) -> bool:
    """With what is kept already, when nothing was given; whether the registry takes it."""
    options = call.options
    if options.text("username") or options.text("password") or options.flag("password-stdin"):
        return False
    found = credentials.lookup(document, credentials.domain_of_key(key))
    if not found:
        return False
    user = found.get("username", "")
    call.say(
        "Authenticating with existing credentials..." + (f" [Username: {user}]" if user else "")
    )
    try:
        answer = call.session.post("/auth", None, found)
    except GoraeError as error:
        call.console.complain(f"Login did not succeed, error: {error}")
        return False
    call.say((answer or {}).get("Status") or "Login Succeeded")
    return True


def _keep(
    call: Invocation,
    folder: str,
    document: dict[str, Any],
    key: str,
    user: str,
    password: str,
    token: str,
) -> None:
    """In the helper that the configuration names, else in the file."""
    helper = credentials.helper_for(document, key)
    entry: dict[str, str] = {}
    if helper:
        from gorae.cli import credentialhelper

        kept_as = credentialhelper.TOKEN_USER if token else user
        credentialhelper.store(helper, key, kept_as, token or password)
    else:
        pair = f"{user}:{'' if token else password}".encode()
        entry = {"auth": binascii.b2a_base64(pair, newline=False).decode()}
        if token:
            entry["identitytoken"] = token
    document.setdefault("auths", {})[key] = entry
    credentials.write(folder, document)
    if not helper:
        call.console.complain(UNENCRYPTED.format(folder))


def logout(call: Invocation) -> int:
    """Forget the credentials."""
    key = _server(call)
    folder = credentials.folder(call.globals.text("config"))
    document = credentials.read(folder)
    call.say(f"Removing login credentials for {key}")
    helper = credentials.helper_for(document, key)
    if helper:
        from gorae.cli import credentialhelper

        credentialhelper.erase(helper, key)
    if key in (document.get("auths") or {}):
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
