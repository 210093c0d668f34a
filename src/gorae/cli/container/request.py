"""From options to the API's create document, with docker's checks on the way. Pure but for the files it reads."""

from __future__ import annotations

from gorae.cli.container import devices, environment, limits, mount, network, publish, security
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.options import Values

    Document = dict[str, Any]


def create_document(options: Values, image: str, command: list[str]) -> Document:
    """The body of `POST /containers/create`.

    Raises:
        InvalidArgument: options that do not fit together or cannot be read.
    """
    bindings = publish.published(options.items("publish"))
    binds, anonymous = mount.volumes(options.items("volume"))
    config = _config(options, image, command)
    ports = [*bindings, *publish.exposed(options.items("expose"))]
    config["ExposedPorts"] = {port: {} for port in ports}
    config["Volumes"] = {target: {} for target in anonymous} or None
    host = _host_config(options)
    host["Binds"] = binds or None
    host["PortBindings"] = bindings
    attachments = options.items("network")
    host["NetworkMode"] = attachments[0].target if attachments else "default"
    if options.flag("rm") and host["RestartPolicy"]["Name"] not in ("", "no"):
        raise InvalidArgument("conflicting options: cannot specify both --restart and --rm")
    endpoints = network.endpoints(attachments, options)
    return {**config, "HostConfig": host, "NetworkingConfig": {"EndpointsConfig": endpoints}}


def _config(options: Values, image: str, command: list[str]) -> Document:
    attached = options.items("attach")
    stdin = options.flag("interactive") or "stdin" in attached
    config: Document = {
        "Hostname": options.text("hostname"),
        "Domainname": options.text("domainname"),
        "User": options.text("user"),
        "AttachStdin": stdin,
        "AttachStdout": not attached or "stdout" in attached,
        "AttachStderr": not attached or "stderr" in attached,
        "Tty": options.flag("tty"),
        "OpenStdin": options.flag("interactive"),
        "StdinOnce": options.flag("interactive") and stdin,
        "Env": environment.variables(options.items("env-file"), options.items("env")),
        "Cmd": command or None,
        "Image": image,
        "WorkingDir": options.text("workdir"),
        "Entrypoint": _entrypoint(options),
        "Labels": environment.labels(options.items("label-file"), options.items("label")),
    }
    if options.text("mac-address"):
        network.check_mac(options.text("mac-address"))
        config["MacAddress"] = options.text("mac-address")
    if options.text("stop-signal"):
        config["StopSignal"] = options.text("stop-signal")
    if options.changed("stop-timeout"):
        config["StopTimeout"] = options.number("stop-timeout")
    health = _health(options)
    if health:
        config["Healthcheck"] = health
    return config


def _entrypoint(options: Values) -> list[str] | None:
    """None keeps the image's; an empty text resets it."""
    return [options.text("entrypoint")] if options.changed("entrypoint") else None


_HEALTH = (
    ("health-interval", "Interval"),
    ("health-timeout", "Timeout"),
    ("health-start-period", "StartPeriod"),
    ("health-start-interval", "StartInterval"),
    ("health-retries", "Retries"),
)


def _health(options: Values) -> Document | None:
    check = options.text("health-cmd")
    given: Document = {key: options.number(name) for name, key in _HEALTH if options.number(name)}
    if options.flag("no-healthcheck"):
        if check or given:
            raise InvalidArgument("--no-healthcheck conflicts with --health-* options")
        return {"Test": ["NONE"]}
    for name, key in _HEALTH:
        if given.get(key, 0) < 0:
            raise InvalidArgument(f"--{name} cannot be negative")
    if options.text("health-on-failure"):
        given["OnFailure"] = options.text("health-on-failure")
    if check:
        return {"Test": ["CMD-SHELL", check], **given}
    return given or None


def _host_config(options: Values) -> Document:
    masked, unconfined = security.options(options.items("security-opt"))
    host: Document = {
        "ContainerIDFile": options.text("cidfile"),
        "OomScoreAdj": options.number("oom-score-adj"),
        "AutoRemove": options.flag("rm"),
        "Privileged": options.flag("privileged"),
        "Links": options.items("link") or None,
        "PublishAllPorts": options.flag("publish-all"),
        "Dns": options.items("dns"),
        "DnsSearch": options.items("dns-search"),
        "DnsOptions": options.items("dns-option"),
        "ExtraHosts": options.items("add-host") or None,
        "VolumesFrom": options.items("volumes-from") or None,
        "CapAdd": options.items("cap-add") or None,
        "CapDrop": options.items("cap-drop") or None,
        "GroupAdd": options.items("group-add") or None,
        "RestartPolicy": limits.restart_policy(options.text("restart")),
        "SecurityOpt": masked or None,
        "StorageOpt": security.storage_options(options.items("storage-opt")) or None,
        "ReadonlyRootfs": options.flag("read-only"),
        "LogConfig": _log_config(options),
        "VolumeDriver": options.text("volume-driver"),
        "Isolation": options.text("isolation"),
        "ShmSize": options.number("shm-size"),
        "Runtime": options.text("runtime"),
        **_namespaces(options),
        **_resources(options),
    }
    if options.flag("init") or options.changed("init"):
        host["Init"] = options.flag("init")
    if unconfined:
        host["MaskedPaths"] = host["ReadonlyPaths"] = []
    for name, key in (("sysctl", "Sysctls"), ("annotation", "Annotations")):
        if options.items(name):
            host[key] = environment.to_map(options.items(name))
    if options.items("tmpfs"):
        host["Tmpfs"] = mount.tmpfs(options.items("tmpfs"))
    if options.items("mount"):
        host["Mounts"] = options.items("mount")
    return host


def _log_config(options: Values) -> Document:
    driver, given = options.text("log-driver"), options.items("log-opt")
    if driver == "none" and given:
        raise InvalidArgument(f"invalid logging opts for driver {driver}")
    return {"Type": driver, "Config": environment.to_map(given)}


def _namespaces(options: Values) -> Document:
    checks = (
        ("pid", "PidMode", ("", "host"), "--pid: invalid PID mode"),
        ("uts", "UTSMode", ("", "host"), "--uts: invalid UTS mode"),
        ("userns", "UsernsMode", ("", "host"), "--userns: invalid USER mode"),
        ("cgroupns", "CgroupnsMode", ("", "host", "private"), "--cgroupns: invalid CGROUP mode"),
    )
    found: Document = {"IpcMode": options.text("ipc")}
    for name, key, allowed, complaint in checks:
        text = options.text(name)
        other = name == "pid" and text.startswith("container:") and len(text) > len("container:")
        if text not in allowed and not other:
            raise InvalidArgument(complaint)
        found[key] = text
    return found


_NUMBERS = (
    ("memory", "Memory"),
    ("memory-reservation", "MemoryReservation"),
    ("memory-swap", "MemorySwap"),
    ("kernel-memory", "KernelMemory"),
    ("cpus", "NanoCpus"),
    ("cpu-count", "CpuCount"),
    ("cpu-percent", "CpuPercent"),
    ("cpu-shares", "CpuShares"),
    ("cpu-period", "CpuPeriod"),
    ("cpu-quota", "CpuQuota"),
    ("cpu-rt-period", "CpuRealtimePeriod"),
    ("cpu-rt-runtime", "CpuRealtimeRuntime"),
    ("pids-limit", "PidsLimit"),
    ("blkio-weight", "BlkioWeight"),
    ("io-maxiops", "IOMaximumIOps"),
    ("io-maxbandwidth", "IOMaximumBandwidth"),
)
_LISTS = (
    ("blkio-weight-device", "BlkioWeightDevice"),
    ("device-read-bps", "BlkioDeviceReadBps"),
    ("device-write-bps", "BlkioDeviceWriteBps"),
    ("device-read-iops", "BlkioDeviceReadIOps"),
    ("device-write-iops", "BlkioDeviceWriteIOps"),
)


def _resources(options: Values) -> Document:
    swappiness = options.number("memory-swappiness")
    if not -1 <= swappiness <= 100:
        raise InvalidArgument(
            f"invalid value: {swappiness}. Valid memory swappiness range is 0-100"
        )
    mappings, cdi = devices.devices(options.items("device"))
    requests = options.items("gpus")
    if cdi:
        requests.append({"Driver": "cdi", "DeviceIDs": cdi})
    found: Document = {key: options.number(name) for name, key in _NUMBERS}
    found |= {key: options.items(name) for name, key in _LISTS}
    return found | {
        "CgroupParent": options.text("cgroup-parent"),
        "CpusetCpus": options.text("cpuset-cpus"),
        "CpusetMems": options.text("cpuset-mems"),
        "MemorySwappiness": swappiness,
        "OomKillDisable": options.flag("oom-kill-disable"),
        "Ulimits": limits.ulimits(options.items("ulimit")),
        "DeviceCgroupRules": options.items("device-cgroup-rule") or None,
        "Devices": mappings,
        "DeviceRequests": requests or None,
    }
