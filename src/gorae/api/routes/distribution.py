"""A registry's answer about an image, without pulling it."""

from aiohttp import web

from gorae import errors
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route


def routes(services: Services) -> list[Route]:
    """One operation."""
    del services
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


async def inspect(_: Call) -> web.Response:
    """Not before there is a registry client."""
    raise errors.NotImplemented("distribution inspect: registries are not spoken to yet")
