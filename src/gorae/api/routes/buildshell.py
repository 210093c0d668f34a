"""A shell in a failed build step's state: see `wire.build` for the conversation."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from gorae.api import conversation
from gorae.api.backend import Services
from gorae.api.buildstream import BuildStream, Outgoing, StreamClient
from gorae.api.call import Call
from gorae.build.cancel import Cancel
from gorae.build.terminal import STDERR, Terminal
from gorae.engine.buildfailure import Failure, ShellWish
from gorae.errors import Cancelled, GoraeError, InvalidArgument
from gorae.wire import build as wire

MAX_WORDS = 4096


async def serve(services: Services, call: Call) -> web.StreamResponse:
    """One shell over one connection; what cannot be opened at all is answered with an ordinary status."""
    asked = await call.document(wire.ShellRequest)
    conversation.check_upgrade(call)
    _check(asked)
    failures = services.builds.failures
    failure = await services.run(failures.find, asked.build, asked.project)

    def work(stream: BuildStream, cancel: Cancel, _: asyncio.Transport) -> Callable[[], None]:
        return _Work(services, asked, failure, stream, cancel).run

    return await conversation.hold(call, services.run_shell, work)


def _check(asked: wire.ShellRequest) -> None:
    if len(asked.command) > MAX_WORDS or len(asked.env) > MAX_WORDS:
        raise InvalidArgument(f"at most {MAX_WORDS} words of a command, and variables")
    for one in asked.env:
        if not one.partition("=")[0] or "=" not in one:
            raise InvalidArgument(f'invalid variable "{one}": it is NAME=value')
    if any("\0" in one for one in (*asked.command, *asked.env)):
        raise InvalidArgument("a NUL in the command or in a variable")


class _Work:
    """One shell in its thread."""

    def __init__(
        self,
        services: Services,
        asked: wire.ShellRequest,
        failure: Failure,
        stream: BuildStream,
        cancel: Cancel,
    ) -> None:
        self._failures = services.builds.failures
        self._asked = asked
        self._failure = failure
        self._stream = stream
        self._cancel = cancel

    def run(self) -> None:
        """Open it and say the last word; what goes wrong is the last word."""
        try:
            code = self._open()
        except Cancelled:
            return
        except GoraeError as error:
            self._stream.say({"error": {"message": error.message, "solve": False, "code": 0}})
        else:
            self._stream.say({"result": {"code": code}})
        finally:
            self._cancel.close()

    def _open(self) -> int:
        asked, kept = self._asked, self._failure.remains
        before = asked.before or not self._failure.left
        self._stream.say(
            {
                "shell": {
                    "build": self._failure.id,
                    "name": kept.label,
                    "before": before,
                    "command": list(kept.argv),
                    "error": kept.error,
                    "expires_ns": self._failure.expires_ns,
                }
            }
        )
        _, incoming = self._stream.ask("terminal")
        outputs: dict[int, Callable[[bytes], object]] = {}
        if not asked.tty:
            outputs[STDERR] = _flushed(self._stream.output("stderr", ""))

        def write(number: int, data: bytes) -> None:
            if number in outputs:
                outputs[number](data)
            else:
                self._stream.send_data(incoming.number, data)

        terminal = Terminal(incoming.piece, write, asked.tty, (asked.rows, asked.columns))
        self._stream.resized = terminal.resize
        client = StreamClient(
            self._stream, {one.id for one in asked.secrets}, {one.id for one in asked.ssh}
        )
        wish = ShellWish(before, tuple(asked.command), tuple(asked.env))
        try:
            return self._failures.shell(
                self._failure, wish, client=client, terminal=terminal, cancel=self._cancel
            )
        finally:
            incoming.abandon()
            incoming.close()


def _flushed(output: Outgoing) -> Callable[[bytes], object]:
    def write(data: bytes) -> None:
        output.write(data)
        output.flush()

    return write
