"""Driver of an OCI runtime (crun, runc or another) through its command line, and its errors in docker's words.

The monitor creates containers and execs through the runtime; the rest is called from here. Docker's CLI derives
its exit status from words of the error (`executable file not found`, `no such file or directory`: 127;
`permission denied`, `is a directory`: 126), so each runtime's own words are turned into docker's.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gorae.errors import Conflict, GoraeError, Internal, InvalidArgument, NotFound
from gorae.linux import process
from gorae.runtime.programversion import ProgramVersion, program_version

TIMEOUT_S = 30
PREFERRED = ("crun", "runc")
ALIASES = ("io.containerd.runc.v2",)
CREATE = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: "
)
START = "failed to start task: OCI runtime start failed: "
EXEC = "OCI runtime exec failed: exec failed: "
START_PROCESS = "unable to start container process: "
INIT = "error during container init: "
NOT_A_DIRECTORY = (
    ": Are you trying to mount a directory onto a file (or vice-versa)? "
    "Check if the specified host path exists and is the expected type"
)


@dataclass(frozen=True, slots=True)
class OciRuntime:
    """A runtime's program; `root` is where it keeps its state, empty for its own default."""

    name: str
    path: str
    root: str = ""

    @classmethod
    def find(cls, wanted: str = "") -> "OciRuntime":
        """The runtime of that name or path; of an empty name crun, else runc.

        Raises:
            NotFound: none is installed.
        """
        for name in (wanted,) if wanted else PREFERRED:
            path = shutil.which(name, path=process.PATH)
            if path:
                return cls(Path(path).name, path)
        names = wanted or " or ".join(PREFERRED)
        raise NotFound(f'no OCI runtime "{names}" in {process.PATH}')

    def at(self, root: Path) -> "OciRuntime":
        """The same, with its state below `root`."""
        return replace(self, root=str(root))

    @property
    def global_arguments(self) -> tuple[str, ...]:
        """What stands before every command."""
        return ("--root", self.root) if self.root else ()

    def version(self) -> ProgramVersion:
        """As the program says it."""
        return program_version(self.path)

    def start(self, container_id: str) -> None:
        """Let a created container's process run. Raises: GoraeError: in docker's words."""
        self._call(START, "start", container_id)

    def delete(self, container_id: str, *, force: bool = False) -> None:
        """Remove what the runtime keeps of a container and its cgroup; `force` kills it first.

        Raises:
            GoraeError: it runs, or the runtime failed. Not there is fine.
        """
        arguments = ["delete", *(["--force"] if force else []), container_id]
        done = self._run(*arguments)
        if done.returncode and not _is_missing(done.stderr):
            raise Internal(f"{self.name} delete failed: {_last_words(done.stderr)}")

    def state(self, container_id: str) -> dict[str, Any] | None:
        """The OCI state document; None when the runtime knows no such container."""
        done = self._run("state", container_id)
        if done.returncode:
            return None
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def update(self, container_id: str, resources: dict[str, Any]) -> None:
        """Set new limits: an OCI `linux.resources`. Raises: GoraeError."""
        done = self._run(
            "update", "--resources", "/dev/stdin", container_id, content=json.dumps(resources)
        )
        if done.returncode:
            words = _last_words(done.stderr)
            raise Internal(f"Cannot update container {container_id}: {self.name}: {words}")

    def _call(self, prefix: str, *arguments: str) -> None:
        done = self._run(*arguments)
        if done.returncode:
            raise translated(_last_words(done.stderr), prefix=prefix, runtime=self.name, command="")

    def _run(self, *arguments: str, content: str = "") -> process.Completed:
        argv = [self.path, *self.global_arguments, *arguments]
        return process.run(
            argv, stdin=content.encode(), env={"PATH": process.PATH}, timeout_s=TIMEOUT_S
        )


@dataclass(frozen=True, slots=True)
class Runtimes:
    """The runtimes that a container may ask for by name; the daemon's own goes by docker's names too."""

    default: OciRuntime
    more: dict[str, str] = field(default_factory=dict)
    """Name -> path, as configured."""

    def find(self, name: str) -> OciRuntime:
        """Raises: InvalidArgument: nobody knows it, or it is not installed."""
        if name in ("", self.default.name, *ALIASES):
            return self.default
        place = self.more.get(name) or (name if name in PREFERRED else "")
        path = shutil.which(place, path=process.PATH) if place else None
        if not path:
            raise InvalidArgument(f"unknown or invalid runtime name: {name}")
        return OciRuntime(Path(path).name, path, self.default.root)


def translated(words: str, *, prefix: str, runtime: str, command: str) -> GoraeError:
    """The runtime's words as docker says them; `prefix` tells what failed, `command` what was to run."""
    if prefix == EXEC and _STOPPED.search(words):
        return Conflict(f"{EXEC}cannot exec in a stopped container")
    creating = prefix == CREATE
    if creating and (found := _NO_DIRECTORY.search(words)):
        return InvalidArgument(f"Cannot mkdir: {found.group(1)} is not a directory")
    before = f"{prefix}{runtime} create failed: " if creating else prefix
    for pattern, sentence in _SENTENCES:
        found = re.search(pattern, words)
        if found is not None:
            what = sentence(command, *found.groups())
            return InvalidArgument(before + _process_words(what, creating=creating))
    return Internal(before + words)


def _process_words(what: str, *, creating: bool) -> str:
    if not what.startswith(("exec: ", "chdir ", "error mounting ")):
        return what
    return (
        START_PROCESS
        + (INIT if creating else "")
        + what
        + (NOT_A_DIRECTORY if _is_enotdir(what) else "")
    )


def _is_enotdir(what: str) -> bool:
    return what.endswith("not a directory")


def _not_found(command: str, name: str) -> str:
    if "/" in name:
        return f'exec: "{name}": stat {name}: no such file or directory'
    return f'exec: "{name}": executable file not found in $PATH'


def _not_a_file(command: str) -> str:
    if not command:
        return 'exec: "": executable file not found in $PATH'
    return f'exec: "{command}": is a directory: permission denied'


def _not_executable(command: str, reason: str) -> str:
    if reason == "Not a directory":
        return f'exec: "{command}": stat {command}: not a directory'
    return f'exec: "{command}": {reason.lower()}'


def _working_directory(command: str, path: str, reason: str) -> str:
    return f'chdir to cwd ("{path}") set in config.json failed: {reason.lower()}'


def _mount(command: str, source: str, target: str, reason: str) -> str:
    where = "/" + target.strip("/")
    return f'error mounting "{source}" to rootfs at "{where}": {reason.lower()}'


def _sysctl(command: str, name: str) -> str:
    return f'sysctl "{name}" is not in a separate kernel namespace'


def _sysctl_of_host(command: str, name: str) -> str:
    return f'sysctl "{name}" not allowed in host network namespace'


def _docker_words(command: str, words: str) -> str:
    return words


_STOPPED = re.compile(
    r"container `.*` is not running|/status`: No such file or directory"
    r"|container does not exist|stopped container"
)
_NO_DIRECTORY = re.compile(r"(?:chdir(?: to)? `|mkdir )([^`:]*)`?: (?i:not) a directory")
"""A working directory that is to be made below a file: docker makes it itself, before the runtime is asked."""

_SENTENCES: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"executable file `(.*)` not found in \$PATH", _not_found),
    (r"open executable: (?:Operation not permitted|Is a directory)", _not_a_file),
    (r"(?:open executable|exec `.*`|execve?): (.+)", _not_executable),
    (r"chdir(?: to)? `(.*)`: (.+)", _working_directory),
    (r"mount `(.*)` to `(.*)`: (.+)", _mount),
    (r"the sysctl `(.*)` is not namespaced", _sysctl),
    (r"the sysctl `(.*)` requires a new network namespace", _sysctl_of_host),
    (r"(exec: \".*|chdir to cwd .*)", _docker_words),
)
"""What crun says; and last what runc says, which is docker's wording by itself."""


def _is_missing(stderr: bytes) -> bool:
    return b"does not exist" in stderr or b"No such file or directory" in stderr


def _last_words(stderr: bytes) -> str:
    """The last line, of a log record only its message."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    return plain_words(lines[-1]) if lines else "no word of why"


def plain_words(line: str) -> str:
    """A line of a runtime's error output without the trappings of its log format."""
    found = re.search(r'msg="((?:[^"\\]|\\.)*)"', line)
    if found:
        return re.sub(r"\\(.)", r"\1", found.group(1))
    return re.sub(r"^\d{4}-\S+ ", "", line.strip())
