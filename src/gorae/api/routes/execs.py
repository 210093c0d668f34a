"""Execs: further processes in running containers."""

import base64

from aiohttp import web

from gorae.api import answer, hijack
from gorae.api.backend import Services
from gorae.api.call import Call
from gorae.api.route import Route
from gorae.engine.model import Exec, ExecSpec
from gorae.errors import InvalidArgument
from gorae.wire import detachkeys
from gorae.wire import exec as wire
from gorae.wire.container import IdResponse

GROUP = "Exec"


def routes(services: Services) -> list[Route]:
    """Five operations."""
    one = Execs(services)
    return [
        Route(
            "POST", "/containers/{id}/exec", one.create, "ContainerExec", GROUP, "Prepare a process"
        ),
        Route("POST", "/exec/{id}/start", one.start, "ExecStart", GROUP, "Start it", streams=True),
        Route("POST", "/exec/{id}/resize", one.resize, "ExecResize", GROUP, "Its terminal's size"),
        Route(
            "POST",
            "/exec/{id}/kill",
            one.kill,
            "GoraeExecKill",
            GROUP,
            "Signal it and all that it started",
            own=True,
        ),
        Route("GET", "/exec/{id}/json", one.inspect, "ExecInspect", GROUP, "All about it"),
    ]


class Execs:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._execs = services.execs

    async def create(self, call: Call) -> web.Response:
        """The id of a process to be started."""
        asked = await call.document(wire.ExecCreate)
        if not asked.cmd:
            raise InvalidArgument("No exec command specified")
        if asked.detach_keys:
            detachkeys.parse(asked.detach_keys)
        made = await self._execs.create(call.id, _spec(asked))
        return answer.document(IdResponse(made), status=201)

    async def start(self, call: Call) -> web.StreamResponse:
        """Detached: an empty answer when it runs. Else the connection becomes its streams."""
        asked = await call.document(wire.ExecStart, optional=True)
        one = self._execs.get(call.id)
        size = _size(asked.console_size)
        attachment = await self._execs.start(
            call.id, tty=asked.tty, detach=asked.detach, console_size=size
        )
        if attachment is None:
            return answer.nothing(200)
        detach = None
        if asked.tty and one.spec.attach_stdin:
            detach = detachkeys.DetachFilter(detachkeys.parse(one.spec.detach_keys))
        left = await hijack.hijack(call, attachment, tty=asked.tty, detach=detach)
        if left:
            self._publish_detach(one)
        return hijack.Hijacked()

    def _publish_detach(self, one: Exec) -> None:
        self._services.events.publish(
            "container", "exec_detach", one.container_id, {"execID": one.id}
        )

    async def resize(self, call: Call) -> web.Response:
        """Rows and columns from h and w."""
        rows, columns = call.size()
        await self._execs.resize(call.id, rows, columns)
        return answer.nothing(200)

    async def kill(self, call: Call) -> web.Response:
        """TERM unless a signal is named."""
        await self._execs.kill_all(call.id, call.text("signal") or "TERM")
        return answer.nothing()

    async def inspect(self, call: Call) -> web.Response:
        """The record."""
        return answer.document(document(self._execs.get(call.id)))


def _spec(asked: wire.ExecCreate) -> ExecSpec:
    return ExecSpec(
        cmd=tuple(asked.cmd or ()),
        env=tuple(asked.env or ()),
        working_dir=asked.working_dir,
        user=asked.user,
        tty=asked.tty,
        attach_stdin=asked.attach_stdin,
        attach_stdout=asked.attach_stdout,
        attach_stderr=asked.attach_stderr,
        privileged=asked.privileged,
        console_size=_size(asked.console_size),
        detach_keys=asked.detach_keys,
        kill_on_disconnect=asked.kill_on_disconnect,
    )


def _size(size: list[int] | None) -> tuple[int, int] | None:
    if not size or len(size) != 2 or not all(0 < one < 65536 for one in size):
        return None
    return size[0], size[1]


def document(one: Exec) -> wire.ExecInspect:
    """An exec as inspect tells it."""
    spec = one.spec
    keys = detachkeys.parse(spec.detach_keys) if spec.detach_keys else b""
    return wire.ExecInspect(
        id=one.id,
        running=one.running,
        exit_code=one.exit_code,
        process_config=wire.ProcessConfig(
            tty=spec.tty,
            entrypoint=spec.cmd[0],
            arguments=list(spec.cmd[1:]),
            privileged=spec.privileged,
            user=spec.user,
        ),
        open_stdin=spec.attach_stdin,
        open_stderr=spec.attach_stderr,
        open_stdout=spec.attach_stdout,
        can_remove=False,
        container_id=one.container_id,
        detach_keys=base64.b64encode(keys).decode(),
        pid=one.pid,
    )
