"""`compose config`: the files as they are understood."""

from __future__ import annotations

from gorae.cli.compose import images
from gorae.cli.options import Command, Option
from gorae.compose import canonical
from gorae.compose.project import extensions
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
        names = sorted(project.services)
    elif options.flag("volumes"):
        names = sorted(project.volumes)
    elif options.flag("networks"):
        names = sorted(project.networks)
    elif options.flag("images"):
        names = [images.name_of(project, name) for name in sorted(project.services)]
    elif options.flag("profiles"):
        everything = call.compose.load(profiles=["*"])
        found = {
            one for service in everything.services.values() for one in service.get("profiles") or ()
        }
        names = sorted(found)
    elif options.changed("hash"):
        wanted = options.text("hash")
        chosen = sorted(project.services) if wanted == "*" else wanted.split(",")
        call.compose.check(chosen)
        names = [f"{name} {canonical.service_hash(project.services[name])}" for name in chosen]
    if names is not None:
        for name in names:
            call.say(name)
        return 0
    text = text_of(project.document(call.arguments), options.text("format"))
    if options.text("output"):
        with open(options.text("output"), "w", encoding="utf-8") as file:
            file.write(text)
    else:
        call.console.out.write(text)
    return 0


def text_of(document: dict[str, Any], form: str) -> str:
    """The document as YAML or JSON, as docker compose writes it.

    Raises:
        InvalidArgument: another form.
    """
    document = _escaped(document)
    if form == "json":
        import json

        for service in document["services"].values():
            for key in extensions(service):
                del service[key]
        ordered = {key: document[key] for key in sorted(document)}
        return json.dumps(ordered, indent=2, ensure_ascii=False).translate(canonical.HTML) + "\n"
    if form not in ("", "yaml"):
        raise InvalidArgument(f'unsupported format "{form}": it is yaml or json')
    import yaml

    from gorae.compose.yamlwriter import dumper

    shown = _without_empty(document)
    return str(yaml.dump(shown, Dumper=dumper(), sort_keys=False, allow_unicode=True, width=2**30))


def _escaped(value: Any) -> Any:
    """What can be read again as it is: `$` doubled; no aliases, every part is its own."""
    if isinstance(value, dict):
        return {str(key): _escaped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    """YAML leaves out what JSON has to show: null commands, empty `ipam`, `placement`, `resources`."""
    services = document["services"]
    for service in services.values():
        for key in ("command", "entrypoint"):
            if service[key] is None:
                del service[key]
        deploy = service.get("deploy", {})
        for key in ("resources", "placement"):
            if deploy.get(key) == {}:
                del deploy[key]
        for key, one in service.get("blkio_config", {}).items():
            if isinstance(one, list):
                service["blkio_config"][key] = [{k.lower(): v for k, v in o.items()} for o in one]
        for rule in service.get("develop", {}).get("watch", ()):
            if rule["exec"] == {"command": None}:
                del rule["exec"]
    for network in document.get("networks", {}).values():
        if not network["ipam"]:
            del network["ipam"]
    return document


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
