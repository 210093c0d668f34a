"""Secrets and SSH agents of a build: read when the engine asks for one, never before and never kept."""

from __future__ import annotations

import os

from gorae.cli.builder import attributes
from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SECRET_BYTES = 500 << 10
"""BuildKit's own limit."""


class Secrets:
    """What `--secret` named.

    Raises:
        InvalidArgument: a wrong text. NotFound: its file is not there.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._sources: dict[str, dict[str, str]] = {}
        for text in texts:
            found = attributes.secret(text)
            path = found.get("file", "")
            if path and not os.path.exists(path):
                raise NotFound(f'secret "{found["id"]}": no such file: "{path}"')
            self._sources[found["id"]] = found

    @property
    def ids(self) -> list[str]:
        """Which there are."""
        return list(self._sources)

    def value(self, identifier: str) -> bytes:
        """The secret itself.

        Raises:
            NotFound: it was not named, or its file or variable is gone. InvalidArgument: too large.
        """
        source = self._sources.get(identifier)
        if source is None:
            raise NotFound(f"secret {identifier}: not found")
        variable = source.get("env") or source.get("env_or_file", "")
        if variable and variable in os.environ:
            return os.environb[os.fsencode(variable)]
        path = source.get("file") or source.get("env_or_file", "")
        if not path:
            raise NotFound(f'secret {identifier}: the variable "{variable}" is not set')
        return _read(identifier, path)


def _read(identifier: str, path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise NotFound(f'secret {identifier}: cannot read "{path}": {reason}') from None
    if len(data) > MAX_SECRET_BYTES:
        raise InvalidArgument(
            f'secret {identifier}: "{path}" has more than {MAX_SECRET_BYTES} bytes'
        )
    return data


class Agents:
    """What `--ssh` named: sockets of agents. Keys are served by an agent that we start for the build's length."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._paths: dict[str, str] = {}
        self._keys: dict[str, list[str]] = {}
        for text in texts:
            found = attributes.ssh(text)
            identifier, paths = str(found["id"]), found["paths"]
            assert isinstance(paths, list)
            self._add(identifier, paths)
        self._started: list[int] = []

    def _add(self, identifier: str, paths: list[str]) -> None:
        socket = os.environ.get("SSH_AUTH_SOCK", "")
        if not paths and not socket:
            raise InvalidArgument(
                f'ssh "{identifier}": SSH_AUTH_SOCK is not set: start an agent, or say {identifier}=KEYFILE'
            )
        for path in paths:
            if not os.path.exists(path):
                raise NotFound(f'ssh "{identifier}": no such file: "{path}"')
        if not paths or _is_socket(paths[0]):
            self._paths[identifier] = paths[0] if paths else socket
        else:
            self._keys[identifier] = paths

    @property
    def ids(self) -> list[str]:
        """Which there are."""
        return [*self._paths, *self._keys]

    def socket(self, identifier: str) -> str:
        """The path of an agent's socket.

        Raises:
            NotFound: none was named so. InvalidArgument: its keys were refused by ssh-add.
        """
        if identifier in self._keys and identifier not in self._paths:
            from gorae.cli.builder import sshagent

            path, process = sshagent.start(self._keys[identifier])
            self._paths[identifier] = path
            self._started.append(process)
        if identifier not in self._paths:
            raise NotFound(f"ssh {identifier}: not found: pass --ssh {identifier}")
        return self._paths[identifier]

    def close(self) -> None:
        """End the agents that were started."""
        import signal

        for process in self._started:
            try:
                os.kill(process, signal.SIGTERM)
            except ProcessLookupError:
                continue
        self._started.clear()


def _is_socket(path: str) -> bool:
    import stat

    return stat.S_ISSOCK(os.stat(path).st_mode)
