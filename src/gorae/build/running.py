"""RUN: a command in a container of its own on the step's file system, its output followed until it ends.

What it is mounted: the files of its network (`hosts`, `resolv.conf`), and what its --mount flags ask for, made ready by
`mounting`. Its end is the step's; a cancelled build kills it.
"""

import contextlib
import os
import select
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from gorae.build import stubs
from gorae.build.cancel import Cancel
from gorae.build.terminal import Terminal
from gorae.build.vertex import RunAction
from gorae.build.workspace import Workspace
from gorae.dockerfile.quote import quoted
from gorae.errors import GoraeError, InvalidArgument
from gorae.linux.fd import open_root
from gorae.runtime import capabilities, user
from gorae.runtime.config import (
    MountPoint,
    Namespaces,
    Process,
    Resources,
    Rlimit,
    RuntimeConfig,
    Seccomp,
)
from gorae.runtime.foreground import Foreground, Running
from gorae.runtime.host import HostFacts
from gorae.runtime.resources import group_path

PIECE = 64 << 10
NOT_STARTED = "unable to start container process"
"""The runtime's words for a program that cannot be run: a failure of the command, as BuildKit tells it."""
FILTER_WAIT_MS = 5
FILTER_TRIES = 100
Output = Callable[[int, bytes], None]
"""(1 for standard output, 2 for standard error; the bytes)."""


class Networks(Protocol):
    """Places in the network, filled in by the engine."""

    def join(self, step_id: str, mode: str) -> str:
        """`host`, `private` (nothing but a loopback), or the path of a namespace. Raises: GoraeError."""

    def leave(self, step_id: str) -> None:
        """Give it back; found gone is fine."""

    def resolv_conf(self, mode: str) -> str:
        """The text of /etc/resolv.conf in it."""

    def host_gateway(self) -> str:
        """The host's address as commands reach it, for `--add-host NAME:host-gateway`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request says for all of its RUNs."""

    add_hosts: tuple[str, ...] = ()
    shm_size_bytes: int = 64 << 20
    ulimits: tuple[Rlimit, ...] = ()
    cgroup_parent: str = ""
    resources: Resources = Resources()


@dataclass(slots=True)
class Ready:
    """Mounts made ready for one run: `points` for the runtime, `env` of secrets, `copies` of contexts' files by the
    mounts' numbers.
    """

    points: list[MountPoint] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    copies: dict[int, Path] = field(default_factory=dict)


class CommandFailed(InvalidArgument):
    """The command ended with a status other than 0.

    `made`: mount points in its file system; `left`: the snapshot of what it left, held by the build's lease; `copies`: the folder of what its mounts showed of
    contexts, by their numbers. Empty when it could not be kept.
    """

    def __init__(self, argv: Sequence[str], code: int, made: Sequence[str] = ()) -> None:
        command = " ".join(argv)
        super().__init__(
            f"process {quoted(command)} did not complete successfully: exit code: {code}"
        )
        self.command = command
        self.code = code
        self.made = tuple(made)
        self.left = ""
        self.copies: Path | None = None


class Runner:
    """Runs commands."""

    def __init__(
        self,
        foreground: Foreground,
        host: HostFacts,
        networks: Networks,
        exec_root: Path,
        *,
        cgroup_parent: str,
        expect_start: Callable[[], object] = lambda: None,
    ) -> None:
        self._foreground = foreground
        self._host = host
        self._networks = networks
        self._directory = exec_root / "build"
        self._cgroup_parent = cgroup_parent
        self._expect_start = expect_start

    def run(
        self,
        action: RunAction,
        place: Workspace,
        ready: Ready,
        limits: Limits,
        output: Output,
        cancel: Cancel,
    ) -> list[str]:
        """Run the command to its end; the mount points that it left in the file system.

        Raises:
            CommandFailed: its status is not 0. Cancelled. GoraeError: it could not be started, in docker's words.
        """
        with self._inside(action, place, ready, limits) as (config, made):
            try:
                code = self._follow(config, output, cancel)
            except GoraeError as error:
                if NOT_STARTED not in error.message:
                    raise
                output(2, f"{error.message}\n".encode("utf-8", "replace"))
                raise CommandFailed(action.argv, 1, made) from None
        cancel.check()
        if code:
            raise CommandFailed(action.argv, code, made)
        return made

    def shell(
        self,
        action: RunAction,
        place: Workspace,
        ready: Ready,
        limits: Limits,
        terminal: Terminal,
        cancel: Cancel,
    ) -> int:
        """Run a command with somebody at its streams; its status.

        Raises:
            Cancelled. GoraeError: it could not be started, in docker's words.
        """
        with self._inside(action, place, ready, limits) as (config, _):
            process = replace(config.process, terminal=terminal.wanted)
            return terminal.follow(self._foreground, replace(config, process=process), cancel)

    @contextlib.contextmanager
    def _inside(
        self, action: RunAction, place: Workspace, ready: Ready, limits: Limits
    ) -> Iterator[tuple[RuntimeConfig, list[str]]]:
        """What a command's container is, and the mount points that are made in its file system; its network is there."""
        self._expect_start()
        directory = self._directory / place.key
        directory.mkdir(parents=True, mode=0o711)
        try:
            namespace = self._networks.join(place.key, action.network)
            try:
                points = [*self._files(action, directory, limits), *ready.points]
                targets = [one.target for one in points]
                if limits.shm_size_bytes != Limits().shm_size_bytes:
                    targets.append("/dev/shm")
                made = stubs.missing(place.root_fd, targets)
                stubs.make_standard(place.root_fd)
                yield self._config(action, place, points, ready.env, namespace, limits), made
            finally:
                self._networks.leave(place.key)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _files(self, action: RunAction, directory: Path, limits: Limits) -> list[MountPoint]:
        (directory / "hosts").write_text(
            _HOSTS.format(hostname=action.hostname)
            + extra_hosts(limits.add_hosts, self._networks.host_gateway)
        )
        (directory / "resolv.conf").write_text(self._networks.resolv_conf(action.network))
        names = ("resolv.conf", "hosts")
        found = [
            MountPoint(
                "bind", str(directory / name), f"/etc/{name}", readonly=True, recursive=False
            )
            for name in names
        ]
        if action.script is not None:
            path = directory / "script"
            path.write_bytes(action.script[1].encode("utf-8", "surrogateescape"))
            path.chmod(0o755)
            target = f"/dev/pipes/{action.script[0]}"
            found.append(MountPoint("bind", str(path), target, readonly=True, recursive=False))
        return found

    def _config(
        self,
        action: RunAction,
        place: Workspace,
        points: list[MountPoint],
        secrets: list[str],
        namespace: str,
        limits: Limits,
    ) -> RuntimeConfig:
        insecure = action.security == "insecure"
        with open_root(str(place.rootfs)) as root_fd:
            try:
                who = user.lookup(root_fd, action.user)
            except InvalidArgument as error:
                said = f"process {quoted(' '.join(action.argv))} did not complete successfully"
                raise InvalidArgument(f"{said}: {error.message}") from None
            home = user.home(root_fd, who.uid)
        env = [*action.proxies, *action.env, *secrets]
        if not any(one.startswith("HOME=") for one in env):
            env.append(f"HOME={home or '/'}")
        return RuntimeConfig(
            id=place.key,
            rootfs=str(place.rootfs),
            process=Process(
                args=action.argv,
                env=tuple(env),
                cwd=action.cwd,
                user=who,
                capabilities=capabilities.resolve(
                    (), (), privileged=insecure, available=self._host.capabilities
                ),
                rlimits=limits.ulimits,
            ),
            hostname=action.hostname,
            mounts=tuple(points),
            resources=limits.resources,
            namespaces=Namespaces(
                network=namespace,
                cgroup="host" if insecure else self._host.default_cgroupns,
            ),
            seccomp=Seccomp("unconfined") if insecure else Seccomp(),
            privileged=insecure,
            shm_size_bytes=limits.shm_size_bytes,
            cgroup_path=group_path(limits.cgroup_parent, self._cgroup_parent, place.key),
        )

    def _follow(self, config: RuntimeConfig, output: Output, cancel: Cancel) -> int:
        with contextlib.ExitStack() as closing:
            with contextlib.ExitStack() as theirs:
                out, out_child = _pipe(closing, theirs)
                err, err_child = _pipe(closing, theirs)
                running = self._foreground.start(config, stdout=out_child, stderr=err_child)
            with running.ended_on_failure():
                _read({out: 1, err: 2}, output, cancel, running)
            return running.wait()


GATEWAY = "host-gateway"
_HOSTS = "127.0.0.1\tlocalhost {hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n"


def extra_hosts(add_hosts: Sequence[str], gateway: Callable[[], str]) -> str:
    """`name:address` and `name=address` as lines; the address may be `host-gateway`."""
    lines = []
    for one in add_hosts:
        name, _, address = one.partition("=" if "=" in one.partition(":")[0] else ":")
        address = gateway() if address == GATEWAY else address.strip("[]")
        lines.append(f"{address}\t{name}\n")
    return "".join(lines)


def _pipe(ours: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, int]:
    read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
    ours.callback(os.close, read_fd)
    theirs.callback(os.close, write_fd)
    return read_fd, write_fd


def _read(streams: dict[int, int], output: Output, cancel: Cancel, running: Running) -> None:
    """Pass on what comes until both streams end. Raises: Cancelled."""
    poll = select.poll()
    for fd in streams:
        poll.register(fd, select.POLLIN)
    poll.register(cancel.fileno(), select.POLLIN)
    left = set(streams)
    waiting = FILTER_TRIES if running.filter_key else 0
    while left:
        for fd, _ in poll.poll(FILTER_WAIT_MS if waiting else None):
            if fd == cancel.fileno():
                cancel.check()
            data = os.read(fd, PIECE)
            if data:
                output(streams[fd], data)
            else:
                poll.unregister(fd)
                left.discard(fd)
        if waiting:
            waiting = 0 if running.keep_filter() else waiting - 1
