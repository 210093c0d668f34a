"""What a prune would take, and why: a plan before anything is done. Pure.

The same functions choose for the plan that is shown and for the prune that is carried out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from gorae.engine.buildcache import MOUNT, CacheRecord
from gorae.engine.images import Image
from gorae.engine.model import Container
from gorae.engine.networks import PREDEFINED, NetworkRecord
from gorae.engine.volumes import ANONYMOUS, Volume


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One thing that would go. `size_bytes` None: not measured yet; `used_ns` 0: not known."""

    kind: str
    key: str
    name: str
    reason: str
    size_bytes: int | None = None
    used_ns: int = 0

    def describe(self) -> str:
        """One line for people."""
        return f"{self.kind} {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Plan:
    """`size_bytes` of what is measured; `kept`: it goes to the bin, from where it can be brought back."""

    items: tuple[PlanItem, ...]
    size_bytes: int
    kept: bool


def stopped(
    containers: Iterable[Container],
    takes: Callable[[Container], bool],
    restarting: Callable[[Container], bool],
) -> list[Container]:
    """Containers that do not run and are not about to."""
    return [one for one in containers if not one.state.pid and not restarting(one) and takes(one)]


def is_anonymous(volume: Volume) -> bool:
    """By how it was made, or by docker's label."""
    return volume.anonymous or ANONYMOUS in volume.labels


def unused_volumes(
    volumes: Iterable[Volume],
    usage: Mapping[str, int],
    takes: Callable[[Volume], bool],
    *,
    named: bool,
) -> list[Volume]:
    """Volumes that no container has; `named`: not only anonymous ones."""
    return [
        one
        for one in volumes
        if not usage.get(one.name) and (named or is_anonymous(one)) and takes(one)
    ]


def unused_networks(
    networks: Iterable[NetworkRecord],
    used: Collection[str],
    takes: Callable[[NetworkRecord], bool],
) -> list[NetworkRecord]:
    """Networks of users on which no running container is; `used`: the ids of the others."""
    return [
        one for one in networks if one.name not in PREDEFINED and one.id not in used and takes(one)
    ]


def container_item(one: Container, size_bytes: int | None) -> PlanItem:
    """A stopped container."""
    status = one.state.status.value
    reason = f"{status} ({one.state.exit_code})" if one.state.finished_ns else "never started"
    used = max(one.state.started_ns, one.state.finished_ns, one.created_ns)
    return PlanItem("container", one.id, one.name, reason, size_bytes, used)


def volume_item(one: Volume, size_bytes: int | None, used_ns: int, maker: str) -> PlanItem:
    """An unused volume; `maker`: the container or image that made an anonymous one, empty if not known."""
    kind = "anonymous" if is_anonymous(one) else "named"
    made = f", made by {maker}" if maker else ""
    reason = f"{kind}, no container has it{made}"
    return PlanItem("volume", one.name, one.name, reason, size_bytes, used_ns or one.created_ns)


def image_item(one: Image, size_bytes: int, used_ns: int) -> PlanItem:
    """An unused image; `size_bytes` of the layers that no other image has."""
    names = ", ".join(one.familiar_names)
    reason = "no container uses it" if names else "has no name, no container uses it"
    return PlanItem("image", one.id, names or one.short_id, reason, size_bytes, used_ns)


def network_item(one: NetworkRecord) -> PlanItem:
    """An unused network."""
    return PlanItem("network", one.id, one.name, f"{one.spec.driver}, no container is on it", 0)


def cache_item(one: CacheRecord) -> PlanItem:
    """A record of the build cache; one whose layer an image has frees nothing."""
    shared = ", an image has its layer" if one.shared else ""
    what = one.description if one.type == MOUNT else f"step {one.description}"
    size = 0 if one.shared else one.size_bytes
    return PlanItem("build-cache", one.id, one.id[:12], f"{what}{shared}", size, one.last_used_ns)
