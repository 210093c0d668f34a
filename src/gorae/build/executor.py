"""A step carried out: its workspace prepared, its action done, its layer told and committed; blocking."""

import contextlib
import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gorae.build import stubs, transfer
from gorae.build.clamp import clamp
from gorae.build.layerscan import LayerScan
from gorae.build.mounting import Mounting
from gorae.build.progress import STDERR, STDOUT, Progress, Vertex
from gorae.build.result import MAX_LAYERS, Cache, Result, extended
from gorae.build.running import CommandFailed, Ready, Runner
from gorae.build.session import Session
from gorae.build.vertex import RunAction, Step, TransferAction, WorkdirAction
from gorae.build.workspace import Workspace, Workspaces
from gorae.errors import GoraeError, InvalidArgument
from gorae.store.archive.pack import pack_layer

FAILED = "failed-"
"""How the key of a snapshot begins that a failed command left."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a step is carried out with: the selections and results of what it reads, by mount target or empty."""

    parent: Result
    selected: dict[str, transfer.Selected]
    sources: dict[str, Result]


class Executor:
    """Carries steps out."""

    def __init__(
        self, workspaces: Workspaces, runner: Runner, mounting: Mounting, cache: Cache
    ) -> None:
        self._workspaces = workspaces
        self._runner = runner
        self._mounting = mounting
        self._cache = cache

    def execute(
        self, step: Step, key: str, given: Given, session: Session, vertex: Vertex
    ) -> Result:
        """The step's result, committed and held by the session's lease.

        Raises:
            GoraeError: it failed, or it would keep a secret; nothing is left. Cancelled.
        """
        if len(given.parent.diff_ids) >= MAX_LAYERS:
            raise InvalidArgument(f"max depth exceeded: more than {MAX_LAYERS} layers")
        with self._workspaces.prepare(given.parent.chain_id) as place:
            try:
                made = self._act(step, given, place, session, vertex)
            except CommandFailed as failure:
                self._keep(failure, place, session)
                raise
            upper = self._without_stubs(place, made)
            if session.rewrite and session.epoch is not None:
                clamp(upper, session.epoch)
            scan = session.watch.layer() if session.watch.looks_at_layers else None
            packed = pack_layer(upper, observe=scan.observe if scan else None)
            leaks = session.watch.made(step, packed.diff_id, scan) if scan else None
            chain = extended(given.parent.chain_id, packed.diff_id)
            self._cache.commit(place.key, packed, chain, session.lease)
        return Result(
            key=key,
            row=key,
            chain_id=chain,
            diff_ids=(*given.parent.diff_ids, packed.diff_id),
            added=True,
            size_bytes=packed.content_bytes,
            created_ns=time.time_ns() if session.epoch is None else session.epoch * 10**9,
            leaks=leaks,
        )

    def look(self, result: Result, scan: LayerScan) -> None:
        """Show a scan the files of a layer that is here."""
        pack_layer(self._workspaces.layer(result.chain_id), observe=scan.observe)

    def _without_stubs(self, place: Workspace, made: Sequence[str]) -> Path:
        """What the step itself wrote, unmounted; mount points that were made for it are taken out."""
        self._workspaces.leave(place)
        upper = self._workspaces.upper(place)
        if made:
            stubs.remove(upper, made)
            stubs.drop_opened(upper, self._workspaces.lowers(place), made)
        return upper

    def _act(
        self, step: Step, given: Given, place: Workspace, session: Session, vertex: Vertex
    ) -> list[str]:
        """Do it; mount points that were made in the file system."""
        match step.action:
            case RunAction():
                return self._run(step.action, given, place, session, vertex)
            case TransferAction():
                transfer.copy(
                    step.action, given.selected.get("") or transfer.Selected(), place, session
                )
            case WorkdirAction():
                transfer.workdir(step.action, place)
        return []

    def _run(
        self, action: RunAction, given: Given, place: Workspace, session: Session, vertex: Vertex
    ) -> list[str]:
        progress: Progress = session.progress
        logs = {
            stream: session.watch.log(functools.partial(progress.log, vertex, stream))
            for stream in (STDOUT, STDERR)
        }
        failed = True
        try:
            with (
                self._mounting.ready(
                    action, given.selected, given.sources, place, session
                ) as ready,
                _setting_aside(ready, session.scratch / "failed" / place.key),
            ):
                made = self._runner.run(
                    action,
                    place,
                    ready,
                    session.limits,
                    lambda stream, data: logs[stream].write(data),
                    session.cancel,
                )
            failed = False
        finally:
            for log in logs.values():
                log.end(failed=failed)
        return made

    def _keep(self, failure: CommandFailed, place: Workspace, session: Session) -> None:
        """What a failed command left, as a snapshot of the build's lease; a disk that is full keeps nothing.

        Nor is kept what holds a secret, where the guard would not let a layer of it be.
        """
        left = f"{FAILED}{place.key}"
        with contextlib.suppress(GoraeError, OSError):
            upper = self._without_stubs(place, failure.made)
            if session.watch.refuses(lambda scan: pack_layer(upper, observe=scan.observe)):
                return
            self._cache.keep(place.key, left, session.lease)
            failure.left = left


@contextlib.contextmanager
def _setting_aside(ready: Ready, folder: Path) -> Iterator[None]:
    """The files of contexts that a failed command saw, out of the reach of the mounts' end."""
    try:
        yield
    except CommandFailed as failure:
        if ready.copies:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True)
                for number, copy in ready.copies.items():
                    copy.rename(folder / str(number))
                failure.copies = folder
        raise
