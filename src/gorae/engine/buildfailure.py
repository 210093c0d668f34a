"""Build steps that failed, kept for an hour so that a shell can be opened in their state; blocking.

    build/failed/<build id>/<mount's number>/source    files of a context that a mount of the step showed

A row comes last, so that a folder or a snapshot without one is garbage. A lease of the row's own life holds the layers,
over a daemon's death too; the collector takes them when it has run out.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gorae.build import remains, selection
from gorae.build.cancel import Cancel
from gorae.build.folder import Folder
from gorae.build.mounting import Mounting
from gorae.build.progress import Progress
from gorae.build.remains import Remains
from gorae.build.result import Result
from gorae.build.running import CommandFailed, Runner
from gorae.build.session import Client, Session
from gorae.build.solver import Solving, StepFailed
from gorae.build.terminal import Terminal
from gorae.build.transfer import Selected
from gorae.build.vertex import RunAction, State
from gorae.build.workspace import Workspaces
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound
from gorae.store import tree as trees
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import failures as rows

LIFETIME_NS = 3600 * 1_000_000_000
MAX_KEPT = 8
MAX_SHELLS = 8
KEPT_FOR = "a failed step's state is kept for an hour"


@dataclass(frozen=True, slots=True)
class ShellWish:
    """What is asked for: `before`: the state before the step; `argv` empty: the step's own shell."""

    before: bool = False
    argv: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed step that is kept."""

    id: str
    project: str
    created_ns: int
    expires_ns: int
    left: str
    remains: Remains


class BuildFailures:
    """The service."""

    def __init__(
        self,
        store: Store,
        directory: Path,
        scratch: Path,
        workspaces: Workspaces,
        mounting: Mounting,
        runner: Runner,
    ) -> None:
        self._store = store
        self._directory = directory
        self._scratch = scratch
        self._workspaces = workspaces
        self._mounting = mounting
        self._runner = runner
        self._open = threading.BoundedSemaphore(MAX_SHELLS)
        self._keeping = threading.Lock()

    # keeping ----------------------------------------------------------------------------------

    def keep(self, error: StepFailed, session: Session, solving: Solving) -> bool:
        """Keep what a shell needs of the step, in place of what was kept of the project before; whether it is kept.

        A failure that is not the step's own (a full disk, a client that left) keeps nothing, and keeping never hides
        the failure itself.
        """
        if not isinstance(error.cause, (InvalidArgument, NotFound, Conflict)):
            return False
        try:
            with self._keeping:
                self._keep(error, session, solving)
        except (GoraeError, OSError):
            return False
        return True

    def _keep(self, error: StepFailed, session: Session, solving: Solving) -> None:
        action, cause = error.step.action, error.cause
        failed = cause if isinstance(cause, CommandFailed) else None
        mounts = action.mounts if isinstance(action, RunAction) else ()
        states = {
            number: solving.result(one.source).chain_id
            for number, one in enumerate(mounts)
            if isinstance(one.source, State)
        }
        found = remains.of(
            replace(error.step, label=session.watch.mask(error.step.label)),
            error=cause.message,
            code=failed.code if failed else 0,
            parent=error.parent.chain_id,
            states=states,
            limits=session.limits,
        )
        found = replace(found, label=session.watch.mask(found.label))
        if failed is None or failed.copies is None:
            found = replace(found, mounts=tuple(one for one in found.mounts if not one.copy))
        else:
            self._directory.mkdir(exist_ok=True, mode=0o700)
            failed.copies.rename(self._directory / session.id)
        now = time.time_ns()
        left = failed.left if failed else ""
        row = rows.FailureRow(
            session.id, session.project, now, now + LIFETIME_NS, left, remains.encode(found)
        )
        held = [one for one in (left, *found.states) if one]

        def write(tx: Tx) -> list[str]:
            gone = _superseded(rows.all_rows(tx), row.project)
            for one in gone:
                rows.delete(tx, one)
            rows.insert(tx, row, held)
            return gone

        self._discard_folders(self._store.db.write(write))

    # finding and removing ---------------------------------------------------------------------

    def find(self, build: str = "", project: str = "") -> Failure:
        """The failure of a build by its id or the beginning of it; the last one (of a project) without.

        Raises:
            NotFound: none is kept.
        """
        now = time.time_ns()
        for row in self._store.db.read(rows.all_rows):
            wanted = row.id.startswith(build) and (not project or row.project == project)
            if wanted and row.expires_ns > now:
                return Failure(
                    row.id,
                    row.project,
                    row.created_ns,
                    row.expires_ns,
                    row.snapshot,
                    remains.decode(row.document),
                )
        of = f' of build "{build}"' if build else f" of {project}" if project else ""
        raise NotFound(f"no failed step{of} is kept: {KEPT_FOR}")

    def discard(self, *, expired: bool = False) -> int:
        """Let all of them go, or those whose hour is over; how many. The collector frees their layers."""
        now = time.time_ns()

        def write(tx: Tx) -> list[str]:
            gone = [one.id for one in rows.all_rows(tx) if not expired or one.expires_ns <= now]
            for one in gone:
                rows.delete(tx, one)
            return gone

        if not self._store.db.read(rows.all_rows):
            return 0
        gone = self._store.db.write(write)
        self._discard_folders(gone)
        return len(gone)

    def start(self) -> None:
        """At the daemon's start: what is over, and what a killed daemon left without a row."""
        self.discard(expired=True)
        for one, _ in self.strays():
            self.remove(one)

    def strays(self) -> list[tuple[str, str]]:
        """What is half there: a failure's id, and what is wrong with it.

        Folders are looked for first, but a row comes after its folder: what is being kept just now is looked for again.
        """
        names = self._folders()
        known = {one.id: one for one in self._store.db.read(rows.all_rows)}
        loose = [one for one in names if one not in known]
        if loose:
            with self._keeping:
                known |= {one.id: one for one in self._store.db.read(rows.all_rows)}
        found = [(one, "is a folder without a row") for one in loose if one not in known]
        for one in known.values():
            if one.snapshot and not self._store.snapshots.exists(one.snapshot):
                found.append((one.id, "is recorded, but what it left is gone"))
        return found

    def _folders(self) -> list[str]:
        with suppress(FileNotFoundError):
            return os.listdir(self._directory)
        return []

    def remove(self, failure_id: str) -> None:
        """Let one go, whatever there is of it."""
        self._store.db.write(lambda tx: rows.delete(tx, failure_id))
        self._discard_folders([failure_id])

    def _discard_folders(self, ids: Sequence[str]) -> None:
        for one in ids:
            trees.remove(self._directory / one)

    # the shell --------------------------------------------------------------------------------

    def shell(
        self,
        failure: Failure,
        wish: ShellWish,
        *,
        client: Client,
        terminal: Terminal,
        cancel: Cancel,
    ) -> int:
        """A command in the state that is asked for; its status. Nothing of it stays.

        Raises:
            Conflict: too many are open. NotFound: the state is gone. Cancelled. GoraeError: it cannot be started.
        """
        if not self._open.acquire(blocking=False):
            raise Conflict(f"{MAX_SHELLS} shells in build steps are open: leave one of them first")
        try:
            return self._shell(failure, wish, client, terminal, cancel)
        finally:
            self._open.release()

    def _shell(
        self,
        failure: Failure,
        wish: ShellWish,
        client: Client,
        terminal: Terminal,
        cancel: Cancel,
    ) -> int:
        kept = failure.remains
        state = kept.parent if wish.before or not failure.left else failure.left
        term = ("TERM=xterm",) if terminal.wanted else ()
        action = kept.action(wish.argv or (kept.shell,), (*term, *wish.env))
        with Lease(self._store.db) as lease, ExitStack() as stack:
            self._hold(lease, [state, *kept.states])
            session = Session(
                id=failure.id,
                project=failure.project,
                progress=Progress(lambda _: None),
                cancel=cancel,
                lease=lease,
                limits=kept.limits,
                client=client,
                scratch=self._scratch,
            )
            place = stack.enter_context(self._workspaces.prepare(state))
            selected = self._copies(failure, stack)
            sources = {
                str(number): Result("", one.state, ())
                for number, one in enumerate(kept.mounts)
                if one.state is not None
            }
            ready = stack.enter_context(
                self._mounting.ready(action, selected, sources, place, session)
            )
            return self._runner.shell(action, place, ready, kept.limits, terminal, cancel)

    def _hold(self, lease: Lease, keys: Sequence[str]) -> None:
        """For as long as the shell is open, whatever becomes of the row. Raises: NotFound: it is gone already."""

        def write(tx: Tx) -> None:
            for key in filter(None, keys):
                lease.hold(tx, "snapshot", key)

        self._store.db.write(write, durable=False)
        if not all(self._store.snapshots.exists(one) for one in keys if one):
            raise NotFound("the step's state is not here any more: build again")

    def _copies(self, failure: Failure, stack: ExitStack) -> Mapping[str, Selected]:
        """What the step's mounts showed of contexts."""
        found = {}
        for number, one in enumerate(failure.remains.mounts):
            if one.copy:
                path = self._directory / failure.id / str(number)
                fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                stack.callback(os.close, fd)
                tree = Folder(fd)
                taken = selection.select(tree, ["source"])
                found[str(number)] = Selected([(tree, two, False) for two in taken])
        return found


def _superseded(known: Sequence[rows.FailureRow], project: str) -> list[str]:
    """Which rows make room for one more: the same project's, and the oldest beyond the limit. Newest first. Pure."""
    others = [one for one in known if one.project != project]
    return [one.id for one in known if one.project == project] + [
        one.id for one in others[MAX_KEPT - 1 :]
    ]
