"""Images: the list, inspect, names, removal, archives in and out."""

import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, BinaryIO, cast

from aiohttp import web

from gorae import errors
from gorae.api import answer, stream
from gorae.api.backend import Services
from gorae.api.bridge import AnswerWriter, BodyReader, lines_of
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.api.routes import transfer
from gorae.api.translate import create, search
from gorae.api.translate import image as translate
from gorae.engine.commit import CommitOptions, of_spec
from gorae.engine.images import Image
from gorae.engine.pulls import PullOptions
from gorae.engine.pushes import PushOptions
from gorae.engine.when import parse_rfc3339_ns
from gorae.errors import InvalidArgument
from gorae.wire import image as wire
from gorae.wire import progress
from gorae.wire.container import ContainerCreate
from gorae.wire.timestamp import parse_moment

GROUP = "Image"
LIST_FILTERS = ("before", "dangling", "label", "label!", "reference", "since", "until")
SEARCH_FILTERS = ("is-automated", "is-official", "stars")
PRUNE_FILTERS = ("dangling", "label", "label!", "until")


def routes(services: Services) -> list[Route]:
    """Seventeen operations."""
    one = Images(services)
    route = functools.partial(Route, group=GROUP)
    get, post = functools.partial(route, "GET"), functools.partial(route, "POST")
    at = "/images/{name}"
    return [
        get("/images/json", one.list, "ImageList", summary="Images in a list"),
        post(
            "/images/create", one.create, "ImageCreate", summary="Import one, or pull", streams=True
        ),
        get(f"{at}/json", one.inspect, "ImageInspect", summary="All about one"),
        get(f"{at}/history", one.history, "ImageHistory", summary="How it was made"),
        post(f"{at}/tag", one.tag, "ImageTag", summary="Give it a further name"),
        post(f"{at}/push", one.push, "ImagePush", summary="To its registry", streams=True),
        route("DELETE", at, one.delete, "ImageDelete", summary="Take a name away, or the image"),
        get("/images/search", one.search, "ImageSearch", summary="Repositories by a word"),
        post("/images/prune", one.prune, "ImagePrune", summary="Remove unused ones"),
        get(f"{at}/get", one.save, "ImageGet", summary="One as an archive", streams=True),
        get(
            "/images/get",
            one.save_all,
            "ImageGetAll",
            summary="Several in one archive",
            streams=True,
        ),
        post("/images/load", one.load, "ImageLoad", summary="From an archive", streams=True),
        post("/commit", one.commit, "ImageCommit", summary="Of a container"),
        post("/session", later("session"), "Session", summary="Not yet: 501"),
    ]


def later(what: str) -> Callable[[Call], Any]:
    """A handler of something that is not there yet."""

    async def refuse(_: Call) -> web.Response:
        raise errors.NotImplemented(f"{what} is not offered by this engine yet")

    return refuse


def prune_filters(call: Call) -> dict[str, list[str]]:
    """A prune's filters, checked."""
    filters = call.filters(*PRUNE_FILTERS)
    for text in filters.values("until"):
        parse_moment(text, time.time_ns())  # wrong words are told even where no image is looked at
    filters.flag("dangling", default=True)
    return filters.as_lists()


class Images:
    """The handlers; the services block, so they run in the pools."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._images = services.images
        self._run = services.run

    # reading ----------------------------------------------------------------------------------

    async def list(self, call: Call) -> web.Response:
        """Those that the filters take, newest first."""
        filters = call.filters(*LIST_FILTERS)
        filters.flag("dangling", default=False)
        found = await self._run(self._images.list_images, filters.as_lists())
        used = [one.spec.image_id for one in self._services.containers.all()]
        shared = 0 if call.flag("shared-size") else -1
        return answer.document(
            [
                translate.summary(
                    one, call.version, containers=used.count(one.id), shared_bytes=shared
                )
                for one in found
            ]
        )

    async def inspect(self, call: Call) -> web.Response:
        """One image."""
        one = await self._run(self._images.resolve, call.id)
        return answer.document(translate.inspect(one, call.version))

    async def history(self, call: Call) -> web.Response:
        """The last step first."""

        def read() -> tuple[Image, list[int]]:
            one = self._images.resolve(call.id)
            return one, self._images.layer_sizes(one)

        one, sizes = await self._run(read)
        created = [parse_rfc3339_ns(step.created) for step in one.config.history]
        return answer.document(translate.history(one, sizes, created))

    # names and removal ------------------------------------------------------------------------

    async def tag(self, call: Call) -> web.Response:
        """201."""
        repo, tag = call.text("repo"), call.text("tag")
        if not repo:
            raise InvalidArgument("invalid reference format")
        await self._run(self._images.tag, call.id, f"{repo}:{tag}" if tag else repo)
        return answer.nothing(201)

    async def delete(self, call: Call) -> web.Response:
        """What was untagged and what deleted."""
        gone = await self._services.run_sweep(
            self._images.remove, call.id, force=call.flag("force")
        )
        return answer.document(translate.removed(gone))

    async def prune(self, call: Call) -> web.Response:
        """Unused ones without a name; with `dangling=false` all unused."""
        gone, freed = await self._services.pruning.prune_images(
            prune_filters(call), batch=call.batch
        )
        return answer.document(wire.ImagesPruned(translate.removed(gone) or None, freed))

    async def commit(self, call: Call) -> web.Response:
        """The body may be a container's config, which then stands in for the container's own."""
        one = self._services.containers.get(call.text("container"))
        asked = await call.document(ContainerCreate, optional=True)
        repo, tag = call.text("repo"), call.text("tag")
        options = CommitOptions(
            reference=f"{repo}:{tag}" if repo and tag else repo,
            author=call.text("author"),
            message=call.text("comment"),
            changes=tuple(call.many("changes")),
            pause=call.flag("pause", default=True),
            base=of_spec(create.spec(asked)),
        )
        made = await self._services.commits.commit(one.id, options)
        return answer.document({"Id": made.id}, status=201)

    # archives ---------------------------------------------------------------------------------

    async def create(self, call: Call) -> web.StreamResponse:
        """Import (`fromSrc`) or pull (`fromImage`)."""
        if call.text("fromImage"):
            return await self._pull(call)
        source = call.text("fromSrc")
        if not source:
            raise InvalidArgument("fromImage or fromSrc is needed")
        return await stream.messages(call, self._import(call, source))

    async def _pull(self, call: Call) -> web.StreamResponse:
        """The headers go with the first line: what fails before is an ordinary answer."""
        wanted = transfer.named(call.text("fromImage"), call.text("tag"))
        options = PullOptions(
            platform=transfer.platform(call),
            credentials=transfer.credentials(call),
            verify_keys=transfer.verify_keys(call),
        )
        pulls = self._services.pulls
        work = pulls.pull if wanted.tag or wanted.digest else pulls.pull_all
        return await stream.messages(
            call, transfer.steps(self._services, functools.partial(work, wanted, options))
        )

    async def push(self, call: Call) -> web.StreamResponse:
        """The headers go with the first line, which comes before anything is looked for."""
        wanted = transfer.named(call.id, call.text("tag"))
        options = PushOptions(
            platform=transfer.pushed_platform(call), credentials=transfer.credentials(call)
        )
        work = functools.partial(self._services.pushes.push, wanted, options)
        return await stream.messages(call, transfer.steps(self._services, work))

    async def search(self, call: Call) -> web.Response:
        """Those that the filters take."""
        if not call.text("term"):
            raise InvalidArgument("bad request: term is needed")
        filters = call.filters(*SEARCH_FILTERS)
        takes = search.chosen(filters)
        limit = search.limit(call.text("limit"))
        found = await self._services.run_transfer(
            self._services.distribution.search,
            call.text("term"),
            limit,
            transfer.credentials(call),
        )
        return answer.document([search.document(one) for one in found if takes(one)])

    async def _import(self, call: Call, source: str) -> AsyncIterator[bytes]:
        repo, tag = call.text("repo"), call.text("tag")
        message = call.text("message") or f"Imported from {source}"
        async with contextlib.AsyncExitStack() as stack:
            if source == "-":
                sent = contextlib.aclosing(BodyReader(call.request.content))
                body = cast("BinaryIO", await stack.enter_async_context(sent))
            else:
                opened = await self._services.run_transfer(self._services.archives.open_url, source)
                body = stack.enter_context(opened)
            one: Image = await self._services.run_transfer(
                self._services.archives.import_rootfs,
                body,
                reference=f"{repo}:{tag}" if repo and tag else repo,
                changes=call.many("changes"),
                message=message,
            )
        yield progress.status(one.id)

    async def load(self, call: Call) -> web.StreamResponse:
        """Headers at once, as dockerd: an error is a line of the stream."""
        return await stream.messages(call, self._load(call), at_once=True)

    async def _load(self, call: Call) -> AsyncIterator[bytes]:
        archives = self._services.archives
        async with contextlib.aclosing(BodyReader(call.request.content)) as body:

            def work(emit: Callable[[bytes], None]) -> None:
                archives.load(cast("BinaryIO", body), lambda text: emit(progress.output(text)))

            async for line in lines_of(self._services.run_transfer, work):
                yield line

    async def save(self, call: Call) -> web.StreamResponse:
        """One image."""
        return await self._save(call, [call.id])

    async def save_all(self, call: Call) -> web.StreamResponse:
        """Those named, shared layers once."""
        names = call.many("names")
        if not names:
            raise InvalidArgument("no image is named")
        return await self._save(call, names)

    async def _save(self, call: Call, names: Sequence[str]) -> web.StreamResponse:
        await self._run(self._services.archives.check, names)
        writer = AnswerWriter()
        work = self._services.run_transfer(
            self._services.archives.save, names, cast("BinaryIO", writer)
        )
        return await stream.chunks(call, writer.pieces(work), answer.TAR)
