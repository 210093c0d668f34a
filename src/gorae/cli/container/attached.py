"""What `run`, `start -a` and `attach` share: stream, exit status, signals, window size.

The order is docker's and matters: attach, then wait, then start; else output is lost.
"""

from __future__ import annotations

import select

from gorae.cli import detach, signals, terminal
from gorae.cli.stream import Attachment
from gorae.client import jsontext
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.client.session import Session
    from gorae.client.transport import Response


class ExitWait:
    """A registered wait for a container's exit; its answer comes later."""

    def __init__(self, session: Session, container: str, condition: str) -> None:
        self._response: Response = session.call(
            "POST", f"/containers/{container}/wait", {"condition": condition}
        )

    def fileno(self) -> int:
        """Readable when the status has come."""
        return self._response.fileno()

    @property
    def pending(self) -> bool:
        """Whether it has come already."""
        return self._response.pending

    def status(self) -> int:
        """The exit status; 125 with a complaint in the answer, as docker's client."""
        body = self._response.read()
        self._response.close()
        document: dict[str, Any] = jsontext.decode(body) if body.strip() else {}
        failure = (document.get("Error") or {}).get("Message")
        if failure:
            return 125
        return int(document.get("StatusCode", 125))


class Proxy:
    """Passes signals to the container, window changes as resizes."""

    def __init__(
        self, call: Invocation, container: str, *, forward: bool, tty: bool, path: str = ""
    ) -> None:
        self._session = call.new_session()
        self._console = call.console
        self._container = container
        self._resize_path = path or f"/containers/{container}/resize"
        caught = list(signals.FORWARDED) if forward else []
        self._tty = tty and call.console.out.is_terminal
        if self._tty:
            caught.append(signals.WINDOW_CHANGED)
        self.reader = signals.SignalReader(caught)

    def resize(self) -> bool:
        """Tell the engine our window's size; whether it took it."""
        if not self._tty:
            return True
        rows, columns = terminal.size(self._console.out.descriptor)
        if not rows and not columns:
            return True
        try:
            self._session.post(self._resize_path, {"h": rows, "w": columns})
        except GoraeError:
            return False
        return True

    def on_signal(self, number: int) -> None:
        """Carry out one signal; a container that has just gone is no failure."""
        if number == signals.WINDOW_CHANGED:
            self.resize()
            return
        try:
            self._session.post(
                f"/containers/{self._container}/kill", {"signal": signals.NAMES[number]}
            )
        except GoraeError:
            return

    def close(self) -> None:
        """Stop catching."""
        self.reader.close()


def detach_keys(call: Invocation) -> bytes:
    """The keys of `--detach-keys`, else of the configuration, else ctrl-p ctrl-q."""
    text = call.options.text("detach-keys")
    if not text:
        return detach.DEFAULT
    try:
        return detach.parse_keys(text)
    except InvalidArgument as error:
        call.console.complain(f"invalid detach escape keys, using default: {error}")
        return detach.DEFAULT


def open_stream(
    call: Invocation,
    container: str,
    *,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
    logs: bool = False,
) -> Attachment:
    """Attach to a container."""
    keys = detach_keys(call)
    query = {
        "stream": True,
        "stdin": stdin or None,
        "stdout": stdout or None,
        "stderr": stderr or None,
        "logs": logs or None,
        "detachKeys": call.options.text("detach-keys") or None,
    }
    stream = call.session.hijack(f"/containers/{container}/attach", query)
    return Attachment(
        stream, call.console, stdin=stdin, tty=tty, keys=keys, stdout=stdout, stderr=stderr
    )


def follow(attachment: Attachment, waiting: ExitWait, proxy: Proxy, *, output: bool) -> int | None:
    """Copy until the container exits or the user detaches.

    Args:
        output: whether any output is attached; else the status alone ends it.

    Returns:
        The exit status; None after a detach.
    """
    try:
        exited = attachment.run(beside=waiting, signals=proxy.reader, on_signal=proxy.on_signal)
        if exited and output:
            attachment.run(signals=proxy.reader, on_signal=proxy.on_signal)
        if attachment.detached:
            return None
        while not exited and not waiting.pending:
            exited = _wait_beside(waiting, proxy)
        return waiting.status()
    finally:
        attachment.restore()
        proxy.close()


def _wait_beside(waiting: ExitWait, proxy: Proxy) -> bool:
    """Wait for the status while signals still go through."""
    poller = select.poll()
    poller.register(waiting.fileno(), select.POLLIN)
    poller.register(proxy.reader.fileno(), select.POLLIN)
    ready = dict(poller.poll())
    for number in proxy.reader.take():
        proxy.on_signal(number)
    return waiting.fileno() in ready
