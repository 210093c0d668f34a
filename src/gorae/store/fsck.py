"""Is the store what it says? Every redundant fact is derived again: digests, sizes, files, rows, parents.

A finding carries what would mend it, where something can: garbage is removed, and a row without its file is said
and left, since only a new pull or load can bring the bytes back.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gorae.store.store import Store
from gorae.store.tables import content, images, snapshots

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: blob, snapshot, image or volume; `repair` None: it can only be said."""

    kind: str
    object: str
    problem: str
    repair: Callable[[], Any] | None = None


def check(store: Store, containers: Collection[str]) -> Iterator[Finding]:
    """All findings; `containers` are the ids whose writable layers are wanted."""
    yield from _blobs(store)
    yield from _snapshots(store, containers)
    yield from _images(store)
    yield from _volumes(store)


def _blobs(store: Store) -> Iterator[Finding]:
    rows = dict(store.db.read(content.all_rows))
    for digest, size in sorted(rows.items()):
        problem = _blob_problem(store.content.path(digest), digest, size)
        if problem:
            yield Finding("blob", digest, problem)
    for path in store.content.files():
        digest = f"sha256:{path.name}"
        if digest not in rows:
            yield Finding("blob", digest, "is a file without a row", _remover(path))


def _blob_problem(path: Path, digest: str, size: int) -> str:
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return "is recorded, but its file is gone"
    if found != size:
        return f"wanted {size} bytes, found {found}"
    reader = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(PIECE):
            reader.update(data)
    if f"sha256:{reader.hexdigest()}" != digest:
        return "its bytes are not what its name says"
    return ""


def _remover(path: Path) -> Callable[[], Any]:
    return lambda: path.unlink(missing_ok=True)


def _snapshots(store: Store, containers: Collection[str]) -> Iterator[Finding]:
    rows = {row.key: row for row in store.db.read(snapshots.all_rows)}
    for key, row in sorted(rows.items()):
        if not store.snapshots.upper(key).is_dir():
            yield Finding("snapshot", key, "is recorded, but its directory is gone")
        if row.parent and row.parent not in rows:
            yield Finding("snapshot", key, f'its parent "{row.parent}" is gone')
        if row.kind != "committed" and key not in containers:
            yield Finding("snapshot", key, "belongs to no container", _snapshot_remover(store, key))
    for path in store.snapshots.garbage():
        yield Finding(
            "snapshot", path.name, "is a directory without a row", store.snapshots.discard_garbage
        )


def _snapshot_remover(store: Store, key: str) -> Callable[[], Any]:
    return lambda: store.snapshots.remove(key)


def _images(store: Store) -> Iterator[Finding]:
    blobs = {digest for digest, _ in store.db.read(content.all_rows)}
    keys = {row.key for row in store.db.read(snapshots.all_rows)}
    for image in store.db.read(images.all_rows):
        if image.id not in blobs or image.manifest not in blobs:
            yield Finding("image", image.id, "its config or manifest is not in the store")
        if image.chain_id and image.chain_id not in keys:
            yield Finding("image", image.id, "its layers are not unpacked")


def _volumes(store: Store) -> Iterator[Finding]:
    doomed = list((store.root / "volumes").glob(".removed-*"))
    for path in doomed:
        yield Finding("volume", path.name, "its removal was cut off", store.volumes.discard_removed)
