"""Results for a plan: from the cache or by carrying steps out, independent stages beside each other; blocking.

A step is looked up by two keys. The quick one takes other stages by what they are made of, so that a stage whose copies
are all in the cache is not solved at all; where it misses, the sources are solved and the full key takes the contents
that are really read. The first miss of a stage starts everything that the rest of the stage reads, each in a thread of
its own. Steps that are carried out at once are bounded; equal ones, of other builds too, are carried out once.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from gorae.build import cachekey, explain, linking, transfer
from gorae.build.cachekey import Parts
from gorae.build.executor import Executor, Given
from gorae.build.explain import Why
from gorae.build.fetching import Fetcher
from gorae.build.folder import Folder
from gorae.build.ignored import Ignored
from gorae.build.offers import Offer
from gorae.build.progress import Vertex
from gorae.build.result import MAX_LAYERS, Cache, Result, as_cached
from gorae.build.session import Session
from gorae.build.tree import Tree
from gorae.build.vertex import (
    Action,
    Context,
    Plan,
    RunAction,
    State,
    Step,
    TransferAction,
)
from gorae.build.workspace import Workspaces
from gorae.errors import Cancelled, GoraeError

MAX_WORKERS = 64
LOCAL_CONTEXT = "[internal] load build context"


class StepFailed(GoraeError):
    """A step failed; `cause` is why, `parent` the state that it stood on, `vertex` its digest in the progress.

    `kept`: the build's id, when a shell can be opened in the step's state.
    """

    def __init__(self, step: Step, cause: GoraeError, parent: Result, vertex: str) -> None:
        super().__init__(cause.message)
        self.step = step
        self.cause = cause
        self.parent = parent
        self.vertex = vertex
        self.kept = ""


@dataclass(slots=True)
class _Looked:
    """A step being solved: its vertex and the records of what it reads."""

    step: Step
    vertex: Vertex
    selected: dict[str, transfer.Selected] = field(default_factory=dict)
    why: Why | None = None

    @property
    def files(self) -> dict[str, str]:
        return {name: one.digest for name, one in self.selected.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step; `parts` empty when it failed before they were known."""

    vertex: Vertex
    parts: Parts = field(default_factory=dict)


class Solver:
    """What all builds share."""

    def __init__(
        self, cache: Cache, executor: Executor, workspaces: Workspaces, *, at_once: int
    ) -> None:
        self.cache = cache
        self.executor = executor
        self.workspaces = workspaces
        self.turn = threading.BoundedSemaphore(at_once)

    def solve(self, plan: Plan, session: Session) -> "Solving":
        """One plan being solved."""
        return Solving(self, plan, session)


class Solving:
    """The results of one plan, each found once."""

    def __init__(self, solver: Solver, plan: Plan, session: Session) -> None:
        self._solver = solver
        self._cache = solver.cache
        self._plan = plan
        self.session = session
        self._results: dict[int, Future[Result]] = {}
        self._selections: dict[int, dict[str, transfer.Selected]] = {}
        self._sketches: dict[int, str] = {}
        self._trees: dict[str, Tree] = {}
        self._lock = threading.RLock()
        self._threads: list[threading.Thread] = []
        self.keys: list[str] = []
        self._names: dict[int, tuple[str, ...]] = {}
        self._offered: dict[int, Offer] = {}
        self.outcomes: dict[int, Outcome] = {}
        self._looked_at_context = False
        self._fetcher = Fetcher(session)

    # results ----------------------------------------------------------------------------------

    def result(self, state: State) -> Result:
        """The state's result. Raises: StepFailed, Cancelled."""
        step = state.step
        if step is None:
            base = state.base
            ids = base.config.diff_ids if base.config else ()
            return Result(cachekey.base_key(base), base.chain_id, ids, cached=True)
        with self._lock:
            future = self._results.get(id(step))
            mine = future is None
            if future is None:
                future = self._results[id(step)] = Future()
        if mine:
            try:
                future.set_result(self._solve(step))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
                future.set_exception(error)
        return future.result()

    def finish(self) -> None:
        """Wait for what still runs beside; it was told to stop or its result is not wanted any more."""
        for thread in self._threads:
            thread.join()
        self._fetcher.close()
        if self.keys:
            self._cache.used(self.keys)

    def _solve(self, step: Step) -> Result:
        parent = self.result(step.parent)
        session = self.session
        session.cancel.check()
        looked = _Looked(step, session.progress.plan(step.label, self._inputs(step)))
        try:
            return self._found_or_made(step, parent, looked)
        except StepFailed:
            session.progress.end(looked.vertex, error="a step that it needs failed")
            raise
        except GoraeError as error:
            ended = session.progress.end(looked.vertex, error=error.message)
            self.outcomes.setdefault(id(step), Outcome(ended))
            raise StepFailed(step, error, parent, ended.digest) from error

    def _inputs(self, step: Step) -> list[str]:
        progress = self.session.progress
        inputs = []
        for one in (step.parent, *step.inputs):
            if isinstance(one, Context):
                inputs.append(progress.digest(LOCAL_CONTEXT))
            elif one.step is not None:
                inputs.append(progress.digest(one.step.label))
        return inputs

    def _found_or_made(self, step: Step, parent: Result, looked: _Looked) -> Result:
        looked.selected = self._select(step)
        states = self._sources(step)
        below = "" if states else self._below(step, parent, looked.selected)
        quick = self._parts(step, parent.key, looked.files, self._sketched(step), below)
        quick_key = cachekey.key_of(quick)
        if not step.no_cache:
            found = self._find(looked, quick_key, parent)
            if found is not None:
                self._names[id(step)] = (found.row, quick_key)
                return self._hit(looked, found, quick)
        self._demand(step)
        if not states:
            return self._make(looked, parent, quick, (), {})
        sources = {name: self.result(state) for name, state in states.items()}
        with contextlib.ExitStack() as stack:
            keys = {name: one.key for name, one in sources.items()}
            if isinstance(step.action, TransferAction):
                looked.selected[""] = self._select_from_state(step.action, sources[""], stack)
                keys = {}
                below = self._below(step, parent, looked.selected)
            parts = self._parts(step, parent.key, looked.files, keys, below)
            if not step.no_cache:
                key = cachekey.key_of(parts)
                found = self._find(looked, key, parent)
                if found is not None:
                    self._cache.name(quick_key, key)
                    self._names[id(step)] = (found.row, quick_key)
                    return self._hit(looked, found, parts)
            return self._make(looked, parent, parts, (quick_key,), sources)

    def _find(self, looked: _Looked, key: str, parent: Result) -> Result | None:
        """The result of a key: here, or taken over from an imported cache."""
        session = self.session
        found = self._cache.find(key, parent, session.lease)
        offer = session.offers.find(key) if found is None and session.offers else None
        if offer is None or len(parent.diff_ids) >= MAX_LAYERS:
            return found
        with self._cache.working(offer.record.key) as alone:
            if alone and not self._take(looked, offer, parent):
                return None
        return self._cache.find(key, parent, session.lease)

    def _take(self, looked: _Looked, offer: Offer, parent: Result) -> bool:
        """Take a result over; what is not as it says is refused with its whole cache, and the step carried out."""
        session, record = self.session, offer.record
        assert session.offers is not None
        looked.vertex = session.progress.start(looked.vertex)
        shown = f"importing {offer.layer.blob.digest}"
        began = session.progress.status(looked.vertex, shown)
        try:
            chain = session.offers.take(offer, parent.chain_id, session.lease, session.cancel)
        except Cancelled:
            raise
        except GoraeError as error:
            session.offers.refuse(offer.place)
            refused = session.progress.begin(f"[internal] refusing the cache of {offer.place}")
            session.progress.end(refused, error=error.message)
            return False
        session.progress.status(looked.vertex, shown, started_ns=began, done=True)
        self._cache.take_over(
            record, offer.layer.diff_id, chain, parent.key,
            slot=f"{session.project} {looked.step.slot}", description=session.watch.mask(looked.step.label),
            listings=[one.lines for one in looked.selected.values()],
        )  # fmt: skip
        return True

    def peek(self, state: State) -> Result | None:
        """The state's result where it was solved, is in the cache or is offered; nothing is carried out or brought.

        Of what is only offered, and of what stands on such a thing, `chain_id` is empty.
        """
        step = state.step
        if step is None:
            return self.result(state)
        with self._lock:
            future = self._results.get(id(step))
        if future is not None and future.done() and future.exception() is None:
            return future.result()
        parent = self.peek(step.parent)
        if parent is None:
            return None
        selected = self._select(step)
        below = "" if self._sources(step) else self._below(step, parent, selected)
        files = {name: one.digest for name, one in selected.items()}
        key = cachekey.key_of(self._parts(step, parent.key, files, self._sketched(step), below))
        found = None
        if parent.chain_id or not parent.diff_ids:
            found = self._cache.find(key, parent, self.session.lease)
        if found is None:
            return self._glimpse(step, key, parent)
        self._names[id(step)] = (found.row, key)
        return found

    def _glimpse(self, step: Step, key: str, parent: Result) -> Result | None:
        offers = self.session.offers
        offer = offers.find(key) if offers else None
        if offer is None:
            return None
        record = offer.record
        self._offered[id(step)] = offer
        self._names[id(step)] = (record.key, key)
        is_movable = "below" in record.parts
        return Result(
            key=cachekey.moved(parent.key, record.key) if is_movable else record.key,
            row=record.key,
            chain_id="",
            diff_ids=(*parent.diff_ids, offer.layer.diff_id),
            added=True,
        )

    def offered(self, step: Step) -> Offer | None:
        """What an imported cache has of a step that nobody needed."""
        return self._offered.get(id(step))

    def names(self, step: Step) -> tuple[str, ...]:
        """Under which keys this build knows a step's result; its row's comes first."""
        return tuple(dict.fromkeys(self._names.get(id(step), ())))

    def _hit(self, looked: _Looked, found: Result, parts: Parts) -> Result:
        if found.added:
            watch, step = self.session.watch, looked.step
            look = functools.partial(self._solver.executor.look, found)
            fresh = watch.hit(step, found.diff_ids[-1], found.leaks, look)
            if fresh is not None:
                self._cache.looked(found.row, fresh)
        why = Why("cached")
        self._ended(looked, parts, self.session.progress.end(looked.vertex, cached=True, why=why))
        self.keys.append(found.row)
        return found

    def _ended(self, looked: _Looked, parts: Parts, vertex: Vertex) -> None:
        self.outcomes[id(looked.step)] = Outcome(vertex, parts)

    def _make(
        self,
        looked: _Looked,
        parent: Result,
        parts: Parts,
        aliases: tuple[str, ...],
        sources: dict[str, Result],
    ) -> Result:
        """Carry a step out, unless somebody else just does."""
        session = self.session
        key = cachekey.key_of(parts)
        while True:
            with self._cache.working(key) as alone:
                if alone:
                    return self._execute(looked, parent, key, parts, aliases, sources)
            session.cancel.check()
            found = self._cache.find(key, parent, session.lease)
            if found is not None:
                return self._hit(looked, as_cached(found), parts)

    def _execute(
        self,
        looked: _Looked,
        parent: Result,
        key: str,
        parts: Parts,
        aliases: tuple[str, ...],
        sources: dict[str, Result],
    ) -> Result:
        step, session = looked.step, self.session
        slot = f"{session.project} {step.slot}"
        why = self._why(step, parts, slot)
        with self._solver.turn:
            session.cancel.check()
            vertex = session.progress.start(looked.vertex, why)
            looked.vertex = vertex
            started = time.monotonic_ns()
            given = Given(parent, looked.selected, sources)
            result = self._solver.executor.execute(step, key, given, session, vertex)
        if session.is_kept:
            self._cache.put(
                result,
                parts=session.watch.masked(parts),
                parent=parent.key,
                slot=slot,
                description=session.watch.mask(step.label),
                took_ns=time.monotonic_ns() - started,
                aliases=aliases,
                listings=[one.lines for one in looked.selected.values()],
            )
        self._names[id(step)] = (result.row, *aliases)
        self._ended(looked, parts, session.progress.end(vertex))
        if "below" in parts:
            return replace(result, key=cachekey.moved(parent.key, key))
        return result

    def _why(self, step: Step, parts: Parts, slot: str) -> Why:
        if step.no_cache:
            return Why("no-cache", ("the cache was not to be used",))
        before = self._cache.before(slot)
        old, last_ns = before or (None, 0)
        new = self.session.watch.masked(parts)
        return explain.miss(new, old, self._listing_of, last_ns=last_ns)

    def _listing_of(self, digest: str) -> dict[str, str] | None:
        for selected in self._selections.values():
            for one in selected.values():
                if one.digest == digest:
                    return explain.shortened(one.lines)
        return self._cache.listing(digest)

    # what a step reads ------------------------------------------------------------------------

    def _parts(
        self,
        step: Step,
        parent: str,
        files: dict[str, str],
        sources: dict[str, str],
        below: str = "",
    ) -> Parts:
        session = self.session
        is_run = isinstance(step.action, RunAction)
        return cachekey.parts_of(
            step,
            parent=parent,
            platform=session.platform,
            below=below,
            files=files,
            sources=sources,
            epoch=str(session.epoch) if session.rewrite and session.epoch is not None else "",
            network="\n".join(session.limits.add_hosts) if is_run else "",
        )

    def _below(self, step: Step, parent: Result, selected: dict[str, transfer.Selected]) -> str:
        """Of a COPY --link what its destination looks like; empty for all that stands on its parent alone."""
        action, found = step.action, selected.get("") or transfer.Selected()
        if not isinstance(action, TransferAction) or not linking.is_movable(action, found):
            return ""
        with self._solver.workspaces.view(parent.chain_id) as place:
            return linking.look(place.root_fd, action, found)

    def _sources(self, step: Step) -> dict[str, State]:
        """The states that it reads, by name: empty of a COPY, the mount's number of a RUN."""
        action = step.action
        if isinstance(action, TransferAction):
            return {"": action.source} if isinstance(action.source, State) else {}
        if isinstance(action, RunAction):
            return {
                str(number): one.source
                for number, one in enumerate(action.mounts)
                if isinstance(one.source, State)
            }
        return {}

    def _select(self, step: Step) -> dict[str, transfer.Selected]:
        """What it takes of contexts; once for each step."""
        with self._lock:
            found = self._selections.get(id(step))
            if found is None:
                found = self._selections[id(step)] = self._selected(step)
            return dict(found)

    def _selected(self, step: Step) -> dict[str, transfer.Selected]:
        """The first look at the contexts has a vertex of its own."""
        if not self._looked_at_context and any(isinstance(one, Context) for one in step.inputs):
            self._looked_at_context = True
            vertex = self.session.progress.begin(LOCAL_CONTEXT)
            try:
                return self._selected_by(step.action)
            finally:
                self.session.progress.end(vertex)
        return self._selected_by(step.action)

    def _selected_by(self, action: Action) -> dict[str, transfer.Selected]:
        if isinstance(action, TransferAction) and isinstance(action.source, Context):
            if not action.sources:
                return {}
            context = action.source
            return {"": transfer.select(action, lambda: self.tree(context), self._fetcher)}
        found = {}
        if isinstance(action, RunAction):
            for number, one in enumerate(action.mounts):
                if isinstance(one.source, Context):
                    taken = transfer.select_mount(one.mount.source, self.tree(one.source))
                    found[str(number)] = taken
        return found

    def tree(self, context: Context) -> Tree:
        """A context without what is ignored."""
        found = self._trees.get(context.name)
        if found is None:
            given = self.session.context(context.name)
            found = given.tree
            if given.ignore is not None and given.ignore.rules:
                found = Ignored(found, given.ignore)
            self._trees[context.name] = found
        return found

    def _select_from_state(
        self, action: TransferAction, source: Result, stack: contextlib.ExitStack
    ) -> transfer.Selected:
        place = stack.enter_context(self._solver.workspaces.view(source.chain_id))
        tree = Folder(place.root_fd)
        return transfer.select(action, lambda: tree, self._fetcher)

    def _sketched(self, step: Step) -> dict[str, str]:
        """The states that it reads by what they are made of."""
        return {name: self._sketch(state) for name, state in self._sources(step).items()}

    def _sketch(self, state: State) -> str:
        step = state.step
        if step is None:
            return cachekey.base_key(state.base)
        found = self._sketches.get(id(step))
        if found is None:
            files = {name: one.digest for name, one in self._select(step).items()}
            parts = self._parts(step, self._sketch(step.parent), files, self._sketched(step))
            found = self._sketches[id(step)] = cachekey.key_of(parts)
        return found

    # beside each other ------------------------------------------------------------------------

    def _demand(self, step: Step) -> None:
        """Start what this step and those behind it in its stage read of other stages."""
        wanted: list[State] = []
        for later in self._stage_from(step):
            wanted += [one for one in self._sources(later).values() if one.step is not None]
        for state in wanted:
            with self._lock:
                if id(state.step) in self._results or len(self._threads) >= MAX_WORKERS:
                    continue
                thread = threading.Thread(
                    target=self._solve_beside, args=(state,), name="build-stage"
                )
                self._threads.append(thread)
            thread.start()

    def _stage_from(self, step: Step) -> Sequence[Step]:
        """The step and what follows it in the chains that end in it."""
        steps = self._plan.steps
        found = [step]
        for one in steps[steps.index(step) + 1 :]:
            if one.parent.step is found[-1]:
                found.append(one)
        return found

    def _solve_beside(self, state: State) -> None:
        with contextlib.suppress(Exception):  # who asks for the result is told
            self.result(state)
