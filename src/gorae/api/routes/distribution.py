"""A registry's answer about an image, without pulling it."""

from aiohttp import web
from msgspec import UNSET

from gorae.api import answer
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes import transfer
from gorae.oci.manifest import Platform
from gorae.wire import registry as wire


def routes(services: Services) -> list[Route]:
    """One operation."""

    async def inspect(call: Call) -> web.Response:
        """Digest, size and platforms."""
        found = await services.run_transfer(
            services.distribution.inspect, transfer.named(call.id), transfer.credentials(call)
        )
        one = found.descriptor
        return answer.document(
            wire.DistributionInspect(
                wire.Descriptor(one.media_type, one.digest, one.size),
                [_platform(platform) for platform in found.platforms],
            )
        )

    return [
        Route(
            "GET",
            "/distribution/{name}/json",
            inspect,
            "DistributionInspect",
            "Distribution",
            "Digest and platforms of an image in its registry",
        )
    ]


def _platform(one: Platform) -> wire.Platform:
    return wire.Platform(one.architecture, one.os, one.os_version or UNSET, one.variant or UNSET)
