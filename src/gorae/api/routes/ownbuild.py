"""gorae's own build endpoint: see `wire.build` for the conversation."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from aiohttp import web

from gorae.api import conversation
from gorae.api.backend import Services
from gorae.api.buildstream import BuildStream, StreamClient
from gorae.api.call import Call
from gorae.api.translate import build as translate
from gorae.build.cancel import Cancel
from gorae.build.folder import Folder
from gorae.build.request import BuildRequest
from gorae.build.session import ContextTree, LayoutContext
from gorae.build.spool import Spool
from gorae.errors import Cancelled, GoraeError, InvalidArgument, KernelError
from gorae.linux import peer
from gorae.wire import build as wire


async def serve(services: Services, call: Call) -> web.StreamResponse:
    """One build over one connection."""
    asked = await call.document(wire.BuildRequest)
    request = translate.own_request(call, asked)
    conversation.check_upgrade(call)

    def work(
        stream: BuildStream, cancel: Cancel, transport: asyncio.Transport
    ) -> Callable[[], None]:
        connection = transport.get_extra_info("socket")
        peer_socket = connection if connection.family == socket.AF_UNIX else None
        return _Work(services, asked, request, stream, cancel, peer_socket).run

    return await conversation.hold(call, services.run_build, work)


class _Work:
    """One build in its thread."""

    def __init__(
        self,
        services: Services,
        asked: wire.BuildRequest,
        request: BuildRequest,
        stream: BuildStream,
        cancel: Cancel,
        connection: socket.socket | None,
    ) -> None:
        self._builds = services.builds
        self._asked = asked
        self._request = request
        self._stream = stream
        self._cancel = cancel
        self._connection = connection
        self._closing = contextlib.ExitStack()
        self._text = b""

    def run(self) -> None:
        """Build and say the last word; what goes wrong is the last word."""
        name = self._request.path.rpartition("/")[2]
        try:
            with self._closing:
                self._build()
        except Cancelled:
            return
        except GoraeError as error:
            lines = self._text.decode("utf-8", "replace").split("\n")
            self._stream.say({"error": translate.failure(error, lines, name)})
        finally:
            self._cancel.close()

    def _build(self) -> None:
        asked = self._asked
        contexts, layouts = {}, {}
        for name, source in asked.contexts.items():
            if source.layout is not None:
                tree = self._context(name, source).tree
                layouts[name] = LayoutContext(tree, source.tag, source.digest, source.shown)
            elif not source.image:
                contexts[name] = self._context(name, source)
        client = StreamClient(
            self._stream, {one.id for one in asked.secrets}, {one.id for one in asked.ssh}
        )
        built = self._builds.build(
            self._request,
            contexts,
            folders=self._folders(),
            layouts=layouts,
            emit=lambda update: self._stream.say(translate.status(update)),
            cancel=self._cancel,
            client=client,
            seen=self._seen,
        )
        self._stream.say(
            {
                "result": {
                    "image_id": built.image_id,
                    "digest": built.manifest if self._leaves() else built.image_id,
                    "config_digest": built.image_id,
                    "names": list(built.names),
                    "build_id": built.build_id,
                }
            }
        )

    def _leaves(self) -> bool:
        """Whether the image goes elsewhere, by its manifest's digest; in the engine it is known by its id alone."""
        return any(
            one.get("push") == "true" or one.get("type") in ("registry", "oci")
            for one in self._asked.outputs
        )

    def _seen(self, text: bytes) -> None:
        """The Dockerfile, for excerpts of it."""
        self._text = text

    def _folders(self) -> dict[str, ContextTree]:
        """Those of local caches. One that is written to is only looked at where it can be had without an upload."""
        found = {}
        for name, source in self._asked.folders.items():
            if name.startswith(wire.CACHE_TO):
                fd = self._take(source.fd) if source.fd is not None else -1
                if fd >= 0:
                    found[name] = self._folder(fd)
            else:
                found[name] = self._context(name, source)
        return found

    def _context(self, name: str, source: wire.Source) -> ContextTree:
        number = source.fd if source.layout is None else source.layout
        if number is not None:
            fd = self._take(number)
            if fd >= 0:
                return self._folder(fd)
            return self._upload(name)
        if source.upload:
            return self._upload(name)
        if source.empty:
            return self._empty()
        if source.git or source.url:
            return self._builds.fetch(source.git or source.url, self._cancel, self._closing)
        raise InvalidArgument(f'the context "{name}" does not say where it is')

    def _take(self, number: int) -> int:
        """A descriptor of the client's; -1 where it cannot be had."""
        if self._connection is None:
            return -1
        try:
            fd = peer.take_directory(self._connection, number)
        except KernelError:
            return -1
        self._closing.callback(os.close, fd)
        return fd

    def _folder(self, fd: int) -> ContextTree:
        info = os.fstat(fd)
        root = f"{info.st_dev}:{info.st_ino}"
        known = self._builds.known.of(root)
        return ContextTree(
            Folder(fd, known, as_root=True), kept=lambda: self._builds.known.keep(root, known)
        )

    def _spool(self) -> Spool:
        spool = Spool(self._builds.scratch)
        self._closing.callback(spool.close)
        return spool

    def _empty(self) -> ContextTree:
        spool = self._spool()
        spool.end()
        return ContextTree(spool)

    def _upload(self, name: str) -> ContextTree:
        spool = self._spool()
        _, incoming = self._stream.ask("upload", context=name)
        thread = threading.Thread(
            target=spool.receive, args=(cast("BinaryIO", incoming),), name="build-upload"
        )

        def stop() -> None:
            spool.abandon(Cancelled("the build is over"))
            incoming.abandon()
            thread.join()
            incoming.close()

        self._closing.callback(stop)
        thread.start()
        return ContextTree(spool)
