"""`create`: make a container; `run` makes its own the same way."""

from __future__ import annotations

import os

from gorae.cli import platform, reference, terminal
from gorae.cli.container.flags import CREATE_OPTIONS, PULL_POLICIES
from gorae.cli.container.request import create_document
from gorae.cli.errors import RUN_FAILED, Exit
from gorae.cli.options import PROGRAM, Command
from gorae.errors import GoraeError, InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Make a container, print its id."""
    document = read_command_line(call, "create")
    call.say(create(call, document))
    return 0


def read_command_line(call: Invocation, word: str) -> dict[str, Any]:
    """The create document of this call; a fault ends with 125 and a pointer to help."""
    try:
        policy = call.options.text("pull")
        if policy not in PULL_POLICIES:
            raise InvalidArgument(
                f'invalid pull option: \'{policy}\': must be one of "always", "missing" or "never"'
            )
        return create_document(call.options, call.arguments[0], call.arguments[1:])
    except GoraeError as error:
        raise Exit(RUN_FAILED, with_help(error, word)) from None


def with_help(error: GoraeError, word: str) -> str:
    """The message of a failed create or run, as docker words it."""
    return f"{PROGRAM}: {error}\n\nRun '{PROGRAM} {word} --help' for more information"


def create(call: Invocation, document: dict[str, Any]) -> str:
    """Create; pull the image first where the policy says so.

    Returns:
        The container's id. Warnings have been shown, the id file is written.
    """
    options = call.options
    path = options.text("cidfile")
    if path and os.path.exists(path):
        raise InvalidArgument(
            "container ID file found, make sure the other container isn't running or delete " + path
        )
    if options.flag("use-api-socket"):
        _mount_socket(call, document)
    if not reference.is_id(document["Image"]):
        reference.parse(document["Image"])
    document["HostConfig"]["ConsoleSize"] = list(terminal.size(call.console.out.descriptor))
    if options.text("pull") == "always":
        _pull(call, document["Image"])
    platform.check(options.text("platform"))
    query = {"name": options.text("name") or None, "platform": options.text("platform") or None}
    try:
        created = call.session.post("/containers/create", query, document)
    except NotFound:
        if options.text("pull") != "missing" or reference.is_id(document["Image"]):
            raise
        name = reference.parse(document["Image"]).with_default_tag().familiar
        if not options.flag("quiet"):
            call.console.complain(f"Unable to find image '{name}' locally")
        _pull(call, document["Image"])
        created = call.session.post("/containers/create", query, document)
    for warning in [*(created.get("Warnings") or ()), *_dns_warnings(document)]:
        if warning.startswith("hint: ") and os.environ.get("GORAE_HINTS", "") in QUIET:
            continue
        call.console.complain(f"WARNING: {warning}")
    identifier: str = created["Id"]
    if path:
        _write_id(path, identifier)
    return identifier


def _pull(call: Invocation, image: str) -> None:
    from gorae.cli.image.pull import pull

    output = None if call.options.flag("quiet") else call.console.err
    wanted = reference.parse(image).with_default_tag()
    pull(call, wanted, output, call.options.text("platform"))


def _mount_socket(call: Invocation, document: dict[str, Any]) -> None:
    address = call.session.address
    if not address.path:
        raise InvalidArgument(
            f"flag --use-api-socket can only be used with unix sockets: docker endpoint {address.text} incompatible"
        )
    document["HostConfig"].setdefault("Mounts", []).append(
        {"Type": "bind", "Source": address.path, "Target": "/var/run/docker.sock"}
    )


QUIET = ("0", "false", "no", "off")
"""Values of GORAE_HINTS that silence the engine's hints."""


def _dns_warnings(document: dict[str, Any]) -> list[str]:
    return [
        f"Localhost DNS ({server}) may fail in containers."
        for server in document["HostConfig"]["Dns"]
        if server.startswith("127.") or server == "::1"
    ]


def _write_id(path: str, identifier: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w") as file:
            file.write(identifier)
    except OSError as error:
        raise InvalidArgument(
            f"failed to create the container ID file: open {path}: {(error.strerror or '').lower()}"
        ) from None


COMMAND = Command(
    "container create",
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    "make a container without starting it",
    run,
    CREATE_OPTIONS,
    arguments=(1, None),
    interspersed=False,
)
