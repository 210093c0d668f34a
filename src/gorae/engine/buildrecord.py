"""Builds that have ended, kept so that `build why` can tell afterwards; blocking.

    {"id", "project", "created_ns", "took_ns", "status", "error", "image_id", "names",
     "steps": [{"number", "name", "cached", "reason", "lines", "last_hit_ns", "took_ns", "error", "because",
                "changes": [{"kind", "name", "old", "new"}], "changed_files", "files"}]}

`because`: of a step that ran since one before it did, the number of the step that began it. `changes`: see
`build.explain`.
"""

import json
import time
from dataclasses import asdict, dataclass
from typing import Any

from gorae.build.solver import Solving
from gorae.build.vertex import Plan, State, Step
from gorae.errors import GoraeError, NotFound
from gorae.store.db import Database
from gorae.store.tables import builds as rows


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a build besides its steps."""

    id: str
    project: str
    started_ns: int
    error: str = ""
    image_id: str = ""
    names: tuple[str, ...] = ()


class BuildRecords:
    """The service."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def keep(self, ended: Ended, plan: Plan | None, solving: Solving | None) -> None:
        """Write one down."""
        now = time.time_ns()
        document = {
            "id": ended.id,
            "project": ended.project,
            "created_ns": ended.started_ns,
            "took_ns": now - ended.started_ns,
            "status": "failed" if ended.error else "done",
            "error": ended.error,
            "image_id": ended.image_id,
            "names": list(ended.names),
            "steps": _steps(plan, solving) if plan and solving else [],
        }
        row = rows.RecordRow(
            ended.id,
            ended.project,
            ended.started_ns,
            now - ended.started_ns,
            str(document["status"]),
            json.dumps(document),
        )
        self._db.write(lambda tx: rows.add_record(tx, row), durable=False)

    def all(self) -> list[dict[str, Any]]:
        """The newest first."""
        return [json.loads(one.document) for one in self._db.read(rows.records)]

    def find(self, build: str = "", project: str = "") -> dict[str, Any]:
        """A build by its id or a prefix of it; the last one (of a project) without.

        Raises:
            NotFound: none.
        """
        for one in self._db.read(rows.records):
            if one.id.startswith(build) and (not project or one.project == project):
                found: dict[str, Any] = json.loads(one.document)
                return found
        what = f'build "{build}"' if build else "build"
        raise NotFound(f"no {what} is recorded{f' of {project}' if project else ''}")

    def step(self, build: str, project: str, number: int) -> dict[str, Any]:
        """A build with one step of it alone.

        Raises:
            NotFound: no such build, or no such step.
        """
        found = self.find(build, project)
        steps = [one for one in found["steps"] if one["number"] == number]
        if not steps:
            has = f"it has 1 to {len(found['steps'])}" if found["steps"] else "it has none"
            raise NotFound(f"build {found['id'][:12]} has no step {number}: {has}")
        return {**found, "steps": steps}


def _steps(plan: Plan, solving: Solving) -> list[dict[str, Any]]:
    steps = plan.steps
    numbers = {id(one): number for number, one in enumerate(steps, 1)}
    masked = solving.session.watch.masked
    return [masked(_step(one, numbers, solving)) for one in steps]


def _step(step: Step, numbers: dict[int, int], solving: Solving) -> dict[str, Any]:
    found: dict[str, Any] = {"number": numbers[id(step)], "name": step.label}
    outcome = solving.outcomes.get(id(step))
    if outcome is None:
        return {
            **found,
            "reason": "skipped",
            "lines": ["it was not needed, or the build ended before"],
        }
    vertex, why = outcome.vertex, outcome.vertex.why
    found |= {
        "cached": vertex.cached,
        "took_ns": max(0, vertex.completed_ns - vertex.started_ns),
        "error": vertex.error,
    }
    if why is not None:
        found |= {"reason": why.reason, "lines": list(why.lines), "last_hit_ns": why.last_hit_ns}
        if why.changes:
            found["changes"] = [asdict(one) for one in why.changes]
            found |= {"changed_files": why.changed_files, "files": why.files}
        if why.reason == "parent":
            found["because"] = _cause(step, numbers, solving)
    return found


def _cause(step: Step, numbers: dict[int, int], solving: Solving) -> int:
    """The nearest step above that ran for a reason of its own; 0: none is known."""
    at: State = step.parent
    while at.step is not None:
        outcome = solving.outcomes.get(id(at.step))
        why = outcome.vertex.why if outcome else None
        if why is None or why.reason != "parent":
            return numbers.get(id(at.step), 0)
        at = at.step.parent
    return 0


def error_of(error: BaseException) -> str:
    """What is written of a failure."""
    return error.message if isinstance(error, GoraeError) else "internal error"
