"""gorae's own operations on volumes: out into an archive, in from one, and copies."""

import asyncio
from typing import BinaryIO

from aiohttp import web

from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.bridge import BodyReader, ended, written
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.translate import volume as translate
from gorae.errors import InvalidArgument

GROUP = "gorae"


def routes(services: Services) -> list[Route]:
    """Three operations."""
    one = VolumeArchives(services)
    at = "/gorae/volumes/{name}"
    return [
        Route(
            "GET",
            f"{at}/archive",
            one.export,
            "GoraeVolumeExport",
            GROUP,
            "Its content as tar",
            streams=True,
            own=True,
        ),
        Route(
            "PUT",
            f"{at}/archive",
            one.import_,
            "GoraeVolumeImport",
            GROUP,
            "A new one of a tar",
            streams=True,
            own=True,
        ),
        Route("POST", f"{at}/clone", one.clone, "GoraeVolumeClone", GROUP, "A copy", own=True),
    ]


class VolumeArchives:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._archives = services.volume_archives

    async def export(self, call: Call) -> web.StreamResponse:
        """The tar."""
        self._services.volumes.get(call.id)

        def write(out: BinaryIO) -> None:
            self._archives.export(call.id, out)

        source = written(self._services.run_transfer, write)
        return await stream.chunks(call, source, answer.TAR)

    async def import_(self, call: Call) -> web.StreamResponse:
        """The body is the tar; the volume."""
        body = BodyReader(call.request.content)
        work = asyncio.ensure_future(
            self._services.run_transfer(self._archives.import_, call.id, body, _labels(call))
        )
        try:
            made = await asyncio.shield(work)
        finally:
            body.close()
            await ended(work)
            await body.aclose()
        return answer.document(translate.document(made), status=201)

    async def clone(self, call: Call) -> web.Response:
        """`to`: the new name; the new volume."""
        name = call.text("to")
        if not name:
            raise InvalidArgument("to is needed: the new volume's name")
        made = await self._services.run_transfer(self._archives.clone, call.id, name, _labels(call))
        return answer.document(translate.document(made), status=201)


def _labels(call: Call) -> dict[str, str]:
    return dict(one.partition("=")[::2] for one in call.many("label"))
