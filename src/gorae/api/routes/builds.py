"""Builds: the classic endpoint, and gorae's own."""

import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO, cast

from aiohttp import web

from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.bridge import BodyReader, lines_of
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes import buildshell, ownbuild
from gorae.api.translate.build import classic_request
from gorae.build.cancel import Cancel
from gorae.build.request import BuildRequest, Built
from gorae.build.session import ContextTree
from gorae.build.spool import Spool
from gorae.engine import classicbuild
from gorae.engine.buildcache import Wanted
from gorae.engine.builds import Building
from gorae.engine.classicbuild import Narrator
from gorae.errors import Cancelled, GoraeError, InvalidArgument, SyntaxFault
from gorae.wire import image as wire
from gorae.wire import progress

GROUP = "Image"


def routes(services: Services) -> list[Route]:
    """The operations."""
    one = Builds(services)
    post = functools.partial(Route, "POST", group=GROUP)
    return [
        post("/build", one.classic, "ImageBuild", summary="From a Dockerfile", streams=True),
        post("/build/prune", one.prune, "BuildPrune", summary="Remove build cache"),
        Route(
            "POST",
            "/gorae/build",
            one.own,
            "GoraeBuild",
            "System",
            summary="From a Dockerfile, over a conversation of frames",
            streams=True,
            own=True,
        ),
        Route(
            "POST",
            "/gorae/build/shell",
            one.shell,
            "GoraeBuildShell",
            "System",
            summary="A shell in a failed step's state",
            streams=True,
            own=True,
        ),
        Route(
            "GET",
            "/gorae/build/records",
            one.records,
            "GoraeBuildRecords",
            "System",
            summary="Builds that have ended, the newest first",
            own=True,
        ),
        Route(
            "GET",
            "/gorae/build/why",
            one.why,
            "GoraeBuildWhy",
            "System",
            summary="Why each step of a build ran",
            own=True,
        ),
    ]


class Builds:
    """The handlers; builds block, each in a thread of their own pool."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._builds = services.builds

    async def prune(self, call: Call) -> web.Response:
        """What went, and the bytes freed."""
        wanted = prune_choice(call)
        gone, freed = await self._services.run_sweep(self._builds.usage.prune, wanted)
        return answer.document(wire.BuildPruned(gone or None, freed))

    async def records(self, _: Call) -> web.Response:
        """All that are kept."""
        return answer.document(await self._services.run(self._builds.records.all))

    async def why(self, call: Call) -> web.Response:
        """`build`: an id or its beginning; `project`: the last build of one; `step`: a number, that step alone."""
        records, asked = self._builds.records, (call.text("build"), call.text("project"))
        step = call.number("step")
        if step is None:
            return answer.document(await self._services.run(records.find, *asked))
        return answer.document(await self._services.run(records.step, *asked, step))

    async def own(self, call: Call) -> web.StreamResponse:
        """See `ownbuild`."""
        return await ownbuild.serve(self._services, call)

    async def shell(self, call: Call) -> web.StreamResponse:
        """See `buildshell`."""
        return await buildshell.serve(self._services, call)

    async def classic(self, call: Call) -> web.StreamResponse:
        """The answer begins while the upload still runs."""
        request = classic_request(call)
        return await stream.messages(call, self._classic(call, request))

    async def _classic(self, call: Call, request: BuildRequest) -> AsyncIterator[bytes]:
        quiet, cancel = call.flag("q"), Cancel()
        spool = Spool(self._builds.scratch)
        async with contextlib.aclosing(BodyReader(call.request.content)) as body:

            def work(emit: Callable[[bytes], None]) -> None:
                receiver = threading.Thread(
                    target=spool.receive, args=(cast("BinaryIO", body),), name="build-upload"
                )
                receiver.start()
                try:
                    self._work(
                        request,
                        spool,
                        emit,
                        cancel,
                        quiet=quiet,
                        remove=call.flag("rm", default=True),
                    )
                finally:
                    spool.abandon(Cancelled("the build is over"))
                    receiver.join()
                    spool.close()
                    cancel.close()

            lines = lines_of(self._services.run_build, work)
            try:
                async for line in lines:
                    yield line
            finally:
                cancel.set("the client left")

    def _work(
        self,
        request: BuildRequest,
        spool: Spool,
        emit: Callable[[bytes], None],
        cancel: Cancel,
        *,
        quiet: bool,
        remove: bool,
    ) -> None:
        say: Callable[[str], None] = (
            (lambda _: None) if quiet else (lambda text: emit(progress.output(text)))
        )
        narrator = Narrator(say, remove=remove)
        unused: list[str] = []

        def narrate(building: Building) -> None:
            narrator.tell(building)
            unused.extend(building.plan.unused_args)

        try:
            built = self._builds.build(
                request,
                {"": ContextTree(spool)},
                emit=narrator.update,
                cancel=cancel,
                narrate=narrate,
            )
        except SyntaxFault as error:
            raise InvalidArgument(classicbuild.refusal(error)) from error
        except GoraeError as error:
            if isinstance(error, Cancelled):
                raise
            message, code = classicbuild.failure(error)
            emit(progress.failure(message, code=code))
            return
        self._tell_end(built, tuple(unused), emit, quiet=quiet)

    def _tell_end(
        self, built: Built, unused: tuple[str, ...], emit: Callable[[bytes], None], *, quiet: bool
    ) -> None:
        if quiet:
            emit(progress.output(f"{built.image_id}\n"))
            return
        lines = classicbuild.story_end(built, unused)
        for line in lines:
            if line.startswith("Successfully built"):
                emit(progress.auxiliary({"ID": built.image_id}))
            emit(progress.output(line))


def prune_choice(call: Call) -> Wanted:
    """What a prune's parameters say; `keep-storage` is the older name of `reserved-space`."""
    return Wanted(
        all=call.flag("all"),
        filters=call.filters().as_lists(),
        reserved_bytes=call.number("reserved-space") or call.number("keep-storage") or 0,
        max_used_bytes=call.number("max-used-space") or 0,
        min_free_bytes=call.number("min-free-space") or 0,
    )
