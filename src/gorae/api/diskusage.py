"""What takes space, gathered from all services into one document."""

import time
from collections.abc import Collection
from typing import Any

from gorae.api.backend import Services
from gorae.api.translate import image as images
from gorae.api.translate import summary
from gorae.api.translate import volume as volumes
from gorae.engine.model import Container
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
    if "image" in kinds:
        every = await services.run(services.images.all)
        found.images = image_lines(every, services.containers.all(), version)
        sizes = {one.chain_id: one.size_bytes for one in every}
        found.layers_size = sum(sizes.values())
    if "container" in kinds:
        found.containers = await _containers(services)
    if "volume" in kinds:
        found.volumes = await _volumes(services)
    if "build-cache" in kinds:
        found.build_cache = []
    return found


def image_lines(
    every: list[Any], containers: tuple[Container, ...], version: ApiVersion
) -> list[ImageSummary]:
    """Every image with the number of its containers."""
    used = [one.spec.image_id for one in containers]
    return [
        images.summary(one, version, containers=used.count(one.id), shared_bytes=0) for one in every
    ]


async def _containers(services: Services) -> list[ContainerSummary]:
    now = time.time_ns()
    return [
        summary.summary(one, now_ns=now, sizes=await services.containers.sizes(one.id))
        for one in services.containers.all()
    ]


async def _volumes(services: Services) -> list[Volume]:
    measure = getattr(services.volumes, "size", None)
    found = []
    for one in services.volumes.all():
        size = await services.run(measure, one.name) if measure else -1
        found.append(volumes.document(one, (len(services.volumes.users(one.name)), size)))
    return found
