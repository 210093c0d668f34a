"""HostConfig: dockerd's defaults filled in, and its parts as the engine's values. Pure."""

import ipaddress
from dataclasses import dataclass

from msgspec import UNSET, structs

from gorae.engine.model import LogConfig, PortBinding, RestartPolicy, SecurityOptions
from gorae.errors import InvalidArgument
from gorae.runtime.config import BlkioDevice, Device, DeviceWish, Resources, Rlimit
from gorae.wire import hostconfig as wire

SHM_SIZE_BYTES = 64 << 20
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
NO_PORT = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What this daemon gives to those who do not ask."""

    hostname: str = ""
    log: LogConfig = LogConfig("json-file")
    runtime: str = "crun"
    cgroup_v2: bool = False
    limits: frozenset[str] | None = None
    """Those that this host can enforce; None: all."""

    def has(self, limit: str) -> bool:
        """Whether this host can enforce it."""
        return self.limits is None or limit in self.limits


def with_defaults(asked: wire.HostConfig, defaults: Defaults) -> wire.HostConfig:
    """The HostConfig that inspect shows: what was asked for, completed as dockerd does."""
    unconfined = "systempaths=unconfined" in (asked.security_opt or ())
    open_paths = asked.privileged or unconfined
    cgroupns = "private" if defaults.cgroup_v2 and not asked.privileged else "host"
    return structs.replace(
        asked,
        log_config=_log_with_defaults(asked.log_config, defaults.log),
        network_mode="bridge" if asked.network_mode in ("", "default") else asked.network_mode,
        restart_policy=structs.replace(
            asked.restart_policy, name=asked.restart_policy.name or "no"
        ),
        console_size=asked.console_size if len(asked.console_size) == 2 else [0, 0],
        cgroupns_mode=asked.cgroupns_mode or cgroupns,
        ipc_mode=asked.ipc_mode or "private",
        shm_size=asked.shm_size or SHM_SIZE_BYTES,
        runtime=asked.runtime or defaults.runtime,
        memory_swap=asked.memory_swap or 2 * asked.memory,
        memory_swappiness=None if asked.memory_swappiness == -1 else asked.memory_swappiness,
        oom_kill_disable=_oom_kill_disable(asked, defaults),
        pids_limit=asked.pids_limit if (asked.pids_limit or 0) > 0 else None,
        masked_paths=_paths(asked.masked_paths, MASKED_PATHS, open_paths=open_paths),
        readonly_paths=_paths(asked.readonly_paths, READONLY_PATHS, open_paths=open_paths),
        security_opt=_security_opt(asked),
        storage_opt=asked.storage_opt or UNSET,
        tmpfs=asked.tmpfs or UNSET,
        sysctls=asked.sysctls or UNSET,
        annotations=asked.annotations or UNSET,
        mounts=asked.mounts or UNSET,
        kernel_memory=UNSET,
        kernel_memory_tcp=asked.kernel_memory_tcp or UNSET,
    )


def enforceable(config: wire.HostConfig, defaults: Defaults) -> wire.HostConfig:
    """What inspect shows of limits that this host cannot enforce and that are discarded."""
    if not defaults.has("blkio_weight"):
        config = structs.replace(config, blkio_weight=0)
    if not defaults.has("blkio_weight_device"):
        config = structs.replace(config, blkio_weight_device=[])
    return config


def _security_opt(asked: wire.HostConfig) -> list[str] | None:
    """Who shares the host's processes cannot be labelled apart from them."""
    shared = asked.privileged or "host" in (asked.pid_mode, asked.ipc_mode)
    return ["label=disable"] if shared and not asked.security_opt else asked.security_opt


def _oom_kill_disable(asked: wire.HostConfig, defaults: Defaults) -> bool | None:
    """v2 has no such switch: there it is null."""
    return None if defaults.cgroup_v2 else bool(asked.oom_kill_disable)


def _paths(
    asked: list[str] | None, usual: tuple[str, ...], *, open_paths: bool
) -> list[str] | None:
    if asked is not None:
        return asked
    return None if open_paths else list(usual)


def restart_policy(policy: wire.RestartPolicy) -> RestartPolicy:
    """The engine's value."""
    return RestartPolicy(policy.name or "no", policy.maximum_retry_count)


def _log_with_defaults(asked: wire.LogConfig, defaults: LogConfig) -> wire.LogConfig:
    """The daemon's options hold for its own driver only."""
    driver = asked.type or defaults.driver
    options = asked.config or {}
    if driver == defaults.driver:
        options = {**defaults.options, **options}
    return wire.LogConfig(driver, options)


def log_config(config: wire.LogConfig) -> LogConfig:
    """The engine's value."""
    return LogConfig(config.type, dict(config.config or {}))


# limits ---------------------------------------------------------------------------------------


def resources(config: wire.HostConfig) -> Resources:
    """The limits in the engine's units."""
    return Resources(
        memory_bytes=config.memory,
        memory_swap_bytes=config.memory_swap,
        memory_reservation_bytes=config.memory_reservation,
        kernel_memory_tcp_bytes=config.kernel_memory_tcp or 0,
        memory_swappiness=None if config.memory_swappiness == -1 else config.memory_swappiness,
        oom_kill_disable=bool(config.oom_kill_disable),
        cpu_shares=config.cpu_shares,
        cpu_quota_us=config.cpu_quota,
        cpu_period_us=config.cpu_period,
        cpu_realtime_period_us=config.cpu_realtime_period,
        cpu_realtime_runtime_us=config.cpu_realtime_runtime,
        nano_cpus=config.nano_cpus,
        cpuset_cpus=config.cpuset_cpus,
        cpuset_mems=config.cpuset_mems,
        pids=config.pids_limit or None,
        blkio_weight=config.blkio_weight,
        blkio_weight_devices=tuple(
            BlkioDevice(one.path, one.weight) for one in config.blkio_weight_device or ()
        ),
        blkio_read_bps=_throttles(config.blkio_device_read_bps),
        blkio_write_bps=_throttles(config.blkio_device_write_bps),
        blkio_read_iops=_throttles(config.blkio_device_read_iops),
        blkio_write_iops=_throttles(config.blkio_device_write_iops),
        device_cgroup_rules=tuple(config.device_cgroup_rules or ()),
    )


def _throttles(devices: list[wire.ThrottleDevice] | None) -> tuple[BlkioDevice, ...]:
    return tuple(BlkioDevice(one.path, one.rate) for one in devices or ())


UPDATABLE = (
    "cpu_shares",
    "memory",
    "nano_cpus",
    "blkio_weight",
    "cpu_period",
    "cpu_quota",
    "cpu_realtime_period",
    "cpu_realtime_runtime",
    "cpuset_cpus",
    "cpuset_mems",
    "memory_reservation",
    "memory_swap",
    "kernel_memory_tcp",
)
"""Zero means: leave it. The others that update takes are below, where null means so."""


def updated(old: wire.HostConfig, asked: wire.HostConfig) -> wire.HostConfig:
    """The HostConfig after an update. Its rules between old and new values are docker's.

    Raises:
        InvalidArgument: `nano_cpus` against quota or period.
    """
    changes = {name: getattr(asked, name) for name in UPDATABLE if getattr(asked, name)}
    if asked.pids_limit is not None:
        changes["pids_limit"] = asked.pids_limit if asked.pids_limit > 0 else None
    if asked.restart_policy.name:
        changes["restart_policy"] = asked.restart_policy
    _check_cpus(old, asked)
    memory, swap = changes.get("memory", old.memory), changes.get("memory_swap", old.memory_swap)
    if "memory" in changes and 0 < swap < memory:
        raise InvalidArgument(
            "Memory limit should be smaller than already set memoryswap limit, "
            "update the memoryswap at the same time"
        )
    return structs.replace(old, **changes)


def _check_cpus(old: wire.HostConfig, asked: wire.HostConfig) -> None:
    if asked.nano_cpus and old.cpu_quota:
        raise InvalidArgument(
            "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set"
        )
    if asked.nano_cpus and old.cpu_period:
        raise InvalidArgument(
            "Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set"
        )
    if asked.cpu_quota and old.nano_cpus:
        raise InvalidArgument(
            "Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set"
        )
    if asked.cpu_period and old.nano_cpus:
        raise InvalidArgument(
            "Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set"
        )


def ulimits(asked: list[wire.Ulimit] | None) -> tuple[Rlimit, ...]:
    """The engine's values."""
    return tuple(Rlimit(one.name.lower(), one.soft, one.hard) for one in asked or ())


def devices(asked: list[wire.DeviceMapping] | None) -> tuple[Device, ...]:
    """The engine's values; the path inside is the host's unless it is named.

    Raises:
        InvalidArgument: permissions of other letters than r, w, m.
    """
    found = []
    for one in asked or ():
        permissions = one.cgroup_permissions or "rwm"
        if set(permissions) - set("rwm"):
            raise InvalidArgument(f"invalid device mode: {permissions}")
        found.append(
            Device(one.path_on_host, one.path_in_container or one.path_on_host, permissions)
        )
    return tuple(found)


def device_wishes(asked: list[wire.DeviceRequest] | None) -> tuple[DeviceWish, ...]:
    """The engine's values; whether somebody knows the driver is told at the start."""
    return tuple(
        DeviceWish(
            one.driver,
            tuple(one.device_ids or ()),
            one.count,
            tuple(word for group in one.capabilities or () for word in group),
        )
        for one in asked or ()
    )


# ports ----------------------------------------------------------------------------------------


def ports(bindings: dict[str, list[wire.PortBinding] | None] | None) -> tuple[PortBinding, ...]:
    """The ports to publish.

    Raises:
        InvalidArgument: a port that is none.
    """
    found = []
    for text, places in (bindings or {}).items():
        port, protocol = container_port(text)
        for place in places or ():
            first, last = _host_ports(place.host_port)
            found.append(PortBinding(port, protocol, _address(place.host_ip), first, last))
    return tuple(found)


def _address(text: str) -> str:
    """An IPv4 address in IPv6 clothes is the IPv4 address; what is none is told by `engine.wishcheck`."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def container_port(text: str) -> tuple[int, str]:
    """`80/tcp`, `53/udp`, `80` as number and protocol.

    Raises:
        InvalidArgument: no such port.
    """
    number, _, protocol = text.partition("/")
    protocol = (protocol or "tcp").lower()
    if protocol not in ("tcp", "udp", "sctp"):
        raise InvalidArgument(f'invalid port specification: "{text}": unknown protocol')
    return _port(number, text), protocol


def _host_ports(text: str) -> tuple[int, int]:
    """(first, last); last is 0 for a single port, both for any."""
    if not text or text == "0":
        return 0, 0
    first, dash, last = text.partition("-")
    low = _port(first, text)
    high = _port(last, text) if dash else 0
    if dash and high < low:
        raise InvalidArgument(f'invalid port specification: "{text}": invalid range')
    return low, high if high != low else 0


def _port(number: str, text: str) -> int:
    if not number.isascii() or not number.isdigit() or int(number) not in NO_PORT:
        raise InvalidArgument(f'invalid port specification: "{text}"')
    return int(number)


# security -------------------------------------------------------------------------------------


def security_options(asked: list[str] | None) -> SecurityOptions:
    """`--security-opt` values, as `key=value` or the older `key:value`.

    Raises:
        InvalidArgument: an unknown option.
    """
    seccomp, apparmor, labels, no_new, unconfined = "", "", [], False, False
    for text in asked or ():
        key, value = _option(text)
        match key:
            case "seccomp":
                seccomp = "" if value == "builtin" else value
            case "apparmor":
                apparmor = value
            case "label":
                labels.append(value)
            case "no-new-privileges":
                no_new = _boolean(text, value)
            case "systempaths":
                if value != "unconfined":
                    raise InvalidArgument(f'invalid --security-opt 2: "{text}"')
                unconfined = True
            case _:
                raise InvalidArgument(f'invalid --security-opt 2: "{text}"')
    return SecurityOptions(seccomp, no_new, apparmor, tuple(labels), unconfined)


def _option(text: str) -> tuple[str, str]:
    if text == "no-new-privileges":
        return text, "true"
    separator = "=" if "=" in text else ":"
    key, found, value = text.partition(separator)
    if not found:
        raise InvalidArgument(f'invalid --security-opt 1: "{text}"')
    return key, value


def _boolean(text: str, value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise InvalidArgument(f'invalid --security-opt 2: "{text}"')
    return value.lower() in ("true", "1")
