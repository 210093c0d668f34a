"""Secrets in images that exist."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from gorae.api import stream
from gorae.api.backend import Services
from gorae.api.bridge import lines_of
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.build.cancel import Cancel
from gorae.engine.imageleaks import Finding, Looked, Summary
from gorae.wire import codec
from gorae.wire import leak as wire

GROUP = "gorae"


def routes(services: Services) -> list[Route]:
    """One operation."""
    return [
        Route(
            "GET",
            "/gorae/images/{name}/leaks",
            Leaks(services).find,
            "GoraeImageLeaks",
            GROUP,
            "Secrets in its history, variables, labels and every layer's files",
            streams=True,
            own=True,
        )
    ]


class Leaks:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find(self, call: Call) -> web.StreamResponse:
        """A line for each as it is found; it ends when the client leaves."""
        return await stream.messages(call, self._find(call))

    async def _find(self, call: Call) -> AsyncIterator[bytes]:
        cancel = Cancel()

        def work(emit: Callable[[bytes], None]) -> None:
            try:
                self._services.leaks.find(call.id, lambda one: emit(_line(one)), cancel)
            finally:
                cancel.close()

        try:
            async for line in lines_of(self._services.run_sweep, work):
                yield line
        finally:
            cancel.set("the client left")


def _line(one: Finding | Looked | Summary) -> bytes:
    match one:
        case Finding():
            line = wire.Line(leak=_leak(one))
        case Looked():
            line = wire.Line(layer=wire.Layer(one.layer, one.layers))
        case Summary():
            line = wire.Line(
                summary=wire.Summary(
                    one.image_id, one.layers, one.files, one.size_bytes, one.findings
                )
            )
    return codec.encode(line) + b"\r\n"


def _leak(one: Finding) -> wire.Leak:
    hidden = None
    if one.hidden_by:
        hidden = wire.Hidden(one.hidden_by, one.hidden_how, one.hidden_created_by)
    return wire.Leak(
        place=one.place,
        what=one.what,
        excerpt=one.excerpt,
        path=one.path,
        line=one.line,
        layer=one.layer,
        diff_id=one.diff_id,
        created_by=one.created_by,
        hidden=hidden,
    )
