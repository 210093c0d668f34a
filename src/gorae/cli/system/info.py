"""`info`: facts about the engine and its host."""

from __future__ import annotations

from gorae.cli.inspect import parse_or_leave
from gorae.cli.options import Command, Option
from gorae.cli.units import binary_size
from gorae.cli.version import VERSION
from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gorae.cli.invocation import Invocation

    Document = dict[str, Any]


def run(call: Invocation) -> int:
    """Print the facts; the engine's warnings go to standard error."""
    document: Document = call.session.get("/info")
    template = call.options.text("format")
    if template == "json":
        call.say(jsontext.encode(document))
        return 0
    if template:
        call.say(_templated(call, template, document))
        return 0
    lines = ["Client:", f" Version:    {VERSION}", " Context:    default", " Debug Mode: false", ""]
    call.console.out.write("\n".join([*lines, "Server:", *server_lines(document)]) + "\n\n")
    for warning in document.get("Warnings") or ():
        call.console.complain(warning)
    return 0


def _templated(call: Invocation, text: str, document: Document) -> str:
    from gorae.cli.document import Document as Typed
    from gorae.cli.template.value import TemplateFault

    template = parse_or_leave(text)
    facts = Typed(document, "system.Info")
    facts.type_name = "system.dockerInfo"
    client = {"Version": VERSION, "Context": "default", "Debug": False}
    facts.getters["ServerErrors"] = lambda: document.get("ServerErrors") or []
    facts.getters["ClientInfo"] = lambda: client
    try:
        return template.execute(facts)
    except TemplateFault as error:
        call.say("")
        raise InvalidArgument(str(error)) from None


def server_lines(document: Document) -> list[str]:
    """The engine's block, one fact a line, deeper facts further in."""
    lines = [
        f" Containers: {document['Containers']}",
        f"  Running: {document['ContainersRunning']}",
        f"  Paused: {document['ContainersPaused']}",
        f"  Stopped: {document['ContainersStopped']}",
        f" Images: {document['Images']}",
        f" Server Version: {document['ServerVersion']}",
        f" Storage Driver: {document['Driver']}",
        *_pairs(document.get("DriverStatus") or ()),
        f" Logging Driver: {document['LoggingDriver']}",
        f" Cgroup Driver: {document['CgroupDriver']}",
        f" Cgroup Version: {document['CgroupVersion']}",
        " Plugins:",
    ]
    plugins = document.get("Plugins") or {}
    lines += [
        f"  {kind}: {' '.join(plugins[kind])}"
        for kind in ("Volume", "Network", "Authorization", "Log")
        if plugins.get(kind)
    ]
    if document.get("CDISpecDirs"):
        lines += [" CDI spec directories:", *(f"  {folder}" for folder in document["CDISpecDirs"])]
    lines.append(f" Swarm: {(document.get('Swarm') or {}).get('LocalNodeState', 'inactive')}")
    lines += _runtime_lines(document)
    lines += _host_lines(document)
    return lines


def _pairs(rows: Iterable[list[str]]) -> list[str]:
    return [f"  {name}: {value}" for name, value in rows]


def _runtime_lines(document: Document) -> list[str]:
    lines = []
    if document.get("Runtimes"):
        lines.append(f" Runtimes: {' '.join(sorted(document['Runtimes']))}")
        lines.append(f" Default Runtime: {document.get('DefaultRuntime', '')}")
    lines.append(f" Init Binary: {document.get('InitBinary', '')}")
    for name, key in (
        ("containerd", "ContainerdCommit"),
        ("runc", "RuncCommit"),
        ("init", "InitCommit"),
    ):
        lines.append(f" {name} version: {(document.get(key) or {}).get('ID', '')}")
    if document.get("SecurityOptions"):
        lines.append(" Security Options:")
        for option in document["SecurityOptions"]:
            facts = dict(part.partition("=")[::2] for part in option.split(","))
            lines.append(f"  {facts.pop('name', option)}")
            lines += [f"   {name.capitalize()}: {value}" for name, value in facts.items()]
    return lines


def _host_lines(document: Document) -> list[str]:
    lines = [
        f" Kernel Version: {document['KernelVersion']}",
        f" Operating System: {document['OperatingSystem']}",
        f" OSType: {document['OSType']}",
        f" Architecture: {document['Architecture']}",
        f" CPUs: {document['NCPU']}",
        f" Total Memory: {binary_size(document['MemTotal'])}",
        f" Name: {document['Name']}",
        f" ID: {document['ID']}",
        f" Docker Root Dir: {document['DockerRootDir']}",
        f" Debug Mode: {_flag(document.get('Debug'))}",
    ]
    if document.get("Debug"):
        lines += [
            f"  File Descriptors: {document.get('NFd', 0)}",
            f"  Goroutines: {document.get('NGoroutines', 0)}",
            f"  System Time: {document.get('SystemTime', '')}",
            f"  EventsListeners: {document.get('NEventsListener', 0)}",
        ]
    for name, key in (
        ("HTTP Proxy", "HttpProxy"),
        ("HTTPS Proxy", "HttpsProxy"),
        ("No Proxy", "NoProxy"),
    ):
        if document.get(key):
            lines.append(f" {name}: {document[key]}")
    for label in document.get("Labels") or ():
        lines += ([" Labels:"] if " Labels:" not in lines else []) + [f"  {label}"]
    lines.append(f" Experimental: {_flag(document.get('ExperimentalBuild'))}")
    registries = document.get("RegistryConfig") or {}
    insecure = [
        name
        for name, index in (registries.get("IndexConfigs") or {}).items()
        if not index.get("Secure", True)
    ] + list(registries.get("InsecureRegistryCIDRs") or ())
    if insecure:
        lines += [" Insecure Registries:", *(f"  {name}" for name in insecure)]
    if registries.get("Mirrors"):
        lines += [" Registry Mirrors:", *(f"  {mirror}" for mirror in registries["Mirrors"])]
    lines.append(f" Live Restore Enabled: {_flag(document.get('LiveRestoreEnabled'))}")
    return lines


def _flag(value: object) -> str:
    return str(bool(value)).lower()


COMMAND = Command(
    "system info",
    "[OPTIONS]",
    "show facts about the engine and its host",
    run,
    (Option("f format", "string", "print by a Go template ('json', 'TEMPLATE')"),),
)
