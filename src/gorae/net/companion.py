"""A program of ours that outlives the daemon, as the daemon sees it: started when it is not there, asked over a socket.

The daemon tells it everything again when it finds a new one, so the program keeps no file: its memory and the
daemon's rows are two copies of the same facts. A program of another version is told to leave and replaced.
"""

import contextlib
import json
import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gorae import errors
from gorae.errors import GoraeError, Internal, Unavailable
from gorae.linux import process
from gorae.version import VERSION

START_PATIENCE_S = 60.0
ANSWER_PATIENCE_S = 20.0
RESTART_DELAY_S = 0.1
_STEP_S = 0.01
SOURCE = Path(__file__).parents[2]


class Companion:
    """One program, by its module; `tell_all` is called when a new one has to learn everything."""

    def __init__(self, module: str, directory: Path, arguments: tuple[str, ...] = ()) -> None:
        self._module = module
        self._directory = directory
        self._path = directory / "control"
        self._arguments = arguments
        self._lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._reader: Any = None
        self._closed = False
        self.tell_all: Callable[[], None] = lambda: None

    def ask(self, do: str, **document: Any) -> Any:
        """One question and its answer; the program is started, and told everything, when it is not there.

        Raises:
            GoraeError: what the program answered. Unavailable: it does not answer.
        """
        with self._lock:
            for attempt in (1, 2):
                try:
                    self._ensure()
                    return self._exchange(do, document)
                except (OSError, ValueError) as error:
                    self._disconnect()
                    if attempt == 2:
                        raise Unavailable(
                            f'program "{self._module}" does not answer: {error}'
                        ) from error
        raise Internal("unreachable")

    @property
    def started(self) -> bool:
        """Whether it was ever needed by this daemon, or is there from an earlier one."""
        return self._socket is not None or self._path.exists()

    def _exchange(self, do: str, document: dict[str, Any]) -> Any:
        assert self._socket is not None
        self._socket.sendall(json.dumps({"do": do, **document}).encode() + b"\n")
        line = self._reader.readline()
        if not line:
            raise OSError("it ended")
        answer = json.loads(line)
        if "error" in answer:
            kind = getattr(errors, answer.get("kind", ""), Internal)
            raise (kind if issubclass(kind, GoraeError) else Internal)(answer["error"])
        return answer["ok"]

    def _ensure(self) -> None:
        if self._socket is not None:
            return
        if not self._connect():
            self._start()
        elif self._exchange("version", {}) != VERSION:
            with contextlib.suppress(OSError, ValueError):
                self._exchange("leave", {})
            self._disconnect()
            self._start()
        self.tell_all()

    def _connect(self) -> bool:
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.settimeout(ANSWER_PATIENCE_S)
        try:
            one.connect(str(self._path))
        except OSError:
            one.close()
            return False
        self._socket, self._reader = one, one.makefile("rb")
        self._watch(one)
        return True

    def _watch(self, one: socket.socket) -> None:
        """Start the program anew when it ends, though nobody asks it anything just then."""
        (pid,) = struct.unpack("i2I", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[:1]
        with contextlib.suppress(ProcessLookupError):
            pidfd = os.pidfd_open(pid)
            threading.Thread(
                target=self._await_end, args=(one, pidfd), name=self._module, daemon=True
            ).start()

    def _await_end(self, one: socket.socket, pidfd: int) -> None:
        try:
            select.select([pidfd], [], [])
        finally:
            os.close(pidfd)
        with self._lock:
            if self._socket is not one or self._closed:
                return
            self._disconnect()
            time.sleep(RESTART_DELAY_S)
            with contextlib.suppress(GoraeError, OSError, ValueError):  # the next question tells
                self._ensure()

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._reader.close()
            self._socket.close()
            self._socket = None

    def _start(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = [sys.executable, "-P", "-m", self._module, str(self._path), *self._arguments]
        # What this process stands on is not always where a bare interpreter looks: an installed copy has its own place.
        path = os.pathsep.join(dict.fromkeys([str(SOURCE), *filter(os.path.isabs, sys.path)]))
        env = {"PATH": process.PATH, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        log = os.open(
            self._directory / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
        )
        try:
            started = process.spawn(argv, env=env, stderr=log, cwd="/", new_session=True)
        finally:
            os.close(log)
        deadline = time.monotonic() + START_PATIENCE_S
        while not self._connect():
            if started.poll() is not None or time.monotonic() > deadline:
                words = (self._directory / "log").read_text(errors="replace").strip()[-300:]
                raise Unavailable(
                    f'program "{self._module}" did not start: {words or "no word of why"}'
                )
            time.sleep(_STEP_S)
        threading.Thread(target=started.wait, name=self._module, daemon=True).start()  # reaped

    def close(self) -> None:
        """The daemon leaves; the program stays while there is something for it to do."""
        self._closed = True
        with self._lock:
            self._disconnect()
