"""`volume export`, `volume import`, `volume clone`."""

from __future__ import annotations

from gorae.cli import transfer
from gorae.cli.container.environment import read_label
from gorae.cli.options import Command, Option
from gorae.client import jsontext
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation

LABEL = Option("label", "list", "set a label (name=value)", read=read_label)


def export(call: Invocation) -> int:
    """Write a volume's content as a tar."""
    target = call.options.text("output")
    transfer.check_output(call.console, target, "export", "volume")
    response = call.session.call("GET", f"/gorae/volumes/{quote(call.arguments[0])}/archive")
    transfer.write_response(response, call.console, target)
    return 0


def import_(call: Invocation) -> int:
    """Make a volume of a tar."""
    name = call.arguments[0]
    path = call.arguments[1] if len(call.arguments) > 1 else "-"
    body = (
        transfer.read_descriptor(call.console.input_descriptor)
        if path == "-"
        else transfer.read_path(path)
    )
    response = call.session.call(
        "PUT",
        f"/gorae/volumes/{quote(name)}/archive",
        {"label": _labels(call)},
        body=body,
        headers=(("Content-Type", "application/x-tar"),),
    )
    call.say(jsontext.decode(response.read())["Name"])
    return 0


def clone(call: Invocation) -> int:
    """Make a copy of a volume."""
    source, target = call.arguments
    query = {"to": target, "label": _labels(call)}
    call.say(call.session.post(f"/gorae/volumes/{quote(source)}/clone", query)["Name"])
    return 0


def _labels(call: Invocation) -> list[str]:
    return [str(one) for one in call.options.items("label")]


COMMANDS = {
    "export": Command(
        "volume export",
        "[OPTIONS] VOLUME",
        "write a volume's content as a tar archive",
        export,
        (Option("o output", "string", "write to a file"),),
        arguments=(1, 1),
    ),
    "import": Command(
        "volume import",
        "[OPTIONS] VOLUME [FILE|-]",
        "make a volume of a tar archive",
        import_,
        (LABEL,),
        arguments=(1, 2),
    ),
    "clone": Command(
        "volume clone",
        "[OPTIONS] VOLUME NEW_VOLUME",
        "make a copy of a volume",
        clone,
        (LABEL,),
        arguments=(2, 2),
    ),
}
