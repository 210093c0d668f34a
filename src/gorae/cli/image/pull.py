"""`pull`: fetch an image from a registry."""

from __future__ import annotations

import binascii

from gorae.cli import credentials, progress, reference
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gorae.cli.console import Output
    from gorae.cli.invocation import Invocation
    from gorae.cli.reference import Reference

MAX_KEY_BYTES = 64 << 10


def run(call: Invocation) -> int:
    """Pull one image, or with `-a` all tags."""
    options = call.options
    wanted = reference.parse(call.arguments[0])
    everything = options.flag("all-tags")
    if everything and (wanted.tag or wanted.digest):
        raise InvalidArgument("tag can't be used with --all-tags/-a")
    if not everything:
        if not (wanted.tag or wanted.digest) and not options.flag("quiet"):
            call.say("Using default tag: latest")
        wanted = wanted.with_default_tag()
    pull(
        call,
        wanted,
        None if options.flag("quiet") else call.console.out,
        options.text("platform"),
        [_key(path) for path in options.items("verify-key")],
    )
    if options.flag("quiet"):
        call.say(f"{wanted.name}:{wanted.tag}" if wanted.tag else wanted.name)
    else:
        call.say(_whole(wanted))
    return 0


def _whole(wanted: Reference) -> str:
    tag = f":{wanted.tag}" if wanted.tag else ""
    return wanted.name + tag + (f"@{wanted.digest}" if wanted.digest else "")


def _key(path: str) -> bytes:
    """A public key's file. Raises: InvalidArgument: it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise InvalidArgument(f"open {path}: {(error.strerror or '').lower()}") from None


def pull(
    call: Invocation,
    wanted: Reference,
    output: Output | None,
    platform: str = "",
    keys: Iterable[bytes] = (),
) -> None:
    """Ask the engine to pull; show its progress on `output` if there is one. `keys`: PEM, one must have signed."""
    document = credentials.read(credentials.folder(call.globals.text("config")))
    query = {
        "fromImage": wanted.name,
        "tag": wanted.digest or wanted.tag or None,
        "platform": platform or None,
    }
    session = call.session
    headers = [credentials.header(document, wanted.domain)]
    for one in keys:
        data = binascii.b2a_base64(one, newline=False).decode()
        headers.append(("X-Gorae-Verify-Key", data))
    response = session.call("POST", "/images/create", query, headers=headers)
    progress.display(session.messages(response), output)


COMMAND = Command(
    "image pull",
    "[OPTIONS] NAME[:TAG|@DIGEST]",
    "fetch an image from a registry",
    run,
    (
        Option("a all-tags", "bool", "fetch all tags of the repository"),
        Option("disable-content-trust", "bool", "accepted for docker's sake", default=True),
        Option("platform", "string", "platform of the image (os/arch)"),
        Option("q quiet", "bool", "show the name only"),
        Option(
            "verify-key", "list", "refuse an image that this key did not sign (PEM, repeatable)"
        ),
    ),
    arguments=(1, 1),
)
