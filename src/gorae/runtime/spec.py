"""The OCI `config.json` of a container, from what was asked and what the host has. Pure.

Source: runtime-spec 1.0 config.md, config-linux.md; the values are what Docker 28 gives to its runtime.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gorae.runtime import mountplan, seccomp
from gorae.runtime.config import Hook, Process, RuntimeConfig, Seccomp
from gorae.runtime.host import DEFAULT_SYSCTLS, HostFacts
from gorae.runtime.resources import (
    DEFAULT_DEVICES,
    clamp_oom_score,
    clamp_rlimits,
    oci_resources,
)

OCI_VERSION = "1.0.2"
"""The version that every runtime in use takes."""

MASKED_PATHS = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

_NAMESPACES = (
    ("network", "network"),
    ("uts", "uts"),
    ("pid", "pid"),
    ("ipc", "ipc"),
    ("cgroup", "cgroup"),
    ("user", "user"),
)


@dataclass(frozen=True, slots=True)
class DeviceNode:
    """A device as it will be made in the container; `kind` is c or b, `mode` the permission bits."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int = 0
    gid: int = 0
    permissions: str = "rwm"


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up on the host for one container: device nodes, and numbers of block devices by path."""

    devices: tuple[DeviceNode, ...] = ()
    block_numbers: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def oci_spec(config: RuntimeConfig, host: HostFacts, found: Found = Found()) -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = {
        "ociVersion": OCI_VERSION,
        "process": oci_process(_first_process(config), host),
        "root": {"path": config.rootfs, "readonly": config.readonly_rootfs},
        "mounts": mountplan.oci_mounts(config),
        "linux": _linux(config, host, found),
    }
    if config.hostname and config.namespaces.uts == "private":
        document["hostname"] = config.hostname
    if config.hooks:
        document["hooks"] = _hooks(config.hooks)
    if config.annotations:
        document["annotations"] = dict(config.annotations)
    return document


def _hooks(hooks: Sequence[Hook]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in hooks:
        entry: dict[str, Any] = {"path": one.path}
        if one.args:
            entry["args"] = list(one.args)
        if one.env:
            entry["env"] = list(one.env)
        if one.timeout_s:
            entry["timeout"] = one.timeout_s
        found.setdefault(one.stage, []).append(entry)
    return found


def oci_process(process: Process, host: HostFacts) -> dict[str, Any]:
    """The OCI `process`: a container's first, or an exec's."""
    capabilities = list(process.capabilities)
    rlimits, _ = clamp_rlimits(process.rlimits, host)
    document: dict[str, Any] = {
        "terminal": process.terminal,
        "user": {
            "uid": process.user.uid,
            "gid": process.user.gid,
            "additionalGids": list(process.user.additional_gids),
        },
        "args": list(process.args),
        "env": list(process.env),
        "cwd": process.cwd,
        "capabilities": {
            "bounding": capabilities,
            "effective": capabilities,
            "permitted": capabilities,
        },
        "noNewPrivileges": process.no_new_privileges,
    }
    if process.terminal and process.console_size is not None:
        rows, columns = process.console_size
        document["consoleSize"] = {"height": rows, "width": columns}
    if rlimits:
        document["rlimits"] = [
            {"type": f"RLIMIT_{one.name.upper()}", "soft": _rlim(one.soft), "hard": _rlim(one.hard)}
            for one in rlimits
        ]
    score = clamp_oom_score(process.oom_score_adj, host)
    if score is not None:
        document["oomScoreAdj"] = score
    if process.apparmor_profile and host.apparmor:
        document["apparmorProfile"] = process.apparmor_profile
    if process.selinux_label and host.selinux:
        document["selinuxLabel"] = process.selinux_label
    return document


def _rlim(value: int) -> int:
    """RLIM_INFINITY is the largest unsigned number."""
    return value if value >= 0 else (1 << 64) - 1


def _first_process(config: RuntimeConfig) -> Process:
    if not config.init_path:
        return config.process
    process = config.process
    return replace(process, args=(mountplan.DOCKER_INIT, "--", *process.args))


def _linux(config: RuntimeConfig, host: HostFacts, found: Found) -> dict[str, Any]:
    document: dict[str, Any] = {
        "cgroupsPath": config.cgroup_path,
        "namespaces": _namespaces(config),
        "resources": oci_resources(
            config.resources, found.block_numbers, devices=_device_rules(config, found)
        ),
        "sysctl": _sysctls(config, host),
        "maskedPaths": _masked(config, host),
        "readonlyPaths": _readonly(config),
    }
    if found.devices:
        document["devices"] = [_device(one) for one in found.devices]
    profile = _seccomp(config, host)
    if profile is not None:
        document["seccomp"] = profile
    propagation = mountplan.rootfs_propagation(config.mounts)
    if propagation:
        document["rootfsPropagation"] = propagation
    return document


def _namespaces(config: RuntimeConfig) -> list[dict[str, str]]:
    found = [{"type": "mount"}]
    for name, kind in _NAMESPACES:
        mode = getattr(config.namespaces, name)
        if mode.startswith("/"):
            found.append({"type": kind, "path": mode})
        elif mode != "host":
            found.append({"type": kind})
    return found


def _sysctls(config: RuntimeConfig, host: HostFacts) -> dict[str, str]:
    """docker's defaults go into a network namespace that was made for this container.

    One below /proc belongs to another container, which has set it up as it likes.
    """
    network = config.namespaces.network
    own = network != "host" and not network.startswith("/proc/")
    found = {k: v for k, v in DEFAULT_SYSCTLS.items() if own and k in host.sysctls}
    if config.domainname and config.namespaces.uts == "private":
        found["kernel.domainname"] = config.domainname
    return found | config.sysctls


def _masked(config: RuntimeConfig, host: HostFacts) -> list[str]:
    if config.masked_paths is not None:
        return list(config.masked_paths)
    return [] if config.privileged else [*MASKED_PATHS, *host.masked_extra]


def _readonly(config: RuntimeConfig) -> list[str]:
    if config.readonly_paths is not None:
        return list(config.readonly_paths)
    return [] if config.privileged else list(READONLY_PATHS)


def _seccomp(config: RuntimeConfig, host: HostFacts) -> dict[str, Any] | None:
    wanted: Seccomp = config.seccomp
    if wanted.kind == "unconfined" or not host.seccomp:
        return None
    facts = seccomp.Facts(
        capabilities=frozenset(config.process.capabilities),
        machine=host.machine,
        kernel=host.kernel,
    )
    if wanted.kind == "custom":
        return seccomp.custom_profile(wanted.profile, facts)
    return seccomp.default_profile(facts)


def _device_rules(config: RuntimeConfig, found: Found) -> list[str]:
    if config.privileged:
        return ["a *:* rwm"]
    asked = [f"{one.kind} {one.major}:{one.minor} {one.permissions}" for one in found.devices]
    return [*DEFAULT_DEVICES, *asked, *config.resources.device_cgroup_rules]


def _device(one: DeviceNode) -> dict[str, Any]:
    return {
        "path": one.path,
        "type": one.kind,
        "major": one.major,
        "minor": one.minor,
        "fileMode": one.mode,
        "uid": one.uid,
        "gid": one.gid,
    }
