"""What a container may ask for besides its network mode, in docker's words. Pure."""

from gorae.errors import InvalidArgument
from gorae.wire.container import ContainerCreate


def check(asked: ContainerCreate) -> None:
    """Raises: InvalidArgument: another's or the host's network leaves no choice here."""
    host = asked.host_config
    mode = host.network_mode
    if mode.startswith("container:"):
        _refuse_shared(asked)
    if mode == "host" and host.links:
        raise InvalidArgument(
            "conflicting options: host type networking can't be used with links. "
            "This would result in undefined behavior"
        )
    if host.isolation.lower() not in ("", "default"):
        raise InvalidArgument(
            f"invalid isolation ({host.isolation}): linux only supports 'default'"
        )
    if mode in ("host", "none"):
        _refuse_address(asked, mode)
    if not -1000 <= host.oom_score_adj <= 1000:
        raise InvalidArgument(
            f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]"
        )


def _refuse_address(asked: ContainerCreate, mode: str) -> None:
    settings = (asked.networking_config.endpoints_config or {}).get(mode)
    wanted = settings.ipam_config if settings else None
    if wanted and (wanted.ipv4_address or wanted.ipv6_address):
        raise InvalidArgument(
            f"invalid config for network {mode}: invalid endpoint settings:\n"
            "* user specified IP address is supported on user defined networks only\n"
            "* user specified IP address is supported only when connecting to networks "
            "with user configured subnets"
        )


def _refuse_shared(asked: ContainerCreate) -> None:
    host = asked.host_config
    conflicts = (
        (asked.hostname, "hostname and the network mode"),
        (
            host.links,
            "container type network can't be used with links. This would result in undefined behavior",
        ),
        (host.dns, "dns and the network mode"),
        (host.extra_hosts, "custom host-to-IP mapping and the network mode"),
        (
            host.port_bindings or host.publish_all_ports,
            "port publishing and the container type network mode",
        ),
        (asked.exposed_ports, "port exposing and the container type network mode"),
    )
    for found, words in conflicts:
        if found:
            raise InvalidArgument(f"conflicting options: {words}")


def warnings(asked: ContainerCreate) -> tuple[str, ...]:
    """What is asked for in vain."""
    if asked.host_config.network_mode == "host" and asked.host_config.port_bindings:
        return ("Published ports are discarded when using host network mode",)
    return ()
