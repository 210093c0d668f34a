"""Short forms to long ones: each attribute of a service gets one shape, whatever was typed. Pure.

After `service` every list-or-map is a map, every port, volume, dependency, network, secret and config an object, every
command a list or None. Source: compose specification, 05-services.md.
"""

from __future__ import annotations

import posixpath
import re
import shlex

from gorae.compose import quantity
from gorae.compose.merge import Override, Reset
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Document = dict[str, Any]

_PATHLIKE = (".", "/", "~")
_PORT = re.compile(
    r"(?:(?P<ip>\[[0-9a-fA-F:]+\]|(?:[0-9]+\.){3}[0-9]+):)?(?:(?P<published>[0-9]*(?:-[0-9]+)?):)?(?P<target>[0-9]+(?:-[0-9]+)?)"
    r"(?:/(?P<protocol>[a-z]+))?"
)
ACCESS = ("rw", "ro")
_MAY_BE_NULL = ("command", "entrypoint", "build")
MAX_PORTS = 65535


def service(name: str, document: Document) -> Document:
    """One service in its long form.

    Raises:
        InvalidArgument: an attribute of a wrong shape, with its place.
    """
    if not isinstance(document, dict):
        raise InvalidArgument(f"services.{name}: wanted a mapping, found {document!r}")
    found: Document = {}
    for key, value in document.items():
        reader = _READERS.get(key)
        where = f"services.{name}.{key}"
        if isinstance(value, Reset) or reader is None:
            found[key] = value
        elif isinstance(value, Override):
            found[key] = Override(reader(value.value, where))
        elif value is not None or key in _MAY_BE_NULL:
            found[key] = reader(value, where)
    return {key: value for key, value in found.items() if value is not None or key in _MAY_BE_NULL}


def mapping(value: Any, where: str) -> Document:
    """A map, or a list of `NAME=VALUE`; a NAME alone has None (the caller's environment may know it)."""
    if isinstance(value, dict):
        return {
            str(key): one if one is None or isinstance(one, Reset) else text(one)
            for key, one in value.items()
        }
    if not isinstance(value, list):
        raise InvalidArgument(f"{where} must be a mapping")
    found: Document = {}
    for item in value:
        key, equals, rest = str(item).partition("=")
        found[key] = rest if equals else None
    return found


def labels(value: Any, where: str) -> Document:
    """A map of texts; a label without a value is empty."""
    return {key: one or "" for key, one in mapping(value, where).items()}


def text(value: Any) -> str:
    """A scalar as YAML's author meant it in a string's place."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def items(value: Any, where: str) -> list[Any]:
    """A list; one value alone is a list of it."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        raise InvalidArgument(f"{where}: wanted a list, found a mapping")
    return [value]


def texts(value: Any, where: str) -> list[str]:
    """A list of strings."""
    return [text(one) for one in items(value, where)]


def command(value: Any, where: str) -> list[str] | None:
    """A list as it is; a string split as a shell would; None stays (the image's own)."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError as error:
            raise InvalidArgument(f"{where}: invalid command line {value!r}: {error}") from None
    return texts(value, where)


def build(value: Any, where: str) -> Document:
    """A context alone, or an object."""
    if isinstance(value, str):
        return {"context": value}
    if not isinstance(value, dict):
        raise InvalidArgument(f"{where}: wanted a folder or a mapping, found {value!r}")
    found = {"context": ".", **value}
    for key, reader in (("args", mapping), ("labels", labels), ("additional_contexts", mapping)):
        if found.get(key) is not None:
            found[key] = reader(found[key], f"{where}.{key}")
    if found.get("secrets") is not None:
        found["secrets"] = granted(found["secrets"], f"{where}.secrets")
    if found.get("ulimits") is not None:
        found["ulimits"] = ulimits(found["ulimits"], f"{where}.ulimits")
    if found.get("extra_hosts") is not None:
        found["extra_hosts"] = hosts(found["extra_hosts"], f"{where}.extra_hosts")
    return found


def ports(value: Any, where: str) -> list[Document]:
    """Objects `{target, published, host_ip, protocol, mode}`, one for each port of a range."""
    found: list[Document] = []
    for item in items(value, where):
        if isinstance(item, dict):
            one = {"mode": "ingress", "protocol": "tcp", **item}
            one["target"] = quantity.whole(one.get("target"), f"{where}.target")
            if "published" in one:
                one["published"] = text(one["published"])
            found.append(one)
        else:
            found += _short_ports(text(item), where)
    return found


def _short_ports(item: str, where: str) -> list[Document]:
    match = _PORT.fullmatch(item)
    if match is None:
        raise InvalidArgument(
            f"{where}: invalid port: {item!r}: wanted [[HOST:]PUBLISHED:]TARGET[/PROTOCOL]"
        )
    targets = _range(match["target"], where)
    published = match["published"] or ""
    wanted = _range(published, where) if published else []
    if len(wanted) > 1 and len(targets) > 1 and len(wanted) != len(targets):
        raise InvalidArgument(f"{where}: port ranges of different lengths: {item!r}")
    base: Document = {"mode": "ingress", "protocol": match["protocol"] or "tcp"}
    if match["ip"]:
        base["host_ip"] = match["ip"].strip("[]")
    found = []
    for index, target in enumerate(targets):
        one = {**base, "target": target}
        if len(wanted) == len(targets) and wanted:
            one["published"] = str(wanted[index])
        elif wanted:
            one["published"] = published
        found.append(one)
    return found


def _range(value: str, where: str) -> list[int]:
    first, dash, last = value.partition("-")
    start, end = int(first), int(last) if dash else int(first)
    if not 0 <= start <= end <= MAX_PORTS:
        raise InvalidArgument(f"{where}: invalid port range {value!r}")
    return list(range(start, end + 1))


def volumes(value: Any, where: str) -> list[Document]:
    """Objects `{type, source, target, read_only, bind, volume, tmpfs}`."""
    return [_volume(item, where) for item in items(value, where)]


def _volume(item: Any, where: str) -> Document:
    if isinstance(item, dict):
        if "target" not in item or "type" not in item:
            raise InvalidArgument(f"{where}: a volume needs type and target: {item!r}")
        return {**item, "target": _clean(text(item["target"]))}
    parts = text(item).split(":")
    if len(parts) > 3 or not all(parts[:2]):
        raise InvalidArgument(f"{where}: invalid volume {item!r}: wanted [SOURCE:]TARGET[:MODE]")
    if len(parts) == 1:
        return {"type": "volume", "target": _clean(parts[0]), "volume": {}}
    source, target, modes = parts[0], parts[1], parts[2].split(",") if len(parts) == 3 else []
    is_bind = source.startswith(_PATHLIKE)
    kind = "bind" if is_bind else "volume"
    found: Document = {"type": kind, "source": source, "target": _clean(target), kind: {}}
    if "ro" in modes:
        found["read_only"] = True
    if is_bind:
        found["bind"] = {"create_host_path": True}
        for mode in modes:
            if mode in ("z", "Z"):
                found["bind"]["selinux"] = mode
            elif mode not in (*ACCESS, "cached", "delegated", "consistent"):
                found["bind"]["propagation"] = mode
    elif "nocopy" in modes:
        found["volume"] = {"nocopy": True}
    return found


def _clean(target: str) -> str:
    """Without what says nothing: `/data/` is `/data`."""
    return posixpath.normpath(target) if target else target


def dependencies(value: Any, where: str) -> Document:
    """`{service: {condition, required, restart}}`."""
    if isinstance(value, list):
        return {text(one): {"condition": "service_started", "required": True} for one in value}
    found: Document = {}
    for name, one in dict(value).items():
        found[name] = {"condition": "service_started", "required": True, **(one or {})}
        if found[name]["condition"] not in CONDITIONS:
            known = ", ".join(CONDITIONS)
            raise InvalidArgument(f"{where}.{name}: invalid condition: it is one of {known}")
    return found


CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def networks(value: Any, where: str) -> Document:
    """`{network: {aliases, ipv4_address, ...} or None}`."""
    if isinstance(value, list):
        return {text(one): None for one in value}
    return {text(name): one for name, one in dict(value).items()}


def granted(value: Any, where: str) -> list[Document]:
    """Configs of a service, or secrets of a build: `{source, target, uid, gid, mode}`."""
    found = []
    for item in items(value, where):
        one = dict(item) if isinstance(item, dict) else {"source": text(item)}
        if "source" not in one:
            raise InvalidArgument(f"{where}: a source is missing: {item!r}")
        found.append(one)
    return found


def secrets(value: Any, where: str) -> list[Document]:
    """Secrets of a service; where no target is said it stands in `/run/secrets`."""
    return [{"target": f"/run/secrets/{one['source']}", **one} for one in granted(value, where)]


def devices(value: Any, where: str) -> list[Document]:
    """`{source, target, permissions}`."""
    found = []
    for item in items(value, where):
        if isinstance(item, dict):
            found.append(dict(item))
            continue
        parts = text(item).split(":")
        if len(parts) > 3 or not parts[0]:
            raise InvalidArgument(
                f"{where}: invalid device {item!r}: wanted SOURCE[:TARGET[:PERMISSIONS]]"
            )
        source, target, access = [*parts, "", ""][:3]
        found.append({"source": source, "target": target or source, "permissions": access or "rwm"})
    return found


def deploy(value: Any, where: str) -> Document:
    """Its labels as a map."""
    found = dict(value)
    if found.get("labels") is not None:
        found["labels"] = labels(found["labels"], f"{where}.labels")
    return found


def develop(value: Any, where: str) -> Document:
    """`{watch: [{path, action, target, exec, include, ignore}]}`."""
    found = dict(value)
    rules = []
    for item in items(found.get("watch") or [], f"{where}.watch"):
        one = {"exec": {}, **item}
        for key in ("include", "ignore"):
            if one.get(key) is not None:
                one[key] = texts(one[key], f"{where}.watch.{key}")
        if one["exec"]:
            one["exec"] = hooks([one["exec"]], f"{where}.watch.exec")[0]
        rules.append(one)
    return {**found, "watch": rules}


def hooks(value: Any, where: str) -> list[Document]:
    """`{command, user, privileged, working_dir, environment}`."""
    found = []
    for item in items(value, where):
        one = dict(item)
        one["command"] = command(one.get("command"), f"{where}.command")
        if one.get("environment") is not None:
            one["environment"] = mapping(one["environment"], f"{where}.environment")
        found.append(one)
    return found


def env_files(value: Any, where: str) -> list[Document]:
    """`{path, required, format}` objects."""
    found = []
    for item in items(value, where):
        one = dict(item) if isinstance(item, dict) else {"path": text(item)}
        found.append({"required": True, **one})
    return found


def hosts(value: Any, where: str) -> list[str]:
    """`NAME:ADDRESS` texts."""
    if isinstance(value, dict):
        pairs = [(name, address) for name, one in value.items() for address in items(one, where)]
        return [f"{name}:{address}" for name, address in pairs]
    return [
        text(one).replace("=", ":", 1) if "=" in text(one) else text(one)
        for one in items(value, where)
    ]


def healthcheck(value: Any, where: str) -> Document:
    """`test` as the API wants it."""
    found = dict(value)
    if quantity.truth(found.get("disable", False), where):
        return {"disable": True}
    test = found.get("test")
    if isinstance(test, str):
        found["test"] = ["CMD-SHELL", test]
    elif test is not None:
        found["test"] = texts(test, where)
        if found["test"] and found["test"][0] not in ("NONE", "CMD", "CMD-SHELL"):
            raise InvalidArgument(f"{where}.test: the first word must be NONE, CMD or CMD-SHELL")
    return found


def ulimits(value: Any, where: str) -> Document:
    """`{name: limit}` or `{name: {soft, hard}}`."""
    found: Document = {}
    for name, one in dict(value).items():
        if isinstance(one, dict):
            found[name] = {
                key: quantity.whole(one[key], f"{where}.{name}") for key in ("soft", "hard")
            }
        else:
            found[name] = quantity.whole(one, f"{where}.{name}")
    return found


def extends(value: Any, where: str) -> Document:
    """`{service, file}`."""
    return {"service": value} if isinstance(value, str) else dict(value)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "annotations": labels,
    "build": lambda value, where: None if value is None else build(value, where),
    "cap_add": texts,
    "cap_drop": texts,
    "command": command,
    "configs": granted,
    "depends_on": dependencies,
    "deploy": deploy,
    "develop": develop,
    "devices": devices,
    "dns": texts,
    "dns_opt": texts,
    "dns_search": texts,
    "entrypoint": command,
    "env_file": env_files,
    "environment": mapping,
    "expose": texts,
    "extends": extends,
    "external_links": texts,
    "extra_hosts": hosts,
    "group_add": texts,
    "healthcheck": healthcheck,
    "label_file": texts,
    "labels": labels,
    "links": texts,
    "networks": networks,
    "ports": ports,
    "profiles": texts,
    "post_start": hooks,
    "pre_stop": hooks,
    "secrets": secrets,
    "security_opt": texts,
    "sysctls": mapping,
    "tmpfs": texts,
    "ulimits": ulimits,
    "volumes": volumes,
    "volumes_from": texts,
}
