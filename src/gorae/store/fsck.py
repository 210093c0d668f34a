"""Is the store what it says? Every redundant fact is derived again: digests, sizes, files, rows, parents.

A finding carries what would mend it, where something can: garbage is removed, a broken blob is given up so that a
pull or a load brings it again, a lost layer is unpacked again from its blob, an image without its documents is
forgotten. Data of volumes is never removed. A running store is checked: files are listed before rows are read, since
a row comes before its directory and a blob's file is removed under the store's own lock.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gorae.errors import DataLoss, GoraeError
from gorae.oci.config import ImageConfig
from gorae.oci.digest import chain_ids
from gorae.store import tree
from gorae.store.archive.apply import apply_layer
from gorae.store.store import Store
from gorae.store.tables import content, images, layers, snapshots, volumes

PATIENCE_S = 0.3
AT_WORK_NS = 600 * 1_000_000_000
"""What is younger and has no owner yet may be somebody's work; at the daemon's start nobody is at work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: blob, ingest, snapshot, image, container or volume; `repair` None: it can only be said."""

    kind: str
    object: str
    problem: str
    repair: Callable[[], Any] | None = None


def check(store: Store, containers: Collection[str]) -> Iterator[Finding]:
    """All findings; `containers` are the ids whose writable layers and directories are wanted."""
    yield from _blobs(store)
    yield from _ingests(store)
    yield from _snapshots(store, containers)
    yield from _images(store)
    yield from _container_directories(store, containers)
    yield from _volumes(store)


# blobs ----------------------------------------------------------------------------------------------


def _blobs(store: Store) -> Iterator[Finding]:
    files = [f"sha256:{path.name}" for path in store.content.files()]
    rows = dict(store.db.read(content.all_rows))
    for digest, size in sorted(rows.items()):
        problem = _blob_problem(store.content.path(digest), digest, size)
        if problem and store.content.exists(digest):  # not collected meanwhile
            yield Finding("blob", digest, problem, partial(store.content.forget, digest))
    for digest in files:
        if digest not in rows and not store.content.exists(digest):
            repair = partial(store.content.delete_files, [digest])
            yield Finding("blob", digest, "is a file without a row", repair)


def _blob_problem(path: Path, digest: str, size: int) -> str:
    try:
        found = path.stat().st_size
        if found != size:
            return f"wanted {size} bytes, found {found}"
        with path.open("rb") as file:
            reader = hashlib.file_digest(file, "sha256")
    except FileNotFoundError:
        return "is recorded, but its file is gone"
    except OSError as error:
        return f"cannot be read: {(error.strerror or str(error)).lower()}"
    if f"sha256:{reader.hexdigest()}" != digest:
        return "its bytes are not what its name says"
    return ""


def _ingests(store: Store) -> Iterator[Finding]:
    for path in store.content.stale_ingests():
        repair = partial(path.unlink, missing_ok=True)
        yield Finding("ingest", path.name, "nobody writes it any more", repair)


# snapshots ------------------------------------------------------------------------------------------


def _snapshots(store: Store, containers: Collection[str]) -> Iterator[Finding]:
    garbage = store.snapshots.garbage()
    if garbage:  # collected just now?
        time.sleep(PATIENCE_S)
        garbage = [one for one in garbage if one in store.snapshots.garbage()]
    rows = {row.key: row for row in store.db.read(snapshots.all_rows)}
    for key, row in sorted(rows.items()):
        if row.kind == "committed" and not store.snapshots.directory(row.number).is_dir():
            problem = "is recorded, but its directory is gone"
            yield Finding("snapshot", key, problem, _unpacker(store, key))
        if row.parent and row.parent not in rows:
            yield Finding("snapshot", key, f'its parent "{row.parent}" is gone')
        known = key.partition(" ")[0] in containers
        if row.kind != "committed" and not known and not _is_new(row):
            repair = partial(store.snapshots.remove, key)
            yield Finding("snapshot", key, "belongs to no container", repair)
    for path in garbage:
        problem = "is a directory without a row"
        yield Finding("snapshot", path.name, problem, store.snapshots.discard_garbage)


def _is_new(row: snapshots.SnapshotRow) -> bool:
    """A create, a load or a build may be at work on it just now."""
    return time.time_ns() - row.created_ns < AT_WORK_NS


def _unpacker(store: Store, key: str) -> Callable[[], Any] | None:
    """Unpacks a lost layer from its blob; None where no image here tells what it was, or the blob is gone too."""
    for image in store.db.read(images.all_rows):
        with contextlib.suppress(GoraeError):
            diff_ids = ImageConfig.parse(store.content.read(image.id)).diff_ids
            for diff_id, chain in zip(diff_ids, chain_ids(diff_ids), strict=True):
                blobs = store.db.read(partial(content.layer_blobs, diff_id=diff_id))
                if chain == key and blobs:
                    return partial(_unpack_again, store, key, blobs[0][0], diff_id)
    return None


def _unpack_again(store: Store, key: str, blob: str, diff_id: str) -> None:
    target = store.snapshots.upper(key)
    target.mkdir(parents=True, mode=0o755)
    try:
        with store.content.open(blob) as file:
            found = apply_layer(file, target, lowers=store.snapshots.lowers(key))
        if found != diff_id:
            raise DataLoss(f'layer "{blob}": wanted the diff id "{diff_id}", found "{found}"')
    except BaseException:
        tree.remove(target.parent)
        raise


# images ---------------------------------------------------------------------------------------------


def _images(store: Store) -> Iterator[Finding]:
    blobs = {digest for digest, _ in store.db.read(content.all_rows)}
    keys = {row.key for row in store.db.read(snapshots.all_rows)}
    children: dict[str, list[str]] = {}
    for parent, child in store.db.read(content.edges):
        children.setdefault(parent, []).append(child)
    for image in store.db.read(images.all_rows):
        if image.id not in blobs or image.manifest not in blobs:
            problem = "its config or manifest is gone; repairing forgets it: pull or load it again"
            yield Finding("image", image.id, problem, partial(_forget_image, store, image.id))
            continue
        if image.chain_id and image.chain_id not in keys:
            yield Finding("image", image.id, "its layers are not unpacked: pull or load it again")
        for gone in sorted(set(children.get(image.manifest, ())) - blobs):
            if any(
                one.chain_id in keys for one in store.db.read(partial(layers.get, diff_id=gone))
            ):
                continue  # a layer of our own, packed again when it is wanted
            problem = (
                f'its blob "{gone}" is gone: it runs, but to save or push it pull or load it again'
            )
            yield Finding("image", image.id, problem)


def _forget_image(store: Store, image_id: str) -> None:
    store.db.write(lambda tx: images.delete(tx, image_id))
    store.collector.collect()


# directories ----------------------------------------------------------------------------------------


def _container_directories(store: Store, containers: Collection[str]) -> Iterator[Finding]:
    for path in store.container_directories():
        if path.name not in containers and not _changed_lately(path):
            repair = partial(tree.remove, path)
            yield Finding("container", path.name, "is a directory without a row", repair)


def _changed_lately(path: Path) -> bool:
    """A create makes the directory before the row."""
    try:
        return time.time_ns() - path.stat().st_mtime_ns < AT_WORK_NS
    except FileNotFoundError:
        return True


def _volume_names(store: Store) -> tuple[set[str], set[str]]:
    """By directories, and by rows."""
    return store.volumes.names(), {row.name for row in store.db.read(volumes.all_rows)}


def _volumes(store: Store) -> Iterator[Finding]:
    for path in store.volumes.removed():
        yield Finding("volume", path.name, "its removal was cut off", store.volumes.discard_removed)
    names, rows = _volume_names(store)
    strays = names - rows
    if strays:  # made or removed just now?
        time.sleep(PATIENCE_S)
        still, now = _volume_names(store)
        strays = (names & still) - (rows | now)
    for name in sorted(rows - names):
        yield Finding("volume", name, "its directory is gone", partial(store.volumes.create, name))
    for name in sorted(strays):
        problem = f'is a directory without a row: "gorae volume create {name}" takes it back'
        yield Finding("volume", name, problem)
