"""Rows of the build cache, of what is known of contexts, and of builds that have ended."""

import time
from dataclasses import astuple, dataclass

from gorae.store.db import Tx

MAX_RECORDS = 200
MAX_STAT_ROOTS = 64


@dataclass(frozen=True, slots=True)
class CacheRow:
    """One result; see the schema. `parts` is JSON."""

    key: str
    id: str
    slot: str
    parts: str
    snapshot: str
    diff_id: str
    parent: str
    description: str
    size_bytes: int
    took_ns: int
    created_ns: int
    last_used_ns: int
    uses: int


@dataclass(frozen=True, slots=True)
class MountRow:
    """One cache mount's folder."""

    id: str
    directory: str
    size_bytes: int
    created_ns: int
    last_used_ns: int
    uses: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One ended build; `document` is JSON."""

    id: str
    project: str
    created_ns: int
    took_ns: int
    status: str
    document: str


_CACHE = (
    "key, id, slot, parts, snapshot, diff_id, parent, description, size_bytes, took_ns, created_ns, "
    "last_used_ns, uses"
)
_MOUNT = "id, directory, size_bytes, created_ns, last_used_ns, uses"
_RECORD = "id, project, created_ns, took_ns, status, document"


def get(tx: Tx, key: str) -> CacheRow | None:
    """The result of a key or of its second name."""
    row = tx.execute(f"SELECT {_CACHE} FROM build_cache WHERE key = ?", (key,)).fetchone()
    if row is None:
        row = tx.execute(
            f"SELECT {_CACHE} FROM build_cache WHERE key = (SELECT key FROM build_alias WHERE alias = ?)",
            (key,),
        ).fetchone()
    return CacheRow(*row) if row else None


def all_rows(tx: Tx) -> list[CacheRow]:
    """Every result, the longest unused first."""
    rows = tx.execute(f"SELECT {_CACHE} FROM build_cache ORDER BY last_used_ns")
    return [CacheRow(*row) for row in rows]


def latest_in_slot(tx: Tx, slot: str) -> CacheRow | None:
    """The newest result of a step."""
    row = tx.execute(
        f"SELECT {_CACHE} FROM build_cache WHERE slot = ? ORDER BY last_used_ns DESC LIMIT 1",
        (slot,),
    ).fetchone()
    return CacheRow(*row) if row else None


def put(tx: Tx, row: CacheRow, aliases: tuple[str, ...] = ()) -> None:
    """Add a result, or put it in the place of the one before."""
    marks = ", ".join("?" * 13)
    tx.execute("DELETE FROM build_alias WHERE key = ?", (row.key,))
    tx.execute("DELETE FROM build_leak WHERE key = ?", (row.key,))
    tx.execute(f"INSERT OR REPLACE INTO build_cache ({_CACHE}) VALUES ({marks})", astuple(row))
    for alias in aliases:
        add_alias(tx, alias, row.key)


def move(tx: Tx, key: str, snapshot: str) -> None:
    """A result's layer stands on another one now."""
    tx.execute("UPDATE build_cache SET snapshot = ? WHERE key = ?", (snapshot, key))


def put_leaks(tx: Tx, key: str, document: str) -> None:
    """What the secret guard found in a result's layer: JSON. A result that is gone meanwhile is passed over."""
    tx.execute(
        "INSERT OR REPLACE INTO build_leak (key, document) SELECT key, ? FROM build_cache WHERE key = ?",
        (document, key),
    )


def leaks(tx: Tx, key: str) -> str:
    """The same again; empty when it did not look."""
    row = tx.execute("SELECT document FROM build_leak WHERE key = ?", (key,)).fetchone()
    return row[0] if row else ""


def add_alias(tx: Tx, alias: str, key: str) -> None:
    """A second name of a result."""
    tx.execute("INSERT OR REPLACE INTO build_alias (alias, key) VALUES (?, ?)", (alias, key))


def used(tx: Tx, keys: list[str]) -> None:
    """These results were taken just now."""
    now = time.time_ns()
    for key in keys:
        tx.execute(
            "UPDATE build_cache SET last_used_ns = ?, uses = uses + 1 WHERE key = ?", (now, key)
        )


def delete(tx: Tx, key: str) -> None:
    """Forget a result and its second names."""
    tx.execute("DELETE FROM build_alias WHERE key = ?", (key,))
    tx.execute("DELETE FROM build_leak WHERE key = ?", (key,))
    tx.execute("DELETE FROM build_cache WHERE key = ?", (key,))


def snapshots(tx: Tx) -> list[str]:
    """The chain ids that results stand for: roots of the collector."""
    return [row[0] for row in tx.execute("SELECT snapshot FROM build_cache WHERE snapshot <> ''")]


def without_snapshot(tx: Tx) -> list[CacheRow]:
    """Results whose layer is not here."""
    found = tx.execute(
        f"SELECT {_CACHE} FROM build_cache WHERE snapshot <> ''"
        " AND snapshot NOT IN (SELECT key FROM snapshot)"
    )
    return [CacheRow(*row) for row in found]


def image_chains(tx: Tx) -> list[str]:
    """The chain ids of all layers that images stand on."""
    return [
        row[0]
        for row in tx.execute(
            "WITH RECURSIVE chain (key, parent) AS ("
            "  SELECT s.key, s.parent FROM snapshot s JOIN image i ON i.chain_id = s.key"
            "  UNION"
            "  SELECT s.key, s.parent FROM snapshot s JOIN chain c ON s.key = c.parent"
            ") SELECT key FROM chain"
        )
    ]


def listed(tx: Tx) -> set[str]:
    """The digests of lists of files that results' parts name."""
    found = tx.execute("SELECT j.value FROM build_cache, json_each(parts, '$.files') AS j")
    return {row[0] for row in found}


def put_files(tx: Tx, digest: str, data: bytes) -> None:
    """Keep what a COPY took."""
    tx.execute(
        "INSERT INTO build_files (digest, data, last_used_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET last_used_ns = excluded.last_used_ns",
        (digest, data, time.time_ns()),
    )


def files(tx: Tx, digest: str) -> bytes | None:
    """What a COPY took."""
    row = tx.execute("SELECT data FROM build_files WHERE digest = ?", (digest,)).fetchone()
    return row[0] if row else None


def delete_files(tx: Tx, kept: set[str]) -> None:
    """Forget all lists but these."""
    for (digest,) in list(tx.execute("SELECT digest FROM build_files")):
        if digest not in kept:
            tx.execute("DELETE FROM build_files WHERE digest = ?", (digest,))


def stat_data(tx: Tx, root: str) -> bytes | None:
    """What is known of a folder's files."""
    row = tx.execute("SELECT data FROM build_stat WHERE root = ?", (root,)).fetchone()
    return row[0] if row else None


def put_stat_data(tx: Tx, root: str, data: bytes) -> None:
    """Keep it; the folders that were not built from for longest are forgotten."""
    tx.execute(
        "INSERT OR REPLACE INTO build_stat (root, data, last_used_ns) VALUES (?, ?, ?)",
        (root, data, time.time_ns()),
    )
    tx.execute(
        "DELETE FROM build_stat WHERE root NOT IN "
        "(SELECT root FROM build_stat ORDER BY last_used_ns DESC LIMIT ?)",
        (MAX_STAT_ROOTS,),
    )


def mounts(tx: Tx) -> list[MountRow]:
    """Every cache mount's folder."""
    return [MountRow(*row) for row in tx.execute(f"SELECT {_MOUNT} FROM build_mount")]


def mount(tx: Tx, mount_id: str) -> MountRow | None:
    """The folder of one cache mount."""
    row = tx.execute(f"SELECT {_MOUNT} FROM build_mount WHERE id = ?", (mount_id,)).fetchone()
    return MountRow(*row) if row else None


def put_mount(tx: Tx, row: MountRow) -> None:
    """Add a folder, or say anew what is known of it."""
    tx.execute(
        f"INSERT OR REPLACE INTO build_mount ({_MOUNT}) VALUES (?, ?, ?, ?, ?, ?)", astuple(row)
    )


def delete_mount(tx: Tx, mount_id: str) -> None:
    """Forget a folder."""
    tx.execute("DELETE FROM build_mount WHERE id = ?", (mount_id,))


def add_record(tx: Tx, row: RecordRow) -> None:
    """Keep an ended build; the oldest are forgotten."""
    tx.execute(
        f"INSERT OR REPLACE INTO build_record ({_RECORD}) VALUES (?, ?, ?, ?, ?, ?)", astuple(row)
    )
    tx.execute(
        "DELETE FROM build_record WHERE id NOT IN "
        "(SELECT id FROM build_record ORDER BY created_ns DESC LIMIT ?)",
        (MAX_RECORDS,),
    )


def records(tx: Tx, limit: int = MAX_RECORDS) -> list[RecordRow]:
    """Ended builds, the newest first."""
    rows = tx.execute(
        f"SELECT {_RECORD} FROM build_record ORDER BY created_ns DESC LIMIT ?", (limit,)
    )
    return [RecordRow(*row) for row in rows]
