"""What an application is in an engine, as facts that do not depend on who made it: no ids, no times, no paths.

Shape: `containers`: `service/number` to its facts; `networks`, `volumes`: by their names, the project's left out.
"""

import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

PREFIX = "com.docker.compose."
_HEX = re.compile(r"[0-9a-f]{12}(?:[0-9a-f]{52})?")
_HOST = (
    "Memory", "MemoryReservation", "NanoCpus", "CpuShares", "PidsLimit", "ShmSize", "OomScoreAdj", "CpusetCpus", "Ulimits",
    "RestartPolicy", "Init", "ReadonlyRootfs", "Privileged", "CapAdd", "CapDrop", "SecurityOpt", "ExtraHosts", "Dns",
    "DnsSearch", "DnsOptions", "Sysctls", "Tmpfs", "LogConfig", "GroupAdd", "Devices", "IpcMode", "PidMode", "UTSMode",
)  # fmt: skip
_CONFIG = (
    "Cmd", "Entrypoint", "User", "WorkingDir", "Hostname", "Domainname", "StopSignal", "StopTimeout", "Tty", "OpenStdin",
    "Healthcheck",
)  # fmt: skip


class Engine:
    """An engine's API, as far as facts need it."""

    def __init__(self, host: str) -> None:
        self.host = host

    def get(self, path: str) -> Any:
        """The document at a path."""
        connection = http.client.HTTPConnection("engine", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        try:
            connection.sock.connect(self.host.removeprefix("unix://"))
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def labelled(self, what: str, project: str) -> list[dict[str, Any]]:
        """Containers (all), networks or volumes of a project."""
        label = quote(json.dumps({"label": [f"{PREFIX}project={project}"]}))
        found = self.get(f"/{what}filters={label}")
        if isinstance(found, dict):
            return list(found["Volumes"] or ())
        return list(found)

    def ids(self, project: str) -> dict[str, tuple[str, str, str]]:
        """`service/number` to id, state and the state in words. One-off containers are left out."""
        found = {}
        for one in self.labelled("containers/json?all=1&", project):
            labels = one["Labels"]
            if labels.get(f"{PREFIX}oneoff") != "True":
                key = f"{labels[f'{PREFIX}service']}/{labels[f'{PREFIX}container-number']}"
                found[key] = (one["Id"], one["State"], one["Status"])
        return found


def facts(engine: Engine, project: str, folder: Path) -> dict[str, Any]:
    """All facts of a project."""

    def plain(value: Any) -> Any:
        text = json.dumps(value).replace(str(folder), "FOLDER")
        return json.loads(re.sub(rf"\b{re.escape(project)}([-_])", "", text))

    containers = {
        key: plain(_container(engine.get(f"/containers/{container}/json"), engine))
        for key, (container, _, _) in sorted(engine.ids(project).items())
    }
    networks = {one["Name"]: _network(one) for one in engine.labelled("networks?", project)}
    volumes = {one["Name"]: _volume(one) for one in engine.labelled("volumes?", project)}
    named = {name: one for name, one in volumes.items() if not _HEX.fullmatch(name)}
    return {"containers": containers, "networks": plain(networks), "volumes": plain(named)}


def _own(labels: dict[str, str] | None) -> dict[str, str]:
    return {
        key: value for key, value in sorted((labels or {}).items()) if not key.startswith(PREFIX)
    }


def _container(one: dict[str, Any], engine: Engine) -> dict[str, Any]:
    config, host = one["Config"], one["HostConfig"]
    found = {key: config[key] for key in _CONFIG if config.get(key)}
    if _HEX.fullmatch(found.get("Hostname", "")):
        del found["Hostname"]
    found["Name"] = one["Name"].removeprefix("/").replace("_", "-")
    found["Image"] = config["Image"].removesuffix(":latest").replace("_", "-")
    found["Env"] = sorted(config["Env"] or ())
    found["Labels"] = _own(config["Labels"])
    found["Exposed"] = sorted(
        port if "/" in port else f"{port}/tcp" for port in config.get("ExposedPorts") or ()
    )
    found |= {key: _steady(host[key]) for key in _HOST if host.get(key)}
    found["Health"] = (one["State"].get("Health") or {}).get("Status", "")
    found["Ports"] = {
        port: sorted(f"{b['HostIp'] or '0.0.0.0'}:{b['HostPort'] or 'any'}" for b in bindings or ())
        for port, bindings in sorted((host["PortBindings"] or {}).items())
    }
    found["Mounts"] = sorted(
        (_mount(mount) for mount in one["Mounts"]), key=lambda m: m["Destination"]
    )
    found["Networks"] = {
        name: _joined(endpoint, one)
        for name, endpoint in sorted(one["NetworkSettings"]["Networks"].items())
    }
    return found


def _steady(value: Any) -> Any:
    """Without the order that docker compose's maps give to lists."""
    return sorted(value, key=json.dumps) if isinstance(value, list) else value


def _mount(mount: dict[str, Any]) -> dict[str, Any]:
    found = {
        key: mount[key]
        for key in ("Type", "Destination", "RW", "Propagation")
        if mount.get(key) not in ("", None)
    }
    if mount["Type"] == "bind":
        found["Source"] = mount["Source"]
    elif mount.get("Name"):
        found["Name"] = "ANONYMOUS" if _HEX.fullmatch(mount["Name"]) else mount["Name"]
    return found


def _joined(endpoint: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    name = one["Name"].removeprefix("/")
    aliases = {
        alias
        for alias in endpoint.get("Aliases") or ()
        if not _HEX.fullmatch(alias) and alias != name
    }
    found: dict[str, Any] = {"Aliases": sorted(aliases)}
    wanted = (endpoint.get("IPAMConfig") or {}).get("IPv4Address")
    return {**found, "Address": wanted} if wanted else found


def _network(one: dict[str, Any]) -> dict[str, Any]:
    found = {
        key: one[key] for key in ("Driver", "Internal", "Attachable", "EnableIPv6") if one.get(key)
    }
    return {**found, "Labels": _own(one["Labels"]), "Subnets": _subnets(one)}


def _subnets(one: dict[str, Any]) -> list[str]:
    """Those that were asked for; what the engine chose is its own affair."""
    chosen = [pool["Subnet"] for pool in one["IPAM"]["Config"] or ()]
    return [subnet for subnet in chosen if subnet.startswith("172.31.24")]


def _volume(one: dict[str, Any]) -> dict[str, Any]:
    return {"Driver": one["Driver"], "Labels": _own(one["Labels"])}
