"""`compose config`: the files as they are understood."""

from __future__ import annotations

from gorae.cli.compose import images
from gorae.cli.options import Command, Option
from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.compose.main import Inner


def run(call: Inner) -> int:
    """Show the whole, or one kind of name."""
    options = call.options
    project = call.compose.load(interpolate=not options.flag("no-interpolate"))
    call.compose.__dict__["project"] = project
    call.compose.check(call.arguments)
    if options.flag("quiet"):
        return 0
    names: list[str] | None = None
    if options.flag("services"):
        names = list(project.services)
    elif options.flag("volumes"):
        names = list(project.volumes)
    elif options.flag("networks"):
        names = list(project.networks)
    elif options.flag("images"):
        names = [images.name_of(project, name) for name in project.services]
    elif options.flag("profiles"):
        everything = call.compose.load(profiles=["*"])
        found = {
            one for service in everything.services.values() for one in service.get("profiles") or ()
        }
        names = sorted(found)
    elif options.changed("hash"):
        from gorae.compose import labels

        wanted = options.text("hash")
        chosen = list(project.services) if wanted == "*" else wanted.split(",")
        call.compose.check(chosen)
        names = [f"{name} {labels.config_hash(project.services[name])}" for name in chosen]
    if names is not None:
        for name in names:
            call.say(name)
        return 0
    document = project.document()
    if call.arguments:
        document["services"] = {name: project.services[name] for name in call.arguments}
    text = _text(document, options.text("format"))
    if options.text("output"):
        with open(options.text("output"), "w", encoding="utf-8") as file:
            file.write(text)
    else:
        call.console.out.write(text)
    return 0


def _text(document: dict[str, Any], form: str) -> str:
    if form == "json":
        return jsontext.encode(document, indent=2) + "\n"
    if form not in ("", "yaml"):
        raise InvalidArgument(f'unsupported format "{form}": it is yaml or json')
    import yaml

    return str(
        yaml.safe_dump(
            _plain(document), sort_keys=True, default_flow_style=False, allow_unicode=True
        )
    )


def _plain(value: Any) -> Any:
    """No aliases in the output: every part is its own."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


COMMAND = Command(
    "compose config",
    "[OPTIONS] [SERVICE...]",
    "show the file as it is understood",
    run,
    (
        Option("format", "string", "yaml or json", default="yaml"),
        Option("hash", "string", "show the hash of services (* for all)"),
        Option("images", "bool", "show the images' names"),
        Option("networks", "bool", "show the networks' names"),
        Option("no-consistency", "bool", "accepted for docker's sake", hidden=True),
        Option("no-interpolate", "bool", "leave variables as they stand"),
        Option("no-normalize", "bool", "accepted for docker's sake", hidden=True),
        Option("no-path-resolution", "bool", "accepted for docker's sake", hidden=True),
        Option("o output", "string", "write to a file"),
        Option("profiles", "bool", "show the profiles' names"),
        Option("q quiet", "bool", "check only"),
        Option("resolve-image-digests", "bool", "accepted for docker's sake", hidden=True),
        Option("services", "bool", "show the services' names"),
        Option("volumes", "bool", "show the volumes' names"),
    ),
    arguments=(0, None),
)
