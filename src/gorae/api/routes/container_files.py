"""A container's files: what changed, export, and `cp`'s archives."""

import asyncio

from aiohttp import web

from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.bridge import BodyReader, ended, written
from gorae.api.call import Call
from gorae.engine.files import PathInfo
from gorae.errors import InvalidArgument
from gorae.wire import container as wire
from gorae.wire import pathstat
from gorae.wire.timestamp import rfc3339


class ContainerFiles:
    """The handlers. A view stays open until the worker that uses it has ended, even when the client left."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._containers = services.containers
        self._files = services.files

    async def changes(self, call: Call) -> web.Response:
        """Null when nothing changed, as dockerd says it."""
        found = await self._containers.changes(call.id)
        return answer.document([wire.Change(path, kind) for kind, path in found] or None)

    async def export(self, call: Call) -> web.StreamResponse:
        """The whole root filesystem."""
        async with self._files.opened_alone(call.id) as view:
            source = written(self._services.run_transfer, view.export)
            return await stream.chunks(call, source, "application/octet-stream")

    async def stat(self, call: Call) -> web.Response:
        """The path's header, no body."""
        path = _path(call)
        async with self._files.opened(call.id) as view:
            found = await self._services.run(view.stat, path)
        return web.Response(headers={pathstat.HEADER: _header(found)})

    async def read(self, call: Call) -> web.StreamResponse:
        """Header and tar."""
        path = _path(call)
        async with self._files.opened(call.id, "archive-path") as view:
            found = await self._services.run(view.stat, path)
            source = written(self._services.run_transfer, lambda out: view.pack(path, out))
            headers = {pathstat.HEADER: _header(found)}
            return await stream.chunks(call, source, answer.TAR, headers=headers)

    async def write(self, call: Call) -> web.StreamResponse:
        """The body is a tar, compressed or not."""
        path = _path(call)
        async with self._files.opened(call.id, "extract-to-dir") as view:
            body = BodyReader(call.request.content)
            work = asyncio.ensure_future(
                self._services.run_transfer(
                    view.unpack,
                    path,
                    body,
                    keep_kinds=call.flag("noOverwriteDirNonDir"),
                    as_user=call.flag("copyUIDGID"),
                )
            )
            try:
                await asyncio.shield(work)
            finally:
                body.close()
                await ended(work)
                await body.aclose()
        return answer.nothing(200)


def _path(call: Call) -> str:
    path = call.text("path")
    if not path:
        raise InvalidArgument("bad parameter: pathcannot be empty")
    return path


def _header(found: PathInfo) -> str:
    return pathstat.header_value(
        pathstat.PathStat(
            name=found.name,
            size=found.size,
            mode=pathstat.go_mode(found.mode),
            mtime=rfc3339(found.mtime_ns),
            link_target=found.link_target,
        )
    )
