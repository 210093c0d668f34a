"""The create document as the engine's `ContainerSpec`, and as it is kept for inspect. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET, structs

from gorae.api.translate import endpoint, hostconfig, mount, netmode
from gorae.api.translate.hostconfig import Defaults
from gorae.engine.model import ContainerSpec, HealthCheck
from gorae.errors import InvalidArgument, NotFound
from gorae.wire import codec
from gorae.wire import container as wire

Words = tuple[str, ...] | None
MIN_HEALTH_NS = 1_000_000
_HEALTH_ACTIONS = ("", "none", "kill", "restart", "stop")
_HEALTH_KINDS = ("", "NONE", "CMD", "CMD-SHELL")


@dataclass(frozen=True, slots=True)
class NewContainer:
    """What the engine is asked for; `request` is the completed document, for inspect."""

    spec: ContainerSpec
    request: str
    warnings: tuple[str, ...] = ()


def new_container(
    asked: wire.ContainerCreate, defaults: Defaults, find_container: Callable[[str], str]
) -> NewContainer:
    """Check and translate; `find_container` gives the id of a container's name.

    Raises:
        InvalidArgument: a wish that cannot be understood.
    """
    if not asked.image:
        raise InvalidArgument("config cannot be empty in order to create a container")
    host = hostconfig.with_defaults(asked.host_config, defaults)
    host.network_mode = _by_id(host.network_mode, find_container, NO_NETWORK, late=True)
    host.ipc_mode = _by_id(host.ipc_mode, find_container, NO_IPC)
    host.pid_mode = _by_id(host.pid_mode, find_container, NO_PID)
    full = structs.replace(asked, host_config=host)
    netmode.check(full)
    if host.uts_mode == "host" and (full.hostname or full.domainname):
        what = "hostname" if full.hostname else "domainname"
        raise InvalidArgument(f"conflicting options: {what} and the UTS mode")
    if not full.hostname and "host" in (host.network_mode, host.uts_mode):
        full.hostname = defaults.hostname
    shown = structs.replace(full, host_config=hostconfig.enforceable(host, defaults))
    warnings = netmode.warnings(full)
    return NewContainer(
        spec(full), codec.encode(shown).decode("utf-8", "surrogateescape"), warnings
    )


NO_NETWORK = "invalid network mode: invalid container format container:<name|id>"
NO_IPC = 'failed to join IPC namespace: invalid name or ID supplied: ""'
NO_PID = "invalid PID mode: container:"


def _by_id(
    mode: str, find_container: Callable[[str], str], empty: str, *, late: bool = False
) -> str:
    """`container:NAME` with the id in place of the name; `empty` is said of one without a name.

    `late`: one that is not there is told at the start, as docker does.

    Raises:
        InvalidArgument: no such container. Not a 404, which would make the CLI pull the image.
    """
    kind, colon, ref = mode.partition(":")
    if kind != "container" or not colon:
        return mode
    if not ref:
        raise InvalidArgument(empty)
    try:
        return f"container:{find_container(ref)}"
    except NotFound as error:
        if late:
            return mode
        raise InvalidArgument(error.message) from None


def spec(full: wire.ContainerCreate) -> ContainerSpec:
    """The engine's values of a completed document."""
    host = full.host_config
    mac = full.mac_address or ""
    rows, columns = host.console_size
    return ContainerSpec(
        image=full.image,
        entrypoint=words(full.entrypoint),
        cmd=words(full.cmd),
        env=_environment(full.env),
        working_dir=full.working_dir,
        user=full.user,
        hostname=full.hostname,
        domainname=full.domainname,
        mac_address=mac,
        labels=dict(full.labels or {}),
        annotations=dict(host.annotations or {}),
        tty=full.tty,
        open_stdin=full.open_stdin,
        stdin_once=full.stdin_once,
        attach_stdin=full.attach_stdin,
        attach_stdout=full.attach_stdout,
        attach_stderr=full.attach_stderr,
        console_size=(rows, columns) if rows and columns else None,
        stop_signal=full.stop_signal or "",
        stop_timeout_s=None if full.stop_timeout is UNSET else full.stop_timeout,
        shell=tuple(full.shell or ()),
        health=_health(full.healthcheck),
        volumes=tuple(full.volumes or ()),
        exposed_ports=_exposed(full),
        mounts=(*mount.from_binds(host.binds, host.volume_driver), *mount.from_mounts(host.mounts)),
        volumes_from=tuple(host.volumes_from or ()),
        volume_driver=host.volume_driver,
        ports=hostconfig.ports(host.port_bindings),
        publish_all=host.publish_all_ports,
        network_mode=host.network_mode,
        networks=endpoint.requests(host.network_mode, full.networking_config.endpoints_config, mac),
        links=tuple(host.links or ()),
        extra_hosts=tuple(host.extra_hosts or ()),
        dns=tuple(host.dns or ()),
        dns_search=tuple(host.dns_search or ()),
        dns_options=tuple(host.dns_options or ()),
        restart=hostconfig.restart_policy(host.restart_policy),
        auto_remove=host.auto_remove,
        log=hostconfig.log_config(host.log_config),
        ipc_mode=host.ipc_mode,
        pid_mode=host.pid_mode,
        uts_mode=host.uts_mode,
        userns_mode=host.userns_mode,
        cgroupns_mode=host.cgroupns_mode,
        cap_add=tuple(host.cap_add or ()),
        cap_drop=tuple(host.cap_drop or ()),
        privileged=host.privileged,
        security=hostconfig.security_options(host.security_opt),
        masked_paths=None if host.masked_paths is None else tuple(host.masked_paths),
        readonly_paths=None if host.readonly_paths is None else tuple(host.readonly_paths),
        group_add=tuple(host.group_add or ()),
        devices=hostconfig.devices(host.devices),
        device_requests=hostconfig.device_wishes(host.device_requests),
        ulimits=hostconfig.ulimits(host.ulimits),
        sysctls=dict(host.sysctls or {}),
        shm_size_bytes=host.shm_size,
        tmpfs=dict(host.tmpfs or {}),
        readonly_rootfs=host.readonly_rootfs,
        init=None if host.init is UNSET else host.init,
        oom_score_adj=host.oom_score_adj,
        cgroup_parent=host.cgroup_parent,
        runtime=host.runtime,
        resources=hostconfig.resources(host),
        storage_options=dict(host.storage_opt or {}),
        args_escaped=bool(full.args_escaped),
        network_disabled=bool(full.network_disabled),
        on_build=tuple(full.on_build or ()),
    )


def words(value: wire.Words) -> Words:
    """A command; one word alone is a list of it."""
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _environment(env: list[str] | None) -> tuple[str, ...]:
    for one in env or ():
        if not one or one.startswith("="):
            raise InvalidArgument(f"invalid environment variable: {one}")
    return tuple(env or ())


def _exposed(full: wire.ContainerCreate) -> tuple[str, ...]:
    """`80/tcp`: those exposed, and those published."""
    texts = (*(full.exposed_ports or ()), *(full.host_config.port_bindings or ()))
    ports = [hostconfig.container_port(text) for text in texts]
    return tuple(dict.fromkeys(f"{port}/{protocol}" for port, protocol in ports))


def _health(check: "wire.Healthcheck | object") -> HealthCheck | None:
    if not isinstance(check, wire.Healthcheck):
        return None
    if check.test and check.test[0] not in _HEALTH_KINDS:
        raise InvalidArgument(
            f'invalid health check: "{check.test[0]}": use NONE, CMD or CMD-SHELL'
        )
    for name, value in (
        ("Interval", check.interval),
        ("Timeout", check.timeout),
        ("StartPeriod", check.start_period),
        ("StartInterval", check.start_interval),
    ):
        if value and value < MIN_HEALTH_NS:
            raise InvalidArgument(f"{name} in Healthcheck cannot be less than 1ms")
    if check.on_failure not in _HEALTH_ACTIONS:
        raise InvalidArgument(
            f'invalid health action "{check.on_failure}": use none, kill, restart or stop'
        )
    if check.retries < 0:
        raise InvalidArgument("Retries in Healthcheck cannot be negative")
    return HealthCheck(
        test=tuple(check.test),
        interval_ns=check.interval,
        timeout_ns=check.timeout,
        start_period_ns=check.start_period,
        start_interval_ns=check.start_interval,
        retries=check.retries,
        on_failure=check.on_failure or "none",
    )
