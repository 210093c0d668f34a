"""The ledger: every stored byte has an owner, a reason and a last use; blocking.

Layers, blobs and cache were counted when they were committed. Writable layers and volumes are walked: at once where
that is quick, else in the background, and a figure says how old it is. A stopped container's does not age.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gorae.engine import layershares
from gorae.engine.images import Image, Images
from gorae.engine.layershares import Layer, Shares
from gorae.engine.model import Container
from gorae.engine.pruneplan import is_anonymous
from gorae.engine.volumes import Volumes
from gorae.errors import GoraeError
from gorae.store import tree
from gorae.store.store import Store
from gorae.store.tables import bin as bins
from gorae.store.tables import builds, content, snapshots
from gorae.store.tables import ledger as rows
from gorae.store.tables.ledger import MeasuredRow

FRESH_NS = 60 * 1_000_000_000
"""How old the figure of something that is being written may be before it is taken anew."""
BUDGET_S = 0.2


@dataclass(frozen=True, slots=True)
class Figure:
    """A size and when it was measured."""

    size_bytes: int
    measured_ns: int


@dataclass(frozen=True, slots=True)
class Line:
    """One owner's bytes. `kind`: image, container, volume, cache, log or bin; `measured_ns` 0: counted, not walked."""

    kind: str
    owner: str
    reason: str
    size_bytes: int
    used_ns: int = 0
    measured_ns: int = 0


class Ledger:
    """The service."""

    def __init__(
        self,
        store: Store,
        images: Images,
        volumes: Volumes,
        containers: Callable[[], Iterable[Container]],
    ) -> None:
        self._store = store
        self._images = images
        self._volumes = volumes
        self._containers = containers
        self._walking = threading.Lock()

    # figures ----------------------------------------------------------------------------------

    def figures(self, kind: str, *, budget_s: float = BUDGET_S) -> dict[str, Figure]:
        """What is known of all containers' layers or all volumes; stale figures are taken anew while the time lasts."""
        known = self._store.db.read(rows.measured)
        wanted = self._places(kind)
        end = time.monotonic() + budget_s
        fresh: list[MeasuredRow] = []
        found: dict[str, Figure] = {}
        for key, changed_ns in wanted.items():
            row = known.get((kind, key))
            stale = row is None or row.measured_ns < min(changed_ns, time.time_ns() - FRESH_NS)
            if stale and time.monotonic() < end:
                taken = self._measure(kind, key)
                fresh += [taken] if taken is not None else []
                row = taken or row
            if row is not None:
                found[key] = Figure(row.size_bytes, row.measured_ns)
        if fresh:
            self._store.db.write(lambda tx: rows.put_measured(tx, fresh), durable=False)
        return found

    def known(self, kind: str) -> dict[str, int]:
        """Sizes as they were measured last, whenever that was."""
        found = self._store.db.read(rows.measured)
        return {key: row.size_bytes for (one, key), row in found.items() if one == kind}

    def refresh(self) -> None:
        """In the background: every stale figure."""
        if self._walking.acquire(blocking=False):
            try:
                for kind in ("container", "volume"):
                    self.figures(kind, budget_s=float("inf"))
            finally:
                self._walking.release()

    def measure_anew(self) -> None:
        """Every figure, fresh or not: what `system check` does, so that the ledger agrees with the disk."""
        taken = [
            row
            for kind in ("container", "volume")
            for key in self._places(kind)
            if (row := self._measure(kind, key)) is not None
        ]
        self._store.db.write(lambda tx: rows.put_measured(tx, taken), durable=False)

    def _places(self, kind: str) -> dict[str, int]:
        """Each object and when it was written last; for one that may be written just now, this moment."""
        if kind == "container":
            return {one.id: changed_ns(one) for one in self._containers()}
        latest: dict[str, int] = {}
        for one in self._containers():
            for mount in one.mounts:
                if mount.kind == "volume":
                    latest[mount.name] = max(latest.get(mount.name, 0), changed_ns(one))
        return {
            one.name: max(one.created_ns, latest.get(one.name, 0)) for one in self._volumes.all()
        }

    def _measure(self, kind: str, key: str) -> MeasuredRow | None:
        now = time.time_ns()
        try:
            path = (
                self._store.snapshots.upper(key)
                if kind == "container"
                else Path(self._volumes.get(key).path)
            )
            taken = tree.measure(path)
        except (GoraeError, OSError):  # it has just gone
            return None
        return MeasuredRow(kind, key, taken.size_bytes, taken.inodes, now)

    # images -----------------------------------------------------------------------------------

    def layers(self) -> dict[str, Layer]:
        """Every committed layer by its chain id."""
        found = self._store.db.read(snapshots.all_rows)
        return {row.key: Layer(row.parent or "", row.size_bytes) for row in found}

    def shares(self, images: Iterable[Image]) -> Shares:
        """What images share."""
        return layershares.shares({one.id: one.chain_id for one in images}, self.layers())

    def last_uses(self) -> dict[tuple[str, str], int]:
        """When images and volumes were last used, by kind and key: by containers that are there, or were."""
        found = self._store.db.read(rows.last_uses)
        for one in self._containers():
            used = [("image", one.spec.image_id)]
            used += [("volume", mount.name) for mount in one.mounts if mount.kind == "volume"]
            moment = time.time_ns() if one.state.pid else last_used_ns(one)
            for key in used:
                found[key] = max(found.get(key, 0), moment)
        return found

    # why --------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """All of it, the largest first."""
        uses = self.last_uses()
        found = [
            *self._image_lines(uses),
            *self._container_lines(),
            *self._volume_lines(uses),
            *self._cache_lines(),
            *self._bin_lines(),
        ]
        return sorted(found, key=lambda one: -one.size_bytes)

    def _image_lines(self, uses: Mapping[tuple[str, str], int]) -> list[Line]:
        images = self._images.all()
        shared = self.shares(images)
        containers = [one.spec.image_id for one in self._containers()]
        blobs = dict(self._store.db.read(content.all_rows))
        found = []
        for one in images:
            own = one.size_bytes - shared.shared_bytes.get(one.id, 0)
            count = containers.count(one.id)
            reason = f"used by {_count(count, 'container')}" if count else "no container uses it"
            name = ", ".join(one.familiar_names) or one.short_id
            used = uses.get(("image", one.id), 0) or one.tagged_ns
            found.append(Line("image", name, f"{reason}; layers of its own", own, used))
        both = shared.total_bytes - sum(one.size_bytes for one in found)
        if both > 0:
            found.append(Line("image", "(several)", "layers that images share", both))
        kept = sum(blobs.values())
        if kept:
            found.append(
                Line("image", "(all)", "archives and documents, as pulled or loaded", kept)
            )
        return found

    def _container_lines(self) -> list[Line]:
        figures = self.figures("container")
        found = []
        for one in self._containers():
            running = bool(one.state.pid)
            reason = "running; writable layer" if running else "stopped; writable layer"
            used = time.time_ns() if running else last_used_ns(one)
            figure = figures.get(one.id)
            if figure is not None:
                found.append(
                    Line(
                        "container",
                        one.name,
                        reason,
                        figure.size_bytes,
                        used,
                        figure.measured_ns if running else 0,
                    )
                )
            size = log_bytes(one.log_path)
            if size:
                found.append(Line("log", one.name, "what it wrote", size, used))
        return found

    def _volume_lines(self, uses: Mapping[tuple[str, str], int]) -> list[Line]:
        figures = self.figures("volume")
        usage = self._volumes.usage()
        found = []
        for one in self._volumes.all():
            figure = figures.get(one.name)
            if figure is None:
                continue
            count = usage.get(one.name, 0)
            reason = f"used by {_count(count, 'container')}" if count else "no container has it"
            if is_anonymous(one):
                reason += "; anonymous"
                reason += f", made by {one.container_id[:12]}" if one.container_id else ""
            used = uses.get(("volume", one.name), 0) or one.created_ns
            found.append(
                Line("volume", one.name, reason, figure.size_bytes, used, figure.measured_ns)
            )
        return found

    def _cache_lines(self) -> list[Line]:
        found = self._store.db.read(builds.all_rows)
        return [
            Line("cache", row.id[:12], row.description, row.size_bytes, row.last_used_ns)
            for row in found
            if row.size_bytes
        ]

    def _bin_lines(self) -> list[Line]:
        found = self._store.db.read(bins.all_rows)
        return [
            Line("bin", row.name, f"removed {row.kind}", row.size_bytes or 0, row.binned_ns)
            for row in found
        ]


def changed_ns(one: Container) -> int:
    """When its files may have changed last."""
    return time.time_ns() if one.state.pid else last_used_ns(one)


def last_used_ns(one: Container) -> int:
    """When a container that does not run was last of use."""
    return max(one.created_ns, one.state.started_ns, one.state.finished_ns)


def log_bytes(path: str) -> int:
    """Of a container's log and its older parts."""
    total = 0
    if path:
        folder, base = os.path.split(path)
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(folder):
                if name == base or name.startswith(f"{base}."):
                    with contextlib.suppress(FileNotFoundError):
                        total += os.stat(f"{folder}/{name}").st_size
    return total


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
