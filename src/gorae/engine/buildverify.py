"""`build --verify`: the plan carried out once more without the cache, from contexts that lie elsewhere; blocking.

The image is the same when the digest of its config is: that names all layers. Where it is not, the layers are compared
file by file. Nothing of the second build is kept.
"""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from gorae.build import relocate
from gorae.build.comparison import Difference, Pair
from gorae.build.folder import Folder
from gorae.build.progress import Progress
from gorae.build.result import Result
from gorae.build.session import Session
from gorae.build.solver import Solver, Solving
from gorae.build.vertex import Plan, State
from gorae.errors import InvalidArgument
from gorae.linux.fd import open_root
from gorae.oci.config import ImageConfig
from gorae.store.snapshot import Snapshotter

MAX_DIFFERENCES = 500
AGAIN = "[again] "
TIMES = ("time", "created")
Configure = Callable[[Solving, Result], ImageConfig]


class NotReproducible(InvalidArgument):
    """Two builds of the same have different digests; `differences` says where, `more` that there are others."""

    def __init__(
        self, first: str, second: str, differences: tuple[Difference, ...], *, more: bool
    ) -> None:
        super().__init__(
            f"not reproducible: built twice, once {_short(first)} and once {_short(second)}"
        )
        self.differences = differences
        self.more = more

    @property
    def only_times(self) -> bool:
        """Whether nothing else differs."""
        return all(one.attribute in TIMES for one in self.differences) and not self.more


def verify(
    plan: Plan, solving: Solving, solver: Solver, snapshots: Snapshotter, configure: Configure
) -> None:
    """Build again and compare.

    Raises:
        NotReproducible. StepFailed: the second time. Cancelled.
    """
    session = solving.session
    with ExitStack() as closing:
        again = solver.solve(plan, _second(session, closing))
        try:
            end = plan.target.end
            first, second = solving.result(end), again.result(end)
            one, two = configure(solving, first), configure(again, second)
            if one.id == two.id:
                return
            found = itertools.chain(_layers(plan, solving, again, snapshots), _config(one, two))
            differences = tuple(itertools.islice(found, MAX_DIFFERENCES + 1))
        finally:
            again.finish()
    raise NotReproducible(
        one.id, two.id, differences[:MAX_DIFFERENCES], more=len(differences) > MAX_DIFFERENCES
    )


def _second(session: Session, closing: ExitStack) -> Session:
    """The same build, on contexts of its own, that leaves nothing in the cache."""
    progress = Progress(session.progress.emit, secrets.token_hex(12), prefix=AGAIN)
    progress.mask = session.progress.mask
    contexts = {
        name: relocate.relocated(
            one, session.scratch / f"again-{number}", session.cancel.check, closing
        )
        for number, (name, one) in enumerate(session.contexts.items())
    }
    found = replace(session, progress=progress, contexts=contexts, offers=None, is_kept=False)
    found.watch = session.watch
    return found


def _layers(
    plan: Plan, solving: Solving, again: Solving, snapshots: Snapshotter
) -> Iterator[Difference]:
    number = 0
    for state in _states(plan):
        one, two = solving.result(state), again.result(state)
        number += one.added
        if not one.added or one.diff_ids[-1] == two.diff_ids[-1]:
            continue
        label = state.step.label if state.step else ""
        before = number
        with _pair(snapshots, one, two) as pair:
            for path, attribute, first, second in pair.differences():
                before = 0
                yield Difference(number, label, f"/{path}", attribute, first, second)
        if before:
            yield Difference(number, label, "", "order", "", "")


def _states(plan: Plan) -> list[State]:
    """Of the target, from its first step on."""
    found = []
    at = plan.target.end
    while at.step is not None:
        found.append(at)
        at = at.step.parent
    return found[::-1]


@contextmanager
def _pair(snapshots: Snapshotter, one: Result, two: Result) -> Iterator[Pair]:
    with (
        open_root(str(snapshots.upper(one.chain_id))) as first,
        open_root(str(snapshots.upper(two.chain_id))) as second,
    ):
        yield Pair(Folder(first), Folder(second))


def _config(one: ImageConfig, two: ImageConfig) -> Iterator[Difference]:
    """What differs beside the layers."""
    first, second = json.loads(one.raw), json.loads(two.raw)
    if first.get("created") != second.get("created"):
        yield Difference(0, "", "", "created", first.get("created", ""), second.get("created", ""))
    for document in (first, second):
        document.pop("created", None)
        document.pop("rootfs", None)
        for line in document.get("history", ()):
            line.pop("created", None)
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            yield Difference(0, "", name, "config")


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]
