"""`compose exec`, `run`, `attach` and `cp`: docker's own commands on a service's container."""

from __future__ import annotations

from gorae.cli import commands
from gorae.cli.compose import images
from gorae.cli.invocation import Invocation
from gorae.cli.options import Command, Option, parse
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gorae.cli.compose.main import Inner


def _docker(call: Inner, group: str, word: str, words: Sequence[str]) -> int:
    """Run a command of gorae's own on these words."""
    command = commands.find(group, word)
    assert command is not None
    title = f"gorae {word}"
    options, arguments = parse(command, words, title)
    return command.run(Invocation(title, options, arguments, call.console, call.globals))


def run_exec(call: Inner) -> int:
    """A command in a running container; with a terminal where there is one."""
    options = call.options
    found = call.compose.container(call.arguments[0], options.number("index"))
    words: list[str] = []
    tty = (
        not options.flag("no-tty")
        and call.console.input_is_terminal
        and call.console.out.is_terminal
    )
    if options.flag("detach"):
        words.append("-d")
    else:
        words += ["-i"] if options.flag("interactive") else []
        words += ["-t"] if tty else []
    words += ["--privileged"] if options.flag("privileged") else []
    for name in ("user", "workdir"):
        words += [f"--{name}", options.text(name)] if options.text(name) else []
    for text in options.items("env"):
        words += ["-e", text]
    return _docker(call, "container", "exec", [*words, found.id, *call.arguments[1:]])


def run_attach(call: Inner) -> int:
    """Connect to a running container."""
    found = call.compose.container(call.arguments[0], call.options.number("index"))
    words = ["--no-stdin"] if call.options.flag("no-stdin") else []
    return _docker(call, "container", "attach", [*words, found.id])


def run_cp(call: Inner) -> int:
    """`SERVICE:PATH PATH` and the reverse."""
    index = call.options.number("index")
    words = []
    for text in call.arguments:
        service, colon, path = text.partition(":")
        if colon and service in call.compose.project.services:
            found = [one for one in call.compose.containers([service]) if index in (0, one.number)]
            if not found:
                raise InvalidArgument(f'no container found for service "{service}"')
            words.append(f"{found[0].id}:{path}")
        else:
            words.append(text)
    flags = [
        f"-{letter}"
        for letter, name in (("a", "archive"), ("L", "follow-link"))
        if call.options.flag(name)
    ]
    return _docker(call, "container", "cp", [*flags, *words])


def run_one(call: Inner) -> int:
    """A one-off container of a service; its status is ours."""
    from gorae.compose import create, state
    from gorae.compose.plan import Wish

    options = call.options
    service, command = call.arguments[0], call.arguments[1:]
    project = call.compose.enabled([service])
    if options.flag("build"):
        images.build(call, [service])
    images.ensure(call, [service])
    applier = call.compose.applier()
    applier.prepare([service])
    needs = list(project.services[service].get("depends_on") or {})
    if needs and not options.flag("no-deps"):
        images.ensure(call, needs)
        applier.up(Wish(services=needs))
    number = 1 + max(
        (one.number for one in state.containers(call.session, project.name) if one.oneoff),
        default=0,
    )
    others = {
        one.service: one.id for one in state.containers(call.session, project.name, oneoff=False)
    }
    image_id = state.image_id(call.session, images.name_of(project, service))
    names = create.Names(others, {})
    document = create.document(project, service, number, image_id, names, oneoff=True)
    tty = (
        not options.flag("no-tty")
        and call.console.input_is_terminal
        and call.console.out.is_terminal
    )
    _adapt(call, document, command, tty=tty)
    import secrets

    name = options.text("name") or f"{project.name}-{service}-run-{secrets.token_hex(6)}"
    container = applier.create_of(call.session, service, name, document)
    if options.flag("detach"):
        call.session.post(f"/containers/{container}/start")
        call.say(container)
        return 0
    words = ["-a", *(["-i"] if options.flag("interactive") else []), container]
    try:
        return _docker(call, "container", "start", words)
    finally:
        if options.flag("rm"):
            call.session.delete(f"/containers/{container}", {"force": True, "v": True})


def _adapt(call: Inner, document: dict[str, Any], command: list[str], *, tty: bool) -> None:
    """What a one-off container has otherwise than the service's: command, terminal, ports, restart."""
    options = call.options
    host = document["HostConfig"]
    if command:
        document["Cmd"] = command
    if options.changed("entrypoint"):
        text = options.text("entrypoint")
        document["Entrypoint"] = text.split() if text else [""]
        document["Cmd"] = command or None
    document["Tty"] = tty
    document["OpenStdin"] = document["AttachStdin"] = options.flag(
        "interactive"
    ) and not options.flag("detach")
    document["StdinOnce"] = document["OpenStdin"]
    for name, key in (("user", "User"), ("workdir", "WorkingDir")):
        if options.text(name):
            document[key] = options.text(name)
    document["Env"] = [*(document.get("Env") or ()), *options.items("env")]
    for text in options.items("label"):
        key, _, value = text.partition("=")
        document["Labels"][key] = value
    host["RestartPolicy"] = {"Name": "no", "MaximumRetryCount": 0}
    if not options.flag("service-ports"):
        host["PortBindings"] = {}
    if options.items("publish"):
        from gorae.cli.container import publish

        bindings = publish.published(options.items("publish"))
        host["PortBindings"] = {**host["PortBindings"], **bindings}
        document["ExposedPorts"] = {**document["ExposedPorts"], **{port: {} for port in bindings}}
    if options.items("volume"):
        from gorae.cli.container import mount

        binds, anonymous = mount.volumes(options.items("volume"))
        host["Binds"] = [*(host.get("Binds") or ()), *binds]
        document["Volumes"] = {target: {} for target in anonymous}
    if not options.flag("use-aliases"):
        service = call.arguments[0]
        for endpoint in document["NetworkingConfig"]["EndpointsConfig"].values():
            endpoint["Aliases"] = [one for one in endpoint.get("Aliases") or () if one != service]


_INDEX = Option("index", "int", "one container of a service")
COMMANDS = {
    "exec": Command(
        "compose exec", "[OPTIONS] SERVICE COMMAND [ARG...]", "run a command in a running container", run_exec,
        (
            Option("d detach", "bool", "run in the background"),
            Option("e env", "list", "set a variable"),
            _INDEX,
            Option("interactive", "bool", "keep stdin open", default=True, hidden=True),
            Option("T no-tty", "bool", "no terminal"),
            Option("privileged", "bool", "give all capabilities"),
            Option("u user", "string", "user"),
            Option("w workdir", "string", "working directory"),
        ),
        arguments=(2, None), interspersed=False,
    ),
    "run": Command(
        "compose run", "[OPTIONS] SERVICE [COMMAND] [ARG...]", "run a command in a further container of a service",
        run_one,
        (
            Option("build", "bool", "build the image before"),
            Option("d detach", "bool", "run in the background"),
            Option("entrypoint", "string", "another entrypoint"),
            Option("e env", "list", "set a variable"),
            Option("i interactive", "bool", "keep stdin open", default=True),
            Option("l label", "list", "set a label"),
            Option("name", "string", "the container's name"),
            Option("T no-tty", "bool", "no terminal"),
            Option("no-deps", "bool", "do not start dependencies"),
            Option("p publish", "list", "publish a port"),
            Option("quiet-pull", "bool", "fetch without progress"),
            Option("rm", "bool", "remove the container when it ends"),
            Option("P service-ports", "bool", "publish the service's ports"),
            Option("use-aliases", "bool", "answer to the service's name too"),
            Option("u user", "string", "user"),
            Option("v volume", "list", "mount a folder or a volume"),
            Option("w workdir", "string", "working directory"),
        ),
        arguments=(1, None), interspersed=False,
    ),
    "attach": Command(
        "compose attach", "[OPTIONS] SERVICE", "connect the terminal to a service's container", run_attach,
        (_INDEX, Option("no-stdin", "bool", "do not connect stdin")), arguments=(1, 1),
    ),
    "cp": Command(
        "compose cp", "[OPTIONS] SERVICE:SOURCE TARGET | SOURCE SERVICE:TARGET",
        "copy files between a service's container and this machine", run_cp,
        (
            Option("a archive", "bool", "keep owners"),
            Option("L follow-link", "bool", "follow links of the source"),
            _INDEX,
        ),
        arguments=(2, 2),
    ),
}  # fmt: skip
