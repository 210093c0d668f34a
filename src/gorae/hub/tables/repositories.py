"""Rows of repositories."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class Repository:
    """See the schema."""

    name: str
    namespace: str
    visibility: str
    description: str
    readme: str
    pulls: int
    created_by: str
    created_ns: int
    updated_ns: int


_COLUMNS = (
    "name, namespace, visibility, description, readme, pulls, created_by, created_ns, updated_ns"
)
VISIBLE = (
    "(visibility = 'public' OR namespace = ? OR namespace IN "
    "(SELECT organisation FROM hub_member WHERE account = ?) "
    "OR EXISTS (SELECT 1 FROM hub_account WHERE name = ? AND is_admin = 1))"
)
"""What an account may pull; three times its name, empty for a stranger."""


def get(tx: Tx, name: str) -> Repository | None:
    """One repository."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM hub_repository WHERE name = ?", (name,)).fetchone()
    return Repository(*row) if row else None


def insert(tx: Tx, row: Repository) -> bool:
    """Add a repository; False when it is there already."""
    done = tx.execute(
        f"INSERT INTO hub_repository ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        astuple(row),
    )
    return done.rowcount == 1


def names(tx: Tx, account: str, last: str, limit: int) -> list[str]:
    """Names after `last` that an account may see, in order."""
    rows = tx.execute(
        f"SELECT name FROM hub_repository WHERE name > ? AND {VISIBLE} ORDER BY name LIMIT ?",
        (last, account, account, account, limit),
    )
    return [row[0] for row in rows]


def all_rows(tx: Tx) -> list[Repository]:
    """Every repository, by name."""
    return [
        Repository(*row)
        for row in tx.execute(f"SELECT {_COLUMNS} FROM hub_repository ORDER BY name")
    ]


def of_namespace(tx: Tx, namespace: str) -> list[Repository]:
    """All repositories of a namespace, by name."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_repository WHERE namespace = ? ORDER BY name", (namespace,)
    )
    return [Repository(*row) for row in rows]


def search(tx: Tx, account: str, words: str, skip: int, limit: int) -> list[Repository]:
    """Repositories that an account may see and whose name or description has the words, much pulled ones first."""
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM hub_repository "
        "WHERE (lower(name) LIKE ? ESCAPE '\\' OR lower(description) LIKE ? ESCAPE '\\') "
        f"AND {VISIBLE} ORDER BY pulls DESC, name LIMIT ? OFFSET ?",
        (pattern, pattern, account, account, account, limit, skip),
    )
    return [Repository(*row) for row in rows]


def count(tx: Tx) -> int:
    """How many there are."""
    (found,) = tx.execute("SELECT COUNT(*) FROM hub_repository").fetchone()
    return int(found)


def set_visibility(tx: Tx, name: str, visibility: str) -> None:
    """public or private."""
    tx.execute("UPDATE hub_repository SET visibility = ? WHERE name = ?", (visibility, name))


def set_text(tx: Tx, name: str, description: str, readme: str) -> None:
    """What a repository says of itself."""
    tx.execute(
        "UPDATE hub_repository SET description = ?, readme = ? WHERE name = ?",
        (description, readme, name),
    )


def touch(tx: Tx, name: str, now_ns: int) -> None:
    """Something in it has changed."""
    tx.execute("UPDATE hub_repository SET updated_ns = ? WHERE name = ?", (now_ns, name))


def add_pulls(tx: Tx, name: str, more: int) -> None:
    """It was pulled."""
    tx.execute("UPDATE hub_repository SET pulls = pulls + ? WHERE name = ?", (more, name))


def delete(tx: Tx, name: str) -> None:
    """Forget a repository with its manifests and tags."""
    tx.execute("DELETE FROM hub_tag WHERE repository = ?", (name,))
    tx.execute("DELETE FROM hub_repository WHERE name = ?", (name,))
