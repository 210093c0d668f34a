"""gorae's own: manifests and indexes in a registry, for `manifest` commands."""

from aiohttp import web
from msgspec import UNSET

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes import transfer
from gorae.engine.indexes import Entry
from gorae.oci.manifest import Platform
from gorae.wire import registry as wire

GROUP = "Distribution"


def routes(services: Services) -> list[Route]:
    """Two operations."""
    one = Manifests(services)
    at = "/gorae/manifests/{name}"
    return [
        Route(
            "GET",
            f"{at}/json",
            one.inspect,
            "ManifestInspect",
            GROUP,
            "A manifest or an index as its registry has it",
            own=True,
        ),
        Route(
            "POST",
            f"{at}/push",
            one.push,
            "IndexPush",
            GROUP,
            "Make an index of images that are in the registry",
            own=True,
        ),
    ]


class Manifests:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def inspect(self, call: Call) -> web.Response:
        """Descriptor and bytes."""
        name = transfer.named(call.id).with_default_tag()
        found = await self._services.run_transfer(
            self._services.indexes.inspect, name, transfer.credentials(call)
        )
        one = found.descriptor
        return answer.document(
            wire.ManifestInspect(
                name.normalized,
                wire.Descriptor(one.media_type, one.digest, one.size),
                platform_document(one.platform) if one.platform else None,
                found.raw,
            )
        )

    async def push(self, call: Call) -> web.Response:
        """The digest."""
        asked = await call.document(wire.IndexPush)
        entries = [
            Entry(transfer.named(one.ref).with_default_tag(), _platform(one.platform))
            for one in asked.entries
        ]
        digest = await self._services.run_transfer(
            self._services.indexes.push,
            transfer.named(call.id),
            entries,
            transfer.credentials(call),
        )
        return answer.document(wire.IndexPushed(digest))


def platform_document(one: Platform) -> wire.Platform:
    """A platform in the API's words."""
    return wire.Platform(one.architecture, one.os, one.os_version or UNSET, one.variant or UNSET)


def _platform(one: wire.Platform) -> Platform:
    return Platform(one.architecture, one.os, one.variant or "", one.os_version or "")
