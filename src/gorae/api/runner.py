"""How the application is served: limits on a request's head, and answers to what is no HTTP in our own form.

aiohttp answers a request that it cannot parse by itself, before any handler: as text, in its own name. Here it says
it as every other failure is said.
"""

from aiohttp import web

from gorae.api import errors
from gorae.api.app import HEADERS

MAX_HEAD_BYTES = 256 << 10
"""Of the request line, and of one header: registries' credentials and build arguments travel there."""
READ_AHEAD_BYTES = 1 << 20
"""How much of a request's body the server takes before somebody reads it."""


def runner(app: web.Application) -> web.AppRunner:
    """The runner; handlers of clients that leave are cancelled (see `make_app`)."""
    return _Runner(
        app,
        handle_signals=False,
        access_log=None,
        shutdown_timeout=1,
        handler_cancellation=True,
        read_bufsize=READ_AHEAD_BYTES,
        max_line_size=MAX_HEAD_BYTES,
        max_field_size=MAX_HEAD_BYTES,
    )


def words(message: str) -> str:
    """The parser's message as one line: what follows its first line, or quotes bytes, is for a terminal."""
    first = message.strip().partition("\n")[0].partition(": b")[0]
    reason = first.strip().rstrip(":.")
    return f"malformed HTTP request: {reason[:1].lower()}{reason[1:]}" if reason else "bad request"


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


class _Server(web.Server):
    def __call__(self) -> "_Protocol":
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Protocol(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A request that could not be parsed (400), or one whose handler broke in a way that `Gate` does not see."""
        super().handle_error(request, status, exc, message)  # it logs, and refuses a second answer
        said = words(message or "") if status < 500 else "internal error: see the daemon's log"
        answer = web.Response(
            status=status,
            body=errors.body_of(said),
            headers={**HEADERS, "Content-Type": "application/json"},
        )
        answer.force_close()
        return answer
