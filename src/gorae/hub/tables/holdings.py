"""What repositories hold: the store's link rows, seen as the hub's.

A repository's owner word is `hub/<name>`; the store's collector keeps what has a link.
"""

from gorae.store.db import Tx
from gorae.store.tables import links

PREFIX = "hub/"


def owner(repository: str) -> str:
    """The word that stands for a repository in the link table."""
    return PREFIX + repository


def link(tx: Tx, repository: str, digest: str, now_ns: int) -> None:
    """Show a blob in a repository, and keep it."""
    links.insert(tx, owner(repository), digest, now_ns)


def unlink(tx: Tx, repository: str, digest: str) -> None:
    """Show it no more."""
    links.delete(tx, owner(repository), digest)


def unlink_all(tx: Tx, repository: str) -> None:
    """The repository goes."""
    tx.execute("DELETE FROM link WHERE owner = ?", (owner(repository),))


def size(tx: Tx, repository: str, digest: str) -> int | None:
    """Bytes of a blob that the repository links; None when it links none of that digest."""
    row = tx.execute(
        "SELECT c.size_bytes FROM link l JOIN content c ON c.digest = l.digest "
        "WHERE l.owner = ? AND l.digest = ?",
        (owner(repository), digest),
    ).fetchone()
    return row[0] if row else None


def linked_ns(tx: Tx, repository: str, digest: str) -> int | None:
    """When the repository linked it last."""
    return links.created_ns(tx, owner(repository), digest)


def drop_unused(tx: Tx, before_ns: int) -> int:
    """Unlink old blobs that no manifest of their repository refers to, and that are no manifest; how many."""
    done = tx.execute(
        "DELETE FROM link WHERE owner LIKE 'hub/%' AND created_ns < ? "
        "AND NOT EXISTS (SELECT 1 FROM hub_manifest m "
        "WHERE m.digest = link.digest AND 'hub/' || m.repository = link.owner) "
        "AND NOT EXISTS (SELECT 1 FROM edge e JOIN hub_manifest m ON m.digest = e.parent "
        "WHERE e.child = link.digest AND 'hub/' || m.repository = link.owner)",
        (before_ns,),
    )
    return done.rowcount


def bytes_of_namespace(tx: Tx, namespace: str) -> int:
    """Bytes that a namespace's repositories link, each blob once."""
    (found,) = tx.execute(
        "SELECT COALESCE(SUM(size_bytes), 0) FROM content WHERE digest IN "
        "(SELECT digest FROM link WHERE owner >= ? AND owner < ?)",
        (f"{PREFIX}{namespace}/", f"{PREFIX}{namespace}0"),  # "0" follows "/"
    ).fetchone()
    return int(found)


def bytes_of_repository(tx: Tx, repository: str) -> int:
    """Bytes that a repository links."""
    (found,) = tx.execute(
        "SELECT COALESCE(SUM(c.size_bytes), 0) FROM link l JOIN content c ON c.digest = l.digest "
        "WHERE l.owner = ?",
        (owner(repository),),
    ).fetchone()
    return int(found)


def totals(tx: Tx) -> tuple[int, int]:
    """(blobs, bytes) that any repository links."""
    row = tx.execute(
        "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM content WHERE digest IN "
        "(SELECT digest FROM link WHERE owner LIKE 'hub/%')"
    ).fetchone()
    return int(row[0]), int(row[1])
