"""Rows of users, organisations and their members."""

from dataclasses import dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class Account:
    """A user or an organisation; see the schema."""

    name: str
    kind: str
    full_name: str
    email: str
    password: str
    is_admin: int
    state: str
    quota_bytes: int
    created_ns: int

    @property
    def is_user(self) -> bool:
        """Whether a person or a machine can log in with it."""
        return self.kind == "user"


_COLUMNS = "name, kind, full_name, email, password, is_admin, state, quota_bytes, created_ns"


def get(tx: Tx, name: str) -> Account | None:
    """One account."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM hub_account WHERE name = ?", (name,)).fetchone()
    return Account(*row) if row else None


def all_rows(tx: Tx, kind: str) -> list[Account]:
    """Every account of a kind, by name."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM hub_account WHERE kind = ? ORDER BY name", (kind,))
    return [Account(*row) for row in rows]


def insert(tx: Tx, row: Account) -> bool:
    """Add an account; False when the name is taken."""
    done = tx.execute(
        f"INSERT INTO hub_account ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            row.name,
            row.kind,
            row.full_name,
            row.email,
            row.password,
            row.is_admin,
            row.state,
            row.quota_bytes,
            row.created_ns,
        ),
    )
    return done.rowcount == 1


def set_password(tx: Tx, name: str, password: str) -> None:
    """Another password, as argon2's text."""
    tx.execute("UPDATE hub_account SET password = ? WHERE name = ?", (password, name))


def set_profile(tx: Tx, name: str, full_name: str, email: str) -> None:
    """What an account says of itself."""
    tx.execute(
        "UPDATE hub_account SET full_name = ?, email = ? WHERE name = ?", (full_name, email, name)
    )


def set_state(tx: Tx, name: str, state: str) -> None:
    """active or disabled."""
    tx.execute("UPDATE hub_account SET state = ? WHERE name = ?", (state, name))


def set_admin(tx: Tx, name: str, is_admin: bool) -> None:
    """Whether the account may do everything."""
    tx.execute("UPDATE hub_account SET is_admin = ? WHERE name = ?", (int(is_admin), name))


def set_quota(tx: Tx, name: str, quota_bytes: int) -> None:
    """What the namespace may hold; -1: the hub's default."""
    tx.execute("UPDATE hub_account SET quota_bytes = ? WHERE name = ?", (quota_bytes, name))


def delete(tx: Tx, name: str) -> None:
    """Forget an account with its memberships, tokens, sessions and webhooks."""
    tx.execute("DELETE FROM hub_account WHERE name = ?", (name,))


def role(tx: Tx, organisation: str, account: str) -> str:
    """The account's role in an organisation; empty for none."""
    row = tx.execute(
        "SELECT role FROM hub_member WHERE organisation = ? AND account = ?",
        (organisation, account),
    ).fetchone()
    return row[0] if row else ""


def members(tx: Tx, organisation: str) -> list[tuple[str, str]]:
    """(account, role) of an organisation, by name."""
    rows = tx.execute(
        "SELECT account, role FROM hub_member WHERE organisation = ? ORDER BY account",
        (organisation,),
    )
    return [(row[0], row[1]) for row in rows]


def organisations(tx: Tx, account: str) -> list[tuple[str, str]]:
    """(organisation, role) of an account, by name."""
    rows = tx.execute(
        "SELECT organisation, role FROM hub_member WHERE account = ? ORDER BY organisation",
        (account,),
    )
    return [(row[0], row[1]) for row in rows]


def set_member(tx: Tx, organisation: str, account: str, role: str) -> None:
    """Add a member or give it another role."""
    tx.execute(
        "INSERT INTO hub_member (organisation, account, role) VALUES (?, ?, ?) "
        "ON CONFLICT (organisation, account) DO UPDATE SET role = excluded.role",
        (organisation, account, role),
    )


def delete_member(tx: Tx, organisation: str, account: str) -> bool:
    """Remove a member; whether it was one."""
    done = tx.execute(
        "DELETE FROM hub_member WHERE organisation = ? AND account = ?", (organisation, account)
    )
    return done.rowcount == 1
