"""`volume create`."""

from __future__ import annotations

from gorae.cli.container.environment import read_label, to_map
from gorae.cli.options import Command, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Make it, print its name."""
    options = call.options
    document = {
        "Name": call.arguments[0] if call.arguments else "",
        "Driver": options.text("driver"),
        "DriverOpts": to_map(options.items("opt")),
        "Labels": to_map(options.items("label")),
    }
    call.say(call.session.post("/volumes/create", None, document)["Name"])
    return 0


COMMAND = Command(
    "volume create",
    "[OPTIONS] [VOLUME]",
    "make a volume",
    run,
    (
        Option("d driver", "string", "volume driver", default="local"),
        Option("label", "list", "set a label (name=value)", read=read_label),
        Option("o opt", "list", "driver's option (name=value)", shown="map"),
    ),
    arguments=(0, 1),
)
