"""A container's record as the inspect document. Pure."""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from gorae.api.translate import endpoint, mount
from gorae.engine.model import (
    Container,
    ContainerSpec,
    ContainerState,
    HealthState,
    Status,
)
from gorae.wire import container as wire
from gorae.wire.network import EndpointSettings, NetworkSettings
from gorae.wire.timestamp import rfc3339

RUNNING = (Status.RUNNING, Status.PAUSED, Status.RESTARTING)
_HOST_CONFIG = msgspec.json.Decoder(wire.StoredRequest)


@dataclass(frozen=True, slots=True)
class Extra:
    """What the record itself does not hold. Sizes None: not asked for."""

    exec_ids: tuple[str, ...] = ()
    layers: dict[str, str] | None = None
    size_rw: int | None = None
    size_root_fs: int | None = None


def document(one: Container, extra: Extra) -> wire.ContainerInspect:
    """All about a container."""
    state = one.state
    placed = bool(state.started_ns or state.error)
    return wire.ContainerInspect(
        id=one.id,
        created=rfc3339(one.created_ns),
        path=one.path,
        args=list(one.args),
        state=state_document(one),
        image=one.spec.image_id,
        resolv_conf_path=one.resolv_conf_path if placed else "",
        hostname_path=one.hostname_path if placed else "",
        hosts_path=one.hosts_path if placed else "",
        log_path=one.log_path if placed else "",
        name=f"/{one.name}",
        restart_count=state.restart_count,
        driver="overlay2",
        platform="linux",
        mount_label="",
        process_label="",
        app_armor_profile=one.spec.security.apparmor,
        exec_ids=list(extra.exec_ids) or None,
        host_config=_HOST_CONFIG.decode(one.request).host_config,
        graph_driver=wire.GraphDriver({"ID": one.id, **(extra.layers or {})}, "overlay2"),
        size_rw=UNSET if extra.size_rw is None else extra.size_rw,
        size_root_fs=UNSET if extra.size_root_fs is None else extra.size_root_fs,
        mounts=[mount.to_point(record) for record in one.mounts],
        config=config(one.spec, one.short_id),
        network_settings=network_settings(one),
    )


def state_document(one: Container) -> wire.State:
    """The state; `health` only of containers that have a check."""
    state = one.state
    return wire.State(
        status=state.status.value,
        running=state.status in RUNNING,
        paused=state.status is Status.PAUSED,
        restarting=state.status is Status.RESTARTING,
        oom_killed=state.oom_killed,
        dead=state.status is Status.DEAD,
        pid=state.pid,
        exit_code=state.exit_code,
        error=state.error,
        started_at=rfc3339(state.started_ns),
        finished_at=rfc3339(state.finished_ns),
        health=health(state.health) if state.started_ns and has_health(one.spec) else UNSET,
    )


def has_health(spec: ContainerSpec) -> bool:
    """Whether a health check is to be run."""
    return spec.health is not None and bool(spec.health.test) and spec.health.test[0] != "NONE"


def health(state: HealthState) -> wire.Health:
    """The check's state and its last results."""
    return wire.Health(
        status="starting" if state.status == "none" else state.status,
        failing_streak=state.failing_streak,
        log=[
            wire.HealthResult(
                rfc3339(probe.started_ns), rfc3339(probe.ended_ns), probe.exit_code, probe.output
            )
            for probe in state.log
        ],
    )


def config(spec: ContainerSpec, short_id: str) -> wire.Config:
    """The Config part, completed from the image."""
    return wire.Config(
        hostname=spec.hostname or short_id,
        domainname=spec.domainname,
        user=spec.user,
        attach_stdin=spec.attach_stdin,
        attach_stdout=spec.attach_stdout,
        attach_stderr=spec.attach_stderr,
        exposed_ports={port: {} for port in sorted(spec.exposed_ports)} or UNSET,
        tty=spec.tty,
        open_stdin=spec.open_stdin,
        stdin_once=spec.stdin_once,
        env=list(spec.env) or None,
        cmd=None if spec.cmd is None else list(spec.cmd),
        healthcheck=_healthcheck(spec),
        args_escaped=spec.args_escaped or UNSET,
        image=spec.image,
        volumes={path: {} for path in spec.volumes} or None,
        working_dir=spec.working_dir,
        entrypoint=None if spec.entrypoint is None else list(spec.entrypoint),
        network_disabled=spec.network_disabled or UNSET,
        mac_address=spec.mac_address or next((n.mac for n in spec.networks[:1]), "") or UNSET,
        on_build=list(spec.on_build) or None,
        labels=dict(spec.labels),
        stop_signal=spec.stop_signal or UNSET,
        stop_timeout=UNSET if spec.stop_timeout_s is None else spec.stop_timeout_s,
        shell=list(spec.shell) or UNSET,
    )


def _healthcheck(spec: ContainerSpec) -> "wire.Healthcheck | msgspec.UnsetType":
    check = spec.health
    if check is None:
        return UNSET
    return wire.Healthcheck(
        test=list(check.test),
        interval=check.interval_ns,
        timeout=check.timeout_ns,
        start_period=check.start_period_ns,
        start_interval=check.start_interval_ns,
        retries=check.retries,
        on_failure="" if check.on_failure == "none" else check.on_failure,
    )


# network --------------------------------------------------------------------------------------


def networks(one: Container) -> dict[str, EndpointSettings]:
    """By network's name; those that were asked for where the container never ran."""
    if one.state.loose:
        return {}
    own = (one.spec.hostname,) if one.spec.hostname else ()
    planned = endpoint.planned(one.spec, (one.name, one.short_id, *own))
    there = {
        record.network: endpoint.settings(
            record, name=one.name, short_id=one.short_id, hostname=one.spec.hostname
        )
        for record in one.state.endpoints
    }
    return {**planned, **there}


def network_settings(one: Container) -> NetworkSettings:
    """Ports and networks; the default bridge's addresses stand on top once more."""
    state, by_name = one.state, networks(one)
    found = NetworkSettings(networks=by_name)
    if state.pid:
        found.ports = ports(one.spec, state)
        if one.spec.network_mode != "host" and not one.spec.network_mode.startswith("container:"):
            found.sandbox_id = one.id
            found.sandbox_key = f"/run/gorae/netns/{one.short_id}"
    default = by_name.get("bridge")
    if default is not None:
        found.endpoint_id = default.endpoint_id
        found.gateway = default.gateway
        found.global_ipv6_address = default.global_ipv6_address
        found.global_ipv6_prefix_len = default.global_ipv6_prefix_len
        found.ip_address = default.ip_address
        found.ip_prefix_len = default.ip_prefix_len
        found.ipv6_gateway = default.ipv6_gateway
        found.mac_address = default.mac_address
    return found


def ports(spec: ContainerSpec, state: ContainerState) -> dict[str, list[dict[str, str]] | None]:
    """`80/tcp` -> where it is published; null where it is only exposed."""
    found: dict[str, list[dict[str, str]] | None] = dict.fromkeys(spec.exposed_ports)
    for one in state.published:
        places = found.get(key := f"{one.container_port}/{one.protocol}")
        if places is None:
            places = found[key] = []
        places.append({"HostIp": one.host_ip, "HostPort": str(one.host_port)})
    return dict(sorted(found.items()))
