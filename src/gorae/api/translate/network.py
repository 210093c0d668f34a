"""Networks: documents into the engine's values and back. Pure."""

from collections.abc import Iterable

from gorae.engine.model import Container
from gorae.engine.networks import NetworkRecord, NetworkSpec
from gorae.errors import InvalidArgument
from gorae.net.model import Subnet
from gorae.wire import network as wire
from gorae.wire.filters import Filters
from gorae.wire.timestamp import rfc3339

FILTERS = ("dangling", "driver", "id", "label", "name", "scope", "type")
PREDEFINED = ("bridge", "host", "none")


def new_network(asked: wire.NetworkCreate) -> NetworkSpec:
    """Raises: InvalidArgument: no name, or a part of it is not for this engine."""
    if not asked.name.strip():
        raise InvalidArgument("invalid name: name is empty")
    ipam = asked.ipam or wire.Ipam()
    return NetworkSpec(
        name=asked.name,
        driver=asked.driver or "bridge",
        subnets=tuple(_subnet(pool) for pool in ipam.config or ()),
        internal=asked.internal,
        attachable=asked.attachable,
        config_only=asked.config_only,
        config_from=asked.config_from.network if asked.config_from else "",
        ipv4=asked.enable_ipv4 is not False,
        ipv6=bool(asked.enable_ipv6),
        ipam_driver=ipam.driver or "default",
        ipam_options=dict(ipam.options or {}),
        options=dict(asked.options or {}),
        labels=dict(asked.labels or {}),
    )


def _subnet(pool: wire.IpamPool) -> Subnet:
    return Subnet(pool.subnet, pool.gateway, pool.ip_range, tuple(pool.auxiliary_addresses.items()))


def document(record: NetworkRecord, containers: Iterable[Container] = ()) -> wire.NetworkInspect:
    """A network; `containers` are those that run on it."""
    spec = record.spec
    return wire.NetworkInspect(
        name=record.name,
        id=record.id,
        created=rfc3339(record.created_ns),
        scope="local",
        driver="null" if record.name == "none" or spec.config_only else spec.driver,
        config_only=spec.config_only,
        config_from=wire.ConfigReference(spec.config_from),
        enable_ipv4=spec.ipv4,
        enable_ipv6=spec.ipv6,
        ipam=_ipam(record),
        internal=spec.internal,
        attachable=spec.attachable,
        containers={one.id: _member(one, record.id) for one in containers},
        options=dict(spec.options),
        labels=dict(spec.labels),
    )


def _ipam(record: NetworkRecord) -> wire.Ipam:
    """The pools as they were asked for; those that the engine chose, completed."""
    spec = record.spec
    if record.name in ("host", "none"):
        return wire.Ipam()
    pools = [
        wire.IpamPool(
            one.prefix,
            one.ip_range,
            one.gateway,
            dict(one.auxiliary),
        )
        for one in sorted(spec.subnets or record.model.subnets, key=_is_six)
    ]
    options = None if record.name == "bridge" else spec.ipam_options
    if spec.config_only and not pools:
        return wire.Ipam(spec.ipam_driver, options)
    return wire.Ipam(spec.ipam_driver, options, pools)


def _is_six(subnet: Subnet) -> bool:
    return ":" in subnet.prefix


def _member(one: Container, network_id: str) -> wire.NetworkContainer:
    found = next(record for record in one.state.endpoints if record.network_id == network_id)
    return wire.NetworkContainer(
        name=one.name,
        endpoint_id=found.endpoint_id,
        mac_address=found.mac,
        ipv4_address=f"{found.ip}/{found.prefix_len}" if found.ip else "",
        ipv6_address=f"{found.ip6}/{found.prefix_len6}" if found.ip6 else "",
    )


def takes(filters: Filters, record: NetworkRecord, *, used: bool) -> bool:
    """Whether a list's filters fit. Raises: InvalidArgument: a value that means nothing."""
    kind = "builtin" if record.name in PREDEFINED else "custom"
    for value in filters.values("type"):
        if value not in ("builtin", "custom"):
            raise InvalidArgument(f"invalid filter: 'type'='{value}'")
    dangling = not used and kind == "custom"
    return (
        filters.any("id", record.id.startswith)
        and filters.any("name", lambda value: value in record.name)
        and filters.exact("driver", "null" if record.name == "none" else record.spec.driver)
        and filters.exact("scope", "local")
        and filters.exact("type", kind)
        and filters.labels(record.spec.labels)
        and ("dangling" not in filters or filters.flag("dangling", default=False) == dangling)
    )
