"""Rows of where layers are known to be: which repository has one, as which blob."""

import time
from dataclasses import dataclass

from gorae.store.db import Tx

MAX_ORIGINS = 50
"""Repositories kept for one layer; the oldest go."""


@dataclass(frozen=True, slots=True)
class LayerOrigin:
    """A layer as a repository has it. `made_by`: what compressed it here; empty when it came from elsewhere."""

    diff_id: str
    digest: str
    repository: str
    media_type: str
    size_bytes: int
    made_by: str = ""


def insert(tx: Tx, one: LayerOrigin) -> None:
    """Seen there just now."""
    tx.execute(
        "INSERT INTO layer_origin (diff_id, digest, repository, media_type, size_bytes, made_by, seen_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (diff_id, digest, repository) DO UPDATE SET seen_ns = excluded.seen_ns",
        (
            one.diff_id,
            one.digest,
            one.repository,
            one.media_type,
            one.size_bytes,
            one.made_by,
            time.time_ns(),
        ),
    )
    tx.execute(
        "DELETE FROM layer_origin WHERE diff_id = ? AND (digest, repository) NOT IN "
        "(SELECT digest, repository FROM layer_origin WHERE diff_id = ? ORDER BY seen_ns DESC LIMIT ?)",
        (one.diff_id, one.diff_id, MAX_ORIGINS),
    )


def of_layer(tx: Tx, diff_id: str) -> list[LayerOrigin]:
    """Where a layer is, the last seen first."""
    rows = tx.execute(
        "SELECT diff_id, digest, repository, media_type, size_bytes, made_by FROM layer_origin "
        "WHERE diff_id = ? ORDER BY seen_ns DESC",
        (diff_id,),
    )
    return [LayerOrigin(*row) for row in rows]


def delete(tx: Tx, one: LayerOrigin) -> None:
    """It is not there any more."""
    tx.execute(
        "DELETE FROM layer_origin WHERE diff_id = ? AND digest = ? AND repository = ?",
        (one.diff_id, one.digest, one.repository),
    )


def delete_orphans(tx: Tx) -> None:
    """Of layers that no image here has any more."""
    tx.execute(
        "DELETE FROM layer_origin WHERE diff_id NOT IN (SELECT diff_id FROM layer_blob) "
        "AND diff_id NOT IN (SELECT diff_id FROM layer_source)"
    )
