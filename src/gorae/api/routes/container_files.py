"""A container's files: what changed, export, and `cp`'s archives."""

from typing import Any

from aiohttp import web

from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.offered import offered
from gorae.errors import InvalidArgument
from gorae.wire import container as wire
from gorae.wire import pathstat

PIECE = 256 << 10


class ContainerFiles:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._containers = services.containers

    async def changes(self, call: Call) -> web.Response:
        """Null when nothing changed, as dockerd says it."""
        found = await self._containers.changes(call.id)
        return answer.document([wire.Change(path, kind) for kind, path in found] or None)

    async def export(self, call: Call) -> web.StreamResponse:
        """The whole root filesystem."""
        source = offered(self._containers, "export", "export")(call.id)
        return await stream.chunks(call, source, "application/octet-stream")

    async def stat(self, call: Call) -> web.Response:
        """The path's header, no body."""
        found = await offered(self._containers, "archive_stat", "cp")(call.id, _path(call))
        return web.Response(headers={pathstat.HEADER: _header(found)})

    async def read(self, call: Call) -> web.StreamResponse:
        """Header and tar."""
        found, source = await offered(self._containers, "archive_get", "cp")(call.id, _path(call))
        return await stream.chunks(
            call, source, answer.TAR, headers={pathstat.HEADER: _header(found)}
        )

    async def write(self, call: Call) -> web.StreamResponse:
        """The body is a tar, compressed or not."""
        await offered(self._containers, "archive_put", "cp")(
            call.id,
            _path(call),
            call.request.content.iter_chunked(PIECE),
            no_overwrite_dir_non_dir=call.flag("noOverwriteDirNonDir"),
            copy_uid_gid=call.flag("copyUIDGID"),
        )
        return answer.nothing(200)


def _path(call: Call) -> str:
    path = call.text("path")
    if not path:
        raise InvalidArgument("bad parameter: path cannot be empty")
    return path


def _header(found: Any) -> str:
    return pathstat.header_value(
        pathstat.PathStat(
            name=found.name,
            size=found.size,
            mode=pathstat.go_mode(found.mode),
            mtime=found.mtime,
            link_target=found.link_target,
        )
    )
