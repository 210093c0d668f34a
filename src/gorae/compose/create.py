"""A service to the API's create document. Pure; sizes in bytes, times in nanoseconds as the API has them."""

from __future__ import annotations

import math

from gorae.compose import labels, quantity
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.compose.project import Project

    Document = dict[str, Any]

RESTARTS = {"none": "no", "any": "always", "on-failure": "on-failure"}
_SAME_HOST = (
    ("cgroup_parent", "CgroupParent"), ("cpuset", "CpusetCpus"),
    ("device_cgroup_rules", "DeviceCgroupRules"), ("dns", "Dns"), ("dns_opt", "DnsOptions"),
    ("dns_search", "DnsSearch"), ("extra_hosts", "ExtraHosts"), ("group_add", "GroupAdd"), ("isolation", "Isolation"),
    ("oom_kill_disable", "OomKillDisable"), ("oom_score_adj", "OomScoreAdj"), ("privileged", "Privileged"),
    ("read_only", "ReadonlyRootfs"), ("runtime", "Runtime"), ("storage_opt", "StorageOpt"), ("sysctls", "Sysctls"),
    ("userns_mode", "UsernsMode"), ("uts", "UTSMode"), ("cgroup", "CgroupnsMode"), ("annotations", "Annotations"),
)  # fmt: skip
_SIZES = (
    ("mem_limit", "Memory"), ("mem_reservation", "MemoryReservation"), ("memswap_limit", "MemorySwap"),
    ("shm_size", "ShmSize"),
)  # fmt: skip
_NUMBERS = (
    ("cpu_count", "CpuCount"), ("cpu_percent", "CpuPercent"), ("cpu_shares", "CpuShares"),
    ("cpu_rt_period", "CpuRealtimePeriod"), ("cpu_rt_runtime", "CpuRealtimeRuntime"), ("cpu_quota", "CpuQuota"),
    ("cpu_period", "CpuPeriod"), ("mem_swappiness", "MemorySwappiness"), ("pids_limit", "PidsLimit"),
)  # fmt: skip


class Names:
    """What other containers a document names: `service -> container id`, filled in by the one who made them."""

    def __init__(self, containers: dict[str, str], volumes: dict[str, str]) -> None:
        self.containers = containers
        self.volumes = volumes


def document(
    project: Project, name: str, number: int, image_id: str, names: Names, *, oneoff: bool = False
) -> Document:
    """The body of `POST /containers/create`.

    Raises:
        InvalidArgument: an attribute that cannot be read, with its place.
    """
    service = project.services[name]
    where = f"services.{name}"
    found = _config(service, where)
    found["Image"] = service.get("image") or image_name(project, name)
    own = service.get("labels") or {}
    found["Labels"] = {
        **own,
        **labels.of_container(project, name, number, image_id, names.containers, oneoff=oneoff),
    }
    host = _host_config(service, where)
    host["NetworkMode"] = _network_mode(project, service, names)
    for key, field in (("ipc", "IpcMode"), ("pid", "PidMode")):
        if service.get(key):
            host[field] = _shared(str(service[key]), names, f"{where}.{key}")
    found["ExposedPorts"], host["PortBindings"] = _ports(service)
    _mounts(project, service, host, names, where)
    _links(project, service, host, names)
    host["VolumesFrom"] = _volumes_from(service, names)
    found["HostConfig"] = {key: value for key, value in host.items() if value is not None}
    found["NetworkingConfig"] = {"EndpointsConfig": endpoints(project, name, host["NetworkMode"])}
    return found


def image_name(project: Project, name: str) -> str:
    """The name of an image that is built for a service without an `image`."""
    return f"{project.name}-{name}"


def container_name(project: Project, name: str, number: int) -> str:
    """`container_name`, or PROJECT-SERVICE-NUMBER."""
    return str(project.services[name].get("container_name") or f"{project.name}-{name}-{number}")


def _config(service: Document, where: str) -> Document:
    variables = service.get("environment") or {}
    found: Document = {
        "Hostname": service.get("hostname", ""),
        "Domainname": service.get("domainname", ""),
        "User": str(service.get("user", "")),
        "Tty": quantity.truth(service.get("tty", False), where),
        "OpenStdin": quantity.truth(service.get("stdin_open", False), where),
        "StdinOnce": quantity.truth(service.get("stdin_open", False), where),
        "AttachStdout": True,
        "AttachStderr": True,
        "Env": [name if value is None else f"{name}={value}" for name, value in variables.items()],
        "Cmd": service.get("command"),
        "Entrypoint": service.get("entrypoint"),
        "WorkingDir": service.get("working_dir", ""),
    }
    if found["Entrypoint"] == []:
        found["Entrypoint"] = [""]  # an empty one resets the image's
    if service.get("stop_signal"):
        found["StopSignal"] = service["stop_signal"]
    if service.get("stop_grace_period") is not None:
        grace = quantity.nanoseconds(service["stop_grace_period"], f"{where}.stop_grace_period")
        found["StopTimeout"] = math.ceil(grace / 1e9)
    if service.get("mac_address"):
        found["MacAddress"] = service["mac_address"]
    health = service.get("healthcheck")
    if health:
        found["Healthcheck"] = _health(health, f"{where}.healthcheck")
    return found


def _health(health: Document, where: str) -> Document:
    if health.get("disable"):
        return {"Test": ["NONE"]}
    found: Document = {}
    if health.get("test") is not None:
        found["Test"] = health["test"]
    for key, field in (
        ("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"), ("start_interval", "StartInterval"),
    ):  # fmt: skip
        if health.get(key) is not None:
            found[field] = quantity.nanoseconds(health[key], f"{where}.{key}")
    if health.get("retries") is not None:
        found["Retries"] = quantity.whole(health["retries"], f"{where}.retries")
    return found


def _host_config(service: Document, where: str) -> Document:
    host: Document = {
        field: service[key] for key, field in _SAME_HOST if service.get(key) is not None
    }
    for key, field in _SIZES:
        if service.get(key) is not None:
            host[field] = quantity.size_bytes(service[key], f"{where}.{key}")
    for key, field in _NUMBERS:
        if service.get(key) is not None:
            host[field] = quantity.whole(service[key], f"{where}.{key}")
    if service.get("cpus") is not None:
        host["NanoCpus"] = quantity.nano_cpus(service["cpus"], f"{where}.cpus")
    if service.get("init") is not None:
        host["Init"] = quantity.truth(service["init"], f"{where}.init")
    host["CapAdd"], host["CapDrop"] = _capabilities(service)
    host["SecurityOpt"] = service.get("security_opt")
    host["RestartPolicy"] = restart(service, where)
    host["LogConfig"] = _logging(service)
    host["Ulimits"] = [
        {"Name": name, **_limits(one)} for name, one in (service.get("ulimits") or {}).items()
    ]
    host["Devices"] = [_device(one, f"{where}.devices") for one in service.get("devices") or ()]
    host["Tmpfs"] = dict(one.partition(":")[::2] for one in service.get("tmpfs") or ()) or None
    _deploy(service, host, where)
    _blkio(service.get("blkio_config") or {}, host, where)
    return host


def restart(service: Document, where: str) -> Document:
    """The policy of `restart`, or of `deploy.restart_policy`."""
    text = str(service.get("restart") or "")
    if not text:
        policy = (service.get("deploy") or {}).get("restart_policy") or {}
        if policy.get("condition"):
            most = quantity.whole(policy.get("max_attempts", 0), where)
            return {"Name": RESTARTS.get(policy["condition"], "no"), "MaximumRetryCount": most}
        return {"Name": "no", "MaximumRetryCount": 0}
    name, _, count = text.partition(":")
    if name not in ("no", "always", "on-failure", "unless-stopped"):
        raise InvalidArgument(f"{where}.restart: invalid restart policy {text!r}")
    return {"Name": name, "MaximumRetryCount": quantity.whole(count or 0, f"{where}.restart")}


def _logging(service: Document) -> Document | None:
    found = service.get("logging")
    if not found:
        return None
    options = {key: str(value) for key, value in (found.get("options") or {}).items()}
    return {"Type": found.get("driver", ""), "Config": options}


def _capabilities(service: Document) -> tuple[list[str] | None, list[str] | None]:
    """What is added and dropped, with their whole names; one that is added is not dropped."""
    added, dropped = (
        {_capability(str(one)) for one in service.get(key) or ()} for key in ("cap_add", "cap_drop")
    )
    added = {"ALL"} if "ALL" in added else added
    dropped = {"ALL"} if "ALL" in dropped else dropped - added
    return sorted(added) or None, sorted(dropped) or None


def _capability(name: str) -> str:
    name = name.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def _limits(one: Any) -> Document:
    return (
        {"Soft": one["soft"], "Hard": one["hard"]}
        if isinstance(one, dict)
        else {"Soft": one, "Hard": one}
    )


def _device(one: Document, where: str) -> Document:
    source, target, access = one.get("source"), one.get("target"), one.get("permissions")
    if not source:
        raise InvalidArgument(f"{where}: a device without a source: {one!r}")
    return {
        "PathOnHost": source,
        "PathInContainer": target or source,
        "CgroupPermissions": access or "rwm",
    }


def _deploy(service: Document, host: Document, where: str) -> None:
    resources = (service.get("deploy") or {}).get("resources") or {}
    limits, reserved = resources.get("limits") or {}, resources.get("reservations") or {}
    if limits.get("cpus") is not None:
        host["NanoCpus"] = quantity.nano_cpus(
            limits["cpus"], f"{where}.deploy.resources.limits.cpus"
        )
    if limits.get("memory") is not None:
        host["Memory"] = quantity.size_bytes(
            limits["memory"], f"{where}.deploy.resources.limits.memory"
        )
    if limits.get("pids") is not None:
        host["PidsLimit"] = quantity.whole(limits["pids"], f"{where}.deploy.resources.limits.pids")
    if reserved.get("memory") is not None:
        host["MemoryReservation"] = quantity.size_bytes(
            reserved["memory"], f"{where}.deploy.resources.reservations.memory"
        )
    requests = [_device_request(one) for one in reserved.get("devices") or ()]
    gpus = service.get("gpus")
    if gpus == "all":
        requests.append({"Count": -1, "Capabilities": [["gpu"]]})
    elif isinstance(gpus, list):
        requests += [_device_request({"capabilities": ["gpu"], **one}) for one in gpus]
    if requests:
        host["DeviceRequests"] = requests


def _device_request(one: Document) -> Document:
    count = one.get("count", -1 if not one.get("device_ids") else 0)
    return {
        "Driver": one.get("driver", ""),
        "Count": -1 if count == "all" else int(count),
        "DeviceIDs": one.get("device_ids"),
        "Capabilities": [one.get("capabilities") or []],
        "Options": one.get("options"),
    }


def _blkio(blkio: Document, host: Document, where: str) -> None:
    if blkio.get("weight") is not None:
        host["BlkioWeight"] = quantity.whole(blkio["weight"], f"{where}.blkio_config.weight")
    if blkio.get("weight_device"):
        host["BlkioWeightDevice"] = [
            {"Path": o["path"], "Weight": o["weight"]} for o in blkio["weight_device"]
        ]
    for key, field in (
        ("device_read_bps", "BlkioDeviceReadBps"), ("device_write_bps", "BlkioDeviceWriteBps"),
        ("device_read_iops", "BlkioDeviceReadIOps"), ("device_write_iops", "BlkioDeviceWriteIOps"),
    ):  # fmt: skip
        if blkio.get(key):
            rates = [
                (o["path"], quantity.size_bytes(o["rate"], f"{where}.blkio_config.{key}"))
                for o in blkio[key]
            ]
            host[field] = [{"Path": path, "Rate": rate} for path, rate in rates]


def _network_mode(project: Project, service: Document, names: Names) -> str:
    mode = str(service.get("network_mode") or "")
    if mode:
        return _shared(mode, names, "network_mode")
    attached = by_priority(service.get("networks") or {})
    return str(project.networks[attached[0]]["name"]) if attached else "none"


def _shared(mode: str, names: Names, where: str) -> str:
    kind, _, other = mode.partition(":")
    if kind != "service":
        return mode
    if other not in names.containers:
        raise InvalidArgument(f"{where}: service {other} has no container to share with")
    return f"container:{names.containers[other]}"


def by_priority(networks: Document) -> list[str]:
    """Networks of a service, the first to be joined first."""
    return sorted(networks, key=lambda key: (-int((networks[key] or {}).get("priority", 0)), key))


def endpoints(project: Project, name: str, mode: str) -> Document:
    """How a service's container joins its networks: all of them, the mode's first."""
    service = project.services[name]
    found: Document = {}
    if service.get("network_mode"):
        return found
    for key in by_priority(service.get("networks") or {}):
        one = (service["networks"] or {}).get(key) or {}
        settings: Document = {"Aliases": [*one.get("aliases", ()), name]}
        addresses = {
            "IPv4Address": one.get("ipv4_address"),
            "IPv6Address": one.get("ipv6_address"),
            "LinkLocalIPs": one.get("link_local_ips"),
        }
        if any(addresses.values()):
            settings["IPAMConfig"] = {k: v for k, v in addresses.items() if v}
        if one.get("mac_address"):
            settings["MacAddress"] = one["mac_address"]
        if one.get("gw_priority"):
            settings["GwPriority"] = one["gw_priority"]
        if one.get("driver_opts"):
            settings["DriverOpts"] = {k: str(v) for k, v in one["driver_opts"].items()}
        found[str(project.networks[key]["name"])] = settings
    return found if mode in found else {}


def _ports(service: Document) -> tuple[Document, Document]:
    exposed: Document = {}
    bindings: Document = {}
    for one in service.get("ports") or ():
        key = f"{one['target']}/{one.get('protocol', 'tcp')}"
        exposed[key] = {}
        published = {"HostIp": one.get("host_ip", ""), "HostPort": one.get("published", "")}
        bindings.setdefault(key, []).append(published)
    for one in service.get("expose") or ():
        exposed[one if "/" in one else f"{one}/tcp"] = {}
    return exposed, bindings


def _mounts(project: Project, service: Document, host: Document, names: Names, where: str) -> None:
    """Binds that docker would make itself go as `Binds` (a missing source is created), the rest as `Mounts`."""
    binds: list[str] = []
    mounts: list[Document] = []
    for one in service.get("volumes") or ():
        if (
            one["type"] == "bind"
            and (one.get("bind") or {}).get("create_host_path")
            and _fits_binds(one)
        ):
            binds.append(_bind_text(one))
        else:
            mounts.append(_mount(project, one, names, where))
    for kind in ("secrets", "configs"):
        mounts += [
            _granted(project, kind, one)
            for one in service.get(kind) or ()
            if _is_file(project, kind, one)
        ]
    host["Binds"] = binds or None
    host["Mounts"] = mounts or None


def _fits_binds(one: Document) -> bool:
    return ":" not in one["source"] and ":" not in one["target"]


def _bind_text(one: Document) -> str:
    bind = one.get("bind") or {}
    modes = ["ro" if one.get("read_only") else "rw"]
    modes += [bind[key] for key in ("selinux", "propagation") if bind.get(key)]
    return f"{one['source']}:{one['target']}:{','.join(modes)}"


def _mount(project: Project, one: Document, names: Names, where: str) -> Document:
    found: Document = {"Type": one["type"], "Target": one["target"]}
    if one.get("read_only"):
        found["ReadOnly"] = True
    if one.get("consistency"):
        found["Consistency"] = one["consistency"]
    source = str(one.get("source") or "")
    if one["type"] == "volume":
        if source:
            found["Source"] = str(project.volumes[source]["name"])
        elif one["target"] in names.volumes:
            found["Source"] = names.volumes[one["target"]]
        volume = one.get("volume") or {}
        options = {
            "NoCopy": volume.get("nocopy"),
            "Subpath": volume.get("subpath"),
            "Labels": volume.get("labels"),
        }
        if any(options.values()):
            found["VolumeOptions"] = {key: value for key, value in options.items() if value}
    elif one["type"] in ("bind", "npipe"):
        bind = one.get("bind") or {}
        found["Source"] = source
        options = {
            "Propagation": bind.get("propagation"),
            "CreateMountpoint": bind.get("create_host_path"),
        }
        if any(options.values()):
            found["BindOptions"] = {key: value for key, value in options.items() if value}
    elif one["type"] == "tmpfs":
        tmpfs = one.get("tmpfs") or {}
        options = {}
        if tmpfs.get("size") is not None:
            options["SizeBytes"] = quantity.size_bytes(tmpfs["size"], f"{where}.volumes")
        if tmpfs.get("mode") is not None:
            options["Mode"] = quantity.whole(tmpfs["mode"], f"{where}.volumes")
        if options:
            found["TmpfsOptions"] = options
    elif one["type"] == "image":
        found["Source"] = source
        if (one.get("image") or {}).get("subpath"):
            found["ImageOptions"] = {"Subpath": one["image"]["subpath"]}
    else:
        raise InvalidArgument(f"{where}.volumes: invalid type {one['type']!r}")
    return found


def _is_file(project: Project, kind: str, one: Document) -> bool:
    return bool(getattr(project, kind)[one["source"]].get("file"))


def target_of(kind: str, one: Document) -> str:
    """Where a secret or config stands in the container."""
    target = str(one.get("target") or one["source"])
    if target.startswith("/"):
        return target
    return f"/run/secrets/{target}" if kind == "secrets" else f"/{target}"


def _granted(project: Project, kind: str, one: Document) -> Document:
    source = getattr(project, kind)[one["source"]]["file"]
    return {"Type": "bind", "Source": source, "Target": target_of(kind, one), "ReadOnly": True}


def _links(project: Project, service: Document, host: Document, names: Names) -> None:
    """`links` are aliases of user-defined networks: what is left for the API are containers outside of the project."""
    links = list(service.get("external_links") or ())
    for one in service.get("links") or ():
        other, _, alias = one.partition(":")
        if other in names.containers:
            links.append(f"{names.containers[other]}:{alias or other}")
    host["Links"] = links or None


def _volumes_from(service: Document, names: Names) -> list[str] | None:
    found = []
    for one in service.get("volumes_from") or ():
        if one.startswith("container:"):
            found.append(one.removeprefix("container:"))
            continue
        other, _, mode = one.partition(":")
        found.append(f"{names.containers.get(other, other)}{':' + mode if mode else ''}")
    return found or None
