"""What takes space, gathered from all services into one document."""

import time
from collections import Counter
from collections.abc import Collection, Mapping

from gorae.api.backend import Services
from gorae.api.translate import image as images
from gorae.api.translate import summary
from gorae.api.translate import volume as volumes
from gorae.engine.buildcache import CacheRecord
from gorae.engine.images import Image
from gorae.engine.model import Container
from gorae.engine.when import rfc3339
from gorae.wire import system as wire
from gorae.wire.container import ContainerSummary
from gorae.wire.image import ImageSummary
from gorae.wire.version import ApiVersion
from gorae.wire.volume import Volume


async def collect(
    services: Services, kinds: Collection[str], version: ApiVersion
) -> wire.DiskUsage:
    """The document; a kind that is not asked for is null."""
    found = wire.DiskUsage(layers_size=0)
    containers = services.containers.all()
    if "image" in kinds:
        every = await services.run(services.images.all)
        shares = await services.run(services.ledger.shares, every)
        found.images = image_lines(every, containers, version, shares.shared_bytes)
        found.layers_size = shares.total_bytes
    if "container" in kinds:
        found.containers = await _containers(services, containers)
    if "volume" in kinds:
        found.volumes = await _volumes(services)
    if "build-cache" in kinds:
        records = await services.run_sweep(services.builds.usage.records)
        found.build_cache = [cache_line(one) for one in records]
    return found


def cache_line(one: CacheRecord) -> wire.BuildCacheRecord:
    """A record of the build cache."""
    return wire.BuildCacheRecord(
        id=one.id,
        parents=list(one.parents) or None,
        type=one.type,
        description=one.description,
        in_use=one.in_use,
        shared=one.shared,
        size=one.size_bytes,
        created_at=rfc3339(one.created_ns),
        last_used_at=rfc3339(one.last_used_ns) if one.last_used_ns else None,
        usage_count=one.uses,
    )


def image_lines(
    every: list[Image],
    containers: tuple[Container, ...],
    version: ApiVersion,
    shared: Mapping[str, int],
) -> list[ImageSummary]:
    """Every image with the number of its containers and what it shares."""
    used = Counter(one.spec.image_id for one in containers)
    return [
        images.summary(one, version, containers=used[one.id], shared_bytes=shared.get(one.id, 0))
        for one in every
    ]


async def _containers(
    services: Services, containers: tuple[Container, ...]
) -> list[ContainerSummary]:
    """Sizes are the ledger's, not walked now."""
    now = time.time_ns()
    figures = await services.run(services.ledger.figures, "container")
    bases = {one.id: one.size_bytes for one in await services.run(services.images.all)}
    found = []
    for one in containers:
        own = figures[one.id].size_bytes if one.id in figures else 0
        sizes = (own, own + bases.get(one.spec.image_id, 0))
        found.append(summary.summary(one, now_ns=now, sizes=sizes))
    return found


async def _volumes(services: Services) -> list[Volume]:
    figures = await services.run(services.ledger.figures, "volume")
    usage = services.volumes.usage()
    return [
        volumes.document(
            one,
            (usage.get(one.name, 0), figures[one.name].size_bytes if one.name in figures else -1),
        )
        for one in services.volumes.all()
    ]
