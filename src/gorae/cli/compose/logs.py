"""`compose logs`: the lines of many containers, each with its name in front."""

from __future__ import annotations

import threading
import time

from gorae.cli import timestamp
from gorae.cli.container.logs import moment
from gorae.cli.options import Command, Option
from gorae.client.stdcopy import Demultiplexer
from gorae.errors import GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gorae.cli.compose.main import Inner
    from gorae.client.session import Session
    from gorae.compose.plan import Found

_LOOK_S = 0.1
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


def run(call: Inner) -> int:
    """Show or follow."""
    options = call.options
    found = call.compose.containers(call.arguments)
    index = options.number("index")
    if index:
        found = [one for one in found if one.number == index]
    follower = Follower(
        call,
        found,
        prefix=not options.flag("no-log-prefix"),
        colour=not options.flag("no-color"),
        query={
            "since": moment(call, "since"),
            "until": moment(call, "until"),
            "tail": options.text("tail"),
            "timestamps": options.flag("timestamps") or None,
        },
    )
    if options.flag("follow"):
        follower.run(found)
    else:
        follower.show()
    return 0


class Follower:
    """Reads the logs of containers, each by a thread, and writes whole lines."""

    def __init__(
        self,
        call: Inner,
        found: Sequence[Found],
        *,
        prefix: bool,
        colour: bool = True,
        query: dict[str, object] | None = None,
    ) -> None:
        self._call = call
        self._found = list(found)
        self._query = query or {}
        self._lock = threading.Lock()
        self._prefixes: dict[str, str] = {}
        short = {one.id: _short(one, call.compose.name) for one in found}
        width = max((len(text) for text in short.values()), default=0)
        for index, one in enumerate(found):
            text = f"{short[one.id]:<{width}}  | "
            if colour and call.console.out.is_terminal:
                text = f"\x1b[{_COLOURS[index % len(_COLOURS)]}m{text}\x1b[0m"
            self._prefixes[one.id] = text if prefix else ""

    def show(self) -> None:
        """What was written, container after container."""
        for one in self._found:
            self._read(one, follow=False)

    def run(
        self, watched: Sequence[Found], *, stop_at_first: bool = False, patience_s: float = 1
    ) -> Found | None:
        """Follow until all have ended, or one where that is enough: that one.

        Args:
            patience_s: how long one that has ended may take to come back: restarted, or made anew.
        """
        done = threading.Condition()
        ended: list[Found] = []
        shown = {one.id for one in self._found}

        def attend(one: Found) -> None:
            try:
                self._attend(one, one.id in shown, 0 if stop_at_first else patience_s)
            except (GoraeError, OSError) as error:
                self._line(one.id, str(error), name_only=True)
            with done:
                ended.append(one)
                done.notify_all()

        for one in watched:
            threading.Thread(target=attend, args=(one,), daemon=True).start()
        with done:
            while len(ended) < (1 if stop_at_first else len(watched)):
                done.wait(0.5)
        return ended[0] if ended else None

    def _attend(self, one: Found, shown: bool, patience_s: float) -> None:
        """One container's life after life: its lines, how it ended, and whether it comes back."""
        session = self._call.new_session()
        since = None
        while True:
            life = self._state(session, one)
            if shown:
                self._read(one, follow=True, since=since)
            state = self._state(session, one)
            if state.get("Running") and state.get("StartedAt") == life.get("StartedAt"):
                session.post(f"/containers/{one.id}/wait")
                state = self._state(session, one)
            if state and not state.get("Running"):
                self._line(one.id, f"exited with code {state['ExitCode']}", name_only=True)
            back = self._back(session, one, life, state, patience_s)
            if back is None:
                return
            one, since = back

    def _state(self, session: Session, one: Found) -> dict[str, Any]:
        """Empty when the container is gone."""
        try:
            found: dict[str, Any] = session.get(f"/containers/{one.id}/json")["State"]
        except NotFound:
            return {}
        return found

    def _made(self, session: Session, one: Found) -> str:
        try:
            return str(session.get(f"/containers/{one.id}/json")["Created"])
        except NotFound:
            return ""

    def _back(
        self,
        session: Session,
        one: Found,
        life: dict[str, Any],
        ended: dict[str, Any],
        patience_s: float,
    ) -> tuple[Found, str | None] | None:
        """The container of the same service and number in a later life, and since when its lines are new.

        That is the end of the life before, or the making of another container: the first lines may be older than what
        the engine calls the start.
        """
        from gorae.compose import state

        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            time.sleep(_LOOK_S)
            for other in state.containers(session, self._call.compose.name, oneoff=False):
                if (other.service, other.number) != (one.service, one.number):
                    continue
                found = self._state(session, other)
                if found.get("Restarting"):
                    end = time.monotonic() + patience_s
                elif found.get("Running") and found["StartedAt"] != life.get("StartedAt"):
                    self._prefixes[other.id] = self._prefixes.get(one.id, "")
                    since = (
                        ended.get("FinishedAt")
                        if other.id == one.id
                        else self._made(session, other)
                    )
                    return other, timestamp.query_value(since, time.time()) if since else None
        return None

    def _read(self, one: Found, *, follow: bool, since: str | None = None) -> None:
        session = self._call.new_session()
        try:
            tty = session.get(f"/containers/{one.id}/json")["Config"]["Tty"]
            query = {"stdout": True, "stderr": True, "follow": follow or None, **self._query}
            if since is not None:
                query["since"] = since
            response = session.call("GET", f"/containers/{one.id}/logs", query)
            frames = None if tty else Demultiplexer()
            rest = b""
            for piece in response.chunks():
                data = (
                    piece
                    if frames is None
                    else b"".join(payload for _, payload in frames.feed(piece))
                )
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._line(one.id, line.decode("utf-8", "replace").rstrip("\r"))
            if rest:
                self._line(one.id, rest.decode("utf-8", "replace"))
        except (GoraeError, OSError) as error:
            self._line(one.id, f"cannot read the log: {error}")

    def _line(self, container: str, text: str, *, name_only: bool = False) -> None:
        with self._lock:
            prefix = self._prefixes.get(container, "")
            if name_only:
                prefix = prefix.replace("  | ", " ").rstrip() + " " if prefix else ""
            self._call.console.out.line(f"{prefix}{text}")
            self._call.console.out.flush()


def _short(one: Found, project: str) -> str:
    return one.name.removeprefix(f"{project}-")


COMMAND = Command(
    "compose logs",
    "[OPTIONS] [SERVICE...]",
    "show what containers wrote",
    run,
    (
        Option("f follow", "bool", "go on as more is written"),
        Option("index", "int", "one container of a service"),
        Option("no-color", "bool", "without colours"),
        Option("no-log-prefix", "bool", "lines without the container's name"),
        Option("since", "string", "show lines since a time or a span"),
        Option("n tail", "string", "number of lines from the end", default="all"),
        Option("t timestamps", "bool", "show the time of each line"),
        Option("until", "string", "show lines before a time or a span"),
    ),
    arguments=(0, None),
)
