"""The collector: what nothing reaches is removed, rows first, files after.

Mark is a pure function of rows; it errs to the side of keeping. The roots are images (their manifests, and those by
which registries know them), the links of a hub beside the engine, what live leases hold, the results in the build cache,
and the snapshots of containers. All rows go in one transaction: who takes a lease on something and then sees it there,
has it. Nothing is deleted elsewhere.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gorae.store import document
from gorae.store.content import ContentStore
from gorae.store.db import Database, Tx
from gorae.store.snapshot import Snapshotter
from gorae.store.tables import bin as bins
from gorae.store.tables import builds, content, images, layerorigins, leases, links, snapshots
from gorae.store.tables import layers as layer_rows

WITH_PARENT = "init "
"""A snapshot whose key begins so can be made again from its parent, and is kept with it."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a collection removed."""

    blobs: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    bytes: int = 0


def reachable(roots: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that a root reaches along edges, roots included."""
    seen: set[str] = set()
    stack = list(roots)
    while stack:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            stack += edges.get(one, ())
    return seen


def dead_blobs(
    blobs: Iterable[str], roots: Iterable[str], edges: Iterable[tuple[str, str]]
) -> set[str]:
    """Blobs that no root reaches."""
    children: dict[str, list[str]] = {}
    for parent, child in edges:
        children.setdefault(parent, []).append(child)
    return set(blobs) - reachable(roots, children)


def dead_snapshots(
    rows: Iterable[snapshots.SnapshotRow], wanted: Iterable[str], held: Iterable[str]
) -> list[str]:
    """Committed snapshots on which nothing wanted stands, children before their parents."""
    by_key = {row.key: row for row in rows}
    parents = {row.key: [row.parent] if row.parent else [] for row in by_key.values()}
    active = [row.key for row in by_key.values() if row.kind != "committed"]
    kept = reachable([*wanted, *held, *active], parents)
    kept |= {
        key for key, row in by_key.items() if key.startswith(WITH_PARENT) and row.parent in kept
    }
    dead = [key for key in by_key if key not in kept]
    depth = {key: len(reachable([key], parents)) for key in dead}
    return sorted(dead, key=lambda key: -depth[key])


def images_in_bin(tx: Tx) -> list[images.ImageRow]:
    """Images that were pruned and can be brought back keep their layers and blobs."""
    found = (document.decode(_Kept, text) for text in bins.documents(tx, "image"))
    return [one.row for one in found]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What of an image's document in the bin matters here."""

    row: images.ImageRow


def sweep_content(tx: Tx, now_ns: int) -> list[str]:
    """Delete the rows of blobs that no image, link or live lease reaches; their digests."""
    held = (key for kind, key in leases.live_items(tx, now_ns) if kind == "content")
    named = (row.manifest for row in (*images.all_rows(tx), *images_in_bin(tx)))
    known = (digest for _, digest, _ in images.repo_digests(tx))
    every = (digest for digest, _ in content.all_rows(tx))
    dead = dead_blobs(every, [*named, *known, *held, *links.digests(tx)], content.edges(tx))
    for digest in dead:
        content.delete(tx, digest)
        content.delete_edges(tx, digest)
    if dead:
        layerorigins.delete_orphans(tx)
    return sorted(dead)


class Collector:
    """Runs collections over one store."""

    def __init__(self, db: Database, blobs: ContentStore, snapshotter: Snapshotter) -> None:
        self._db = db
        self._blobs = blobs
        self._snapshotter = snapshotter

    def collect(self, *, later: bool = False) -> Swept:
        """Remove what nothing reaches; blocking. `later`: files of snapshots go when this has returned already."""
        dead, layers, size = self._db.write(self._sweep_rows)
        self._blobs.delete_files(dead)
        if layers:
            self._snapshotter.discard_garbage(later=later)
        return Swept(tuple(dead), tuple(layers), size)

    def _sweep_rows(self, tx: Tx) -> tuple[list[str], list[str], int]:
        now = time.time_ns()
        dead = sweep_content(tx, now)
        items = leases.live_items(tx, now)
        rows = [*images.all_rows(tx), *images_in_bin(tx)]
        snapshot_rows = snapshots.all_rows(tx)
        layers = dead_snapshots(
            snapshot_rows,
            [*(row.chain_id for row in rows), *builds.snapshots(tx)],
            [key for kind, key in items if kind == "snapshot"],
        )
        for key in layers:
            snapshots.delete(tx, key)
            layer_rows.delete_by_chain(tx, key)
        by_key = {row.key: row.size_bytes for row in snapshot_rows}
        return dead, layers, sum(by_key[key] for key in layers)
