"""`gorae build shell`: a shell in the state of a build step that failed."""

from __future__ import annotations

import os

from gorae.cli import terminal
from gorae.cli.builder import secrets
from gorae.cli.builder.conversation import Answers, Conversation
from gorae.cli.container import environment
from gorae.cli.errors import NOT_FOUND, Exit, start_failure_code
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument, NotFound, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gorae.cli.builder.conversation import Asked
    from gorae.cli.console import Console
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Open it; the status is the command's."""
    options = call.options
    named = secrets.Secrets(options.items("secret"))
    agents = secrets.Agents(options.items("ssh"))
    tty = _wants_terminal(call)
    document: dict[str, Any] = {
        "before": options.flag("before"),
        "command": call.arguments,
        "env": environment.variables([], options.items("env")),
        "tty": tty,
        "secrets": [{"id": one} for one in named.ids],
        "ssh": [{"id": one} for one in agents.ids],
    }
    if tty:
        document["rows"], document["columns"] = terminal.size(call.console.out.descriptor)
    talk = Talk(call, named, agents, tty=tty)
    try:
        talk.run(document)
    finally:
        agents.close()
    if talk.failure is not None:
        said = str(talk.failure.get("message", ""))
        message = said.rpartition("container init: ")[2]
        code = start_failure_code(said)
        if code == NOT_FOUND and not call.arguments:
            message += "\nthe image has no such shell: give a command that it has (gorae build shell -- COMMAND)"
        raise Exit(code, message)
    if talk.code is None:
        raise Unavailable("the daemon ended the shell without a result: see its log")
    return talk.code


def _wants_terminal(call: Invocation) -> bool:
    """As said; else where both ends are one. Raises: InvalidArgument: there is none to give."""
    console = call.console
    is_one = console.input_is_terminal and console.out.is_terminal
    if not call.options.changed("tty"):
        return is_one
    wanted = call.options.flag("tty")
    terminal.check_input(console, attach_stdin=True, tty=wanted)
    return wanted


class Talk:
    """The conversation about one shell. `code`: the command's status, None before its end."""

    def __init__(
        self, call: Invocation, named: secrets.Secrets, agents: secrets.Agents, *, tty: bool
    ) -> None:
        self._call = call
        self._named = named
        self._agents = agents
        self._tty = tty
        self._size = (0, 0)
        self._end: End | None = None
        self._conversation: Conversation | None = None
        self.code: int | None = None
        self.failure: dict[str, Any] | None = None

    def run(self, document: dict[str, Any]) -> None:
        """Until the command has ended.

        Raises:
            NotFound: no failed step is kept. GoraeError: the engine refused.
        """
        self._size = (document.get("rows", 0), document.get("columns", 0))
        answers = Answers(
            secret=lambda asked: self._named.value(asked["name"]),
            agent=lambda asked: self._agents.socket(asked["name"]),
            upload=_nothing,
            output=self._output,
            auth=lambda _: {},
            terminal=self._sit_down,
        )
        stream = _stream(self._call, document)
        self._conversation = Conversation(stream, answers, self._take, self._tick)
        try:
            self._conversation.run()
        finally:
            if self._end is not None:
                self._end.close()

    def _sit_down(self, _: Asked) -> End:
        self._end = End(self._call.console, tty=self._tty)
        return self._end

    def _output(self, _: Asked) -> Callable[[bytes], None]:
        """What the command writes to standard error."""
        output = self._call.console.err

        def write(data: bytes) -> None:
            output.write(data)
            output.flush()

        return write

    def _tick(self) -> None:
        """Has the window another size?"""
        if not self._tty or self._conversation is None:
            return
        size = terminal.size(self._call.console.out.descriptor)
        if size != self._size and all(size):
            self._size = size
            self._conversation.say({"resize": {"rows": size[0], "columns": size[1]}})

    def _take(self, document: dict[str, Any]) -> None:
        if "result" in document:
            self.code = int(document["result"]["code"])
        elif "error" in document:
            self.failure = document["error"]
        elif "shell" in document and self._tty:
            self._call.console.complain(_banner(document["shell"]))


def _stream(call: Invocation, document: dict[str, Any]) -> Any:
    """Of the build that is named; else of the last failed one of this folder, else of the last."""
    build = call.options.text("build")
    if build:
        return call.session.hijack("/gorae/build/shell", None, {**document, "build": build})
    try:
        here = {**document, "project": os.path.realpath(".")}
        return call.session.hijack("/gorae/build/shell", None, here)
    except NotFound:
        return call.session.hijack("/gorae/build/shell", None, document)


def _banner(found: dict[str, Any]) -> str:
    """What one sits in."""
    when = "before the step" if found["before"] else "after the step, as it failed"
    lines = [f"{found['name']}: the state {when}", f"  {found['error']}"]
    lines.append("  nothing that is done here is kept; leave with exit")
    return "\n".join(lines)


class End:
    """Our own terminal, or pipes, as the other end of the shell's stream."""

    def __init__(self, console: Console, *, tty: bool) -> None:
        self._console = console
        self._mode = terminal.RawMode(console.input_descriptor) if tty else None

    def fileno(self) -> int:
        """Standard input."""
        return self._console.input_descriptor

    def recv(self, size: int, /) -> bytes:
        """What was typed; empty at the end."""
        try:
            return os.read(self._console.input_descriptor, size)
        except OSError:  # the terminal has gone
            return b""

    def sendall(self, data: bytes, /) -> None:
        """Show output."""
        self._console.out.write(data)
        self._console.out.flush()

    def close(self) -> None:
        """Give the terminal its mode back."""
        if self._mode is not None:
            self._mode.restore()


def _nothing(_: Asked) -> Iterator[bytes]:
    raise InvalidArgument("a shell takes no files")


COMMAND = Command(
    "build shell",
    "[OPTIONS] [COMMAND] [ARG...]",
    "open a shell in the state of a step that failed, for an hour after it did",
    run,
    (
        Option("before", "bool", "the state before the step, without what it wrote"),
        Option("build", "string", "of the build with this id, or the beginning of one"),
        environment.VARIABLE,
        Option("secret", "list", "a secret of the step's mounts (id=NAME,src=FILE or env=VARIABLE)"),
        Option("ssh", "list", "an SSH agent or keys for the step's mounts (default, ID=SOCKET, ID=KEY)"),
        Option("t tty", "bool", "give it a terminal (default: where there is one)"),
    ),
    arguments=(0, None),
    interspersed=False,
)  # fmt: skip
