"""Images of services: `compose build`, `pull`, `push`, `images`, and what `up` makes sure of."""

from __future__ import annotations

import os
import time

from gorae.cli import tabwriter
from gorae.cli.options import Command, Option, scan
from gorae.cli.units import human_duration, human_size, short_id
from gorae.client import jsontext
from gorae.errors import Conflict, GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gorae.cli.compose.main import Inner
    from gorae.compose.project import Project


def name_of(project: Project, service: str) -> str:
    """The image of a service."""
    from gorae.compose import create

    return str(project.services[service].get("image") or create.image_name(project, service))


def ensure(call: Inner, services: Sequence[str]) -> None:
    """Build or fetch what is missing, as `pull_policy`, `--build` and `--pull` say.

    Raises:
        GoraeError: it could not be had.
    """
    from gorae.compose import state

    project = call.compose.project
    options = call.options
    flags = (
        {name: options.changed(name) and options.flag(name) for name in ("build", "no-build")}
        if _has(call, "build")
        else {}
    )
    chosen = options.text("pull") if _has(call, "pull") else "policy"
    for name in services:
        service = project.services[name]
        policy = str(service.get("pull_policy") or "missing") if chosen == "policy" else chosen
        is_here = bool(state.image_id(call.session, name_of(project, name)))
        if service.get("build") is not None:
            if (
                flags.get("build")
                or policy == "build"
                or (not is_here and not flags.get("no-build"))
            ):
                build(call, [name])
            elif not is_here:
                raise NotFound(
                    f"no such image: {name_of(project, name)}: it is to be built, and --no-build was given"
                )
        elif policy == "always" or (not is_here and policy in ("missing", "if_not_present")):
            pull(call, name)
        elif not is_here:
            raise NotFound(f"no such image: {name_of(project, name)}: its pull policy is {policy}")


def _has(call: Inner, name: str) -> bool:
    return name in {option.name for option in _command_options(call)}


def _command_options(call: Inner) -> Sequence[Option]:
    from gorae.cli import commands
    from gorae.cli.compose.main import TABLE

    word = call.title.rpartition(" ")[2]
    return commands.load(TABLE[word][0], word).options


def words(project: Project, name: str) -> list[str]:
    """The command line of `build` that a service's build section means."""
    from gorae.cli.bake import definition

    service = project.services[name]
    section: dict[str, Any] = dict(service["build"])
    target = {
        "target": section.get("target"),
        "args": section.get("args") or {},
        "labels": section.get("labels") or {},
        "network": section.get("network"),
        "shm-size": section.get("shm_size"),
        "cache-from": section.get("cache_from"),
        "cache-to": section.get("cache_to"),
        "ssh": section.get("ssh"),
        "platforms": section.get("platforms")
        or ([service["platform"]] if service.get("platform") else None),
        "no-cache": section.get("no_cache"),
        "pull": section.get("pull"),
        "tags": [name_of(project, name), *(section.get("tags") or ())],
        "contexts": _contexts(project, section),
        "secret": [_secret(project, one) for one in section.get("secrets") or ()],
        "entitlements": section.get("entitlements"),
        "extra-hosts": dict(one.partition(":")[::2] for one in section.get("extra_hosts") or ()),
    }
    return definition.words(target)


def _contexts(project: Project, section: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in (section.get("additional_contexts") or {}).items():
        kind, _, other = str(value).partition(":")
        found[key] = f"docker-image://{name_of(project, other)}" if kind == "service" else value
    return found


def _secret(project: Project, one: dict[str, Any]) -> str:
    source = project.secrets.get(one["source"])
    if source is None:
        raise NotFound(f"undefined secret {one['source']}")
    name = one.get("target") or one["source"]
    if source.get("environment"):
        return f"id={name},env={source['environment']}"
    return f"id={name},src={source.get('file', '')}"


def build(call: Inner, services: Sequence[str], more: Sequence[str] = ()) -> None:
    """Build services, one after the other as they need each other.

    Raises:
        Conflict: one failed (its reason has been shown).
    """
    from gorae.cli.builder import build as builder
    from gorae.cli.builder import request
    from gorae.cli.builder.options import BUILD
    from gorae.cli.invocation import Invocation

    project = call.compose.project
    table = {option.name: option for option in BUILD}
    for name in _in_order(project, services):
        section = project.services[name]["build"]
        options, _ = scan(table, [*words(project, name), *more], True)
        inner = Invocation(call.title, options, [], call.console, call.globals)
        inline = section.get("dockerfile_inline")
        context = str(section["context"])
        if inline is None and section.get("dockerfile"):
            path = (
                os.path.join(context, str(section["dockerfile"]))
                if os.path.isdir(context)
                else section["dockerfile"]
            )
            options.set(table["file"], str(path))
        try:
            wanted = request.from_options(options, context, call.console, inline=inline)
            result = builder.build(inner, wanted)
        except GoraeError as error:
            raise Conflict(f"failed to build service {name}: {error}") from None
        if result is None:
            raise Conflict(f"failed to build service {name}")
        call.compose.tell(f"Service {name}", "Built")


def _in_order(project: Project, services: Sequence[str]) -> list[str]:
    """A service whose image another's build stands on comes before it."""
    found: list[str] = []

    def visit(name: str) -> None:
        section = project.services[name].get("build") or {}
        for value in (section.get("additional_contexts") or {}).values():
            kind, _, other = str(value).partition(":")
            if kind == "service" and other in project.services and other not in found:
                visit(other)
        if name not in found and project.services[name].get("build") is not None:
            found.append(name)

    for name in services:
        visit(name)
    return found


def pull(call: Inner, name: str) -> None:
    """Fetch a service's image."""
    from gorae.cli import reference
    from gorae.cli.image import pull as puller

    project = call.compose.project
    image = name_of(project, name)
    quiet = _has(call, "quiet-pull") and call.options.flag("quiet-pull")
    call.compose.tell(f"Service {name}", f"Pulling {image}")
    output = None if quiet or not call.console.err.is_terminal else call.console.err
    puller.pull(
        call, reference.parse(image), output, str(project.services[name].get("platform") or "")
    )
    call.compose.tell(f"Service {name}", "Pulled")


def run_build(call: Inner) -> int:
    """`compose build`."""
    options = call.options
    project = call.compose.enabled(call.arguments)
    more = [f"--{name}" for name in ("no-cache", "pull", "push", "quiet") if options.flag(name)]
    for text in options.items("build-arg"):
        more += ["--build-arg", text]
    build(call, list(call.arguments) or list(project.services), more)
    return 0


def run_pull(call: Inner) -> int:
    """`compose pull`."""
    options = call.options
    project = call.compose.enabled(call.arguments)
    failed = 0
    for name in list(call.arguments) or list(project.services):
        service = project.services[name]
        if service.get("build") is not None and (
            options.flag("ignore-buildable") or not service.get("image")
        ):
            call.compose.tell(f"Service {name}", "Skipped: it is built")
            continue
        try:
            pull(call, name)
        except GoraeError as error:
            if service.get("build") is not None or options.flag("ignore-pull-failures"):
                call.compose.tell(f"Service {name}", f"Warning {error}")
                continue
            call.console.complain(str(error))
            failed = 1
    return failed


def run_push(call: Inner) -> int:
    """`compose push`."""
    from gorae.cli import commands

    project = call.compose.enabled(call.arguments)
    command = commands.find("image", "push")
    assert command is not None
    for name in list(call.arguments) or [
        n for n, s in project.services.items() if s.get("build") is not None
    ]:
        from gorae.cli.invocation import Invocation

        options, _ = scan({option.name: option for option in command.options}, [], True)
        image = name_of(project, name)
        status = command.run(Invocation(call.title, options, [image], call.console, call.globals))
        if status:
            return status
    return 0


def run_images(call: Inner) -> int:
    """`compose images`: what the containers were made from."""
    from gorae.cli.timestamp import parse_rfc3339

    rows = []
    for one in call.compose.containers(call.arguments):
        container = call.session.get(f"/containers/{one.id}/json")
        found = call.session.get(f"/images/{container['Image']}/json")
        repository, _, tag = (container["Config"]["Image"] or "<none>").rpartition(":")
        if not repository:
            repository, tag = tag, "latest"
        platform = "/".join(
            filter(None, (found["Os"], found["Architecture"], found.get("Variant")))
        )
        rows.append(
            {
                "ID": found["Id"], "ContainerName": one.name, "Repository": repository, "Tag": tag, "Platform": platform,
                "Size": found["Size"], "Created": found["Created"],
                "LastTagTime": (found.get("Metadata") or {}).get("LastTagTime", ""),
            }
        )  # fmt: skip
    if call.options.flag("quiet"):
        for image_id in dict.fromkeys(row["ID"] for row in rows):
            call.say(image_id.partition(":")[2])
        return 0
    if call.options.text("format") == "json":
        call.say(jsontext.encode(rows))
        return 0
    lines = ["CONTAINER\tREPOSITORY\tTAG\tPLATFORM\tIMAGE ID\tSIZE\tCREATED"]
    for row in rows:
        age = human_duration(time.time() - parse_rfc3339(row["Created"])[0])
        cells = (
            row["ContainerName"], row["Repository"], row["Tag"], row["Platform"], short_id(row["ID"]),
            human_size(row["Size"], 3), f"{age} ago",
        )  # fmt: skip
        lines.append("\t".join(cells))
    call.console.out.write(tabwriter.align("\n".join(lines), 20) + "\n")
    return 0


COMMANDS = {
    "build": Command(
        "compose build", "[OPTIONS] [SERVICE...]", "build or rebuild services", run_build,
        (
            Option("build-arg", "list", "set a build-time variable"),
            Option("no-cache", "bool", "use nothing of the cache"),
            Option("pull", "bool", "look for newer base images"),
            Option("push", "bool", "push what was built"),
            Option("q quiet", "bool", "show nothing"),
        ),
        arguments=(0, None),
    ),
    "pull": Command(
        "compose pull", "[OPTIONS] [SERVICE...]", "fetch the images of services", run_pull,
        (
            Option("ignore-buildable", "bool", "leave out services that are built"),
            Option("ignore-pull-failures", "bool", "fetch what can be had"),
            Option("include-deps", "bool", "accepted for docker's sake", hidden=True),
            Option("q quiet", "bool", "show no progress"),
        ),
        arguments=(0, None),
    ),
    "push": Command("compose push", "[SERVICE...]", "send the images of services", run_push, arguments=(0, None)),
    "images": Command(
        "compose images", "[OPTIONS] [SERVICE...]", "list the images of containers", run_images,
        (
            Option("format", "string", "table or json", default="table"),
            Option("q quiet", "bool", "show ids only"),
        ),
        arguments=(0, None),
    ),
}  # fmt: skip
