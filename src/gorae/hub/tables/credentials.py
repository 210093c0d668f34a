"""Rows of access tokens, sessions, invitations, signing keys and failed logins."""

from dataclasses import astuple, dataclass

from gorae.store.db import Tx


@dataclass(frozen=True, slots=True)
class TokenRow:
    """See the schema."""

    id: str
    account: str
    kind: str
    label: str
    hash: str
    scopes: str
    created_ns: int
    expires_ns: int
    used_ns: int = 0


@dataclass(frozen=True, slots=True)
class SessionRow:
    """See the schema."""

    hash: str
    account: str
    csrf: str
    created_ns: int
    expires_ns: int


_TOKEN = "id, account, kind, label, hash, scopes, created_ns, expires_ns, used_ns"
_SESSION = "hash, account, csrf, created_ns, expires_ns"


def insert_token(tx: Tx, row: TokenRow) -> None:
    """A new access token."""
    tx.execute(f"INSERT INTO hub_token ({_TOKEN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(row))


def token_by_hash(tx: Tx, secret_hash: str) -> TokenRow | None:
    """The token whose secret has this hash."""
    row = tx.execute(f"SELECT {_TOKEN} FROM hub_token WHERE hash = ?", (secret_hash,)).fetchone()
    return TokenRow(*row) if row else None


def tokens_of(tx: Tx, account: str) -> list[TokenRow]:
    """An account's tokens, newest first."""
    rows = tx.execute(
        f"SELECT {_TOKEN} FROM hub_token WHERE account = ? ORDER BY created_ns DESC", (account,)
    )
    return [TokenRow(*row) for row in rows]


def use_token(tx: Tx, token_id: str, now_ns: int) -> None:
    """It was used now."""
    tx.execute("UPDATE hub_token SET used_ns = ? WHERE id = ?", (now_ns, token_id))


def delete_token(tx: Tx, account: str, token_id: str) -> bool:
    """Revoke a token; whether it was there."""
    done = tx.execute("DELETE FROM hub_token WHERE account = ? AND id = ?", (account, token_id))
    return done.rowcount == 1


def delete_expired(tx: Tx, now_ns: int) -> None:
    """Drop what has run out."""
    tx.execute("DELETE FROM hub_token WHERE expires_ns > 0 AND expires_ns < ?", (now_ns,))
    tx.execute("DELETE FROM hub_session WHERE expires_ns < ?", (now_ns,))
    tx.execute("DELETE FROM hub_invite WHERE expires_ns < ?", (now_ns,))


def insert_session(tx: Tx, row: SessionRow) -> None:
    """A browser has logged in."""
    tx.execute(f"INSERT INTO hub_session ({_SESSION}) VALUES (?, ?, ?, ?, ?)", astuple(row))


def session(tx: Tx, cookie_hash: str) -> SessionRow | None:
    """The session of a cookie."""
    row = tx.execute(
        f"SELECT {_SESSION} FROM hub_session WHERE hash = ?", (cookie_hash,)
    ).fetchone()
    return SessionRow(*row) if row else None


def delete_session(tx: Tx, cookie_hash: str) -> None:
    """It has logged out."""
    tx.execute("DELETE FROM hub_session WHERE hash = ?", (cookie_hash,))


def delete_logins(tx: Tx, account: str) -> None:
    """The password changed: browsers and docker logins have to log in again."""
    tx.execute("DELETE FROM hub_session WHERE account = ?", (account,))
    tx.execute("DELETE FROM hub_token WHERE account = ? AND kind = 'login'", (account,))


def insert_invite(tx: Tx, code_hash: str, note: str, now_ns: int, expires_ns: int) -> None:
    """A new invitation."""
    tx.execute(
        "INSERT INTO hub_invite (hash, note, created_ns, expires_ns) VALUES (?, ?, ?, ?)",
        (code_hash, note, now_ns, expires_ns),
    )


def take_invite(tx: Tx, code_hash: str, now_ns: int) -> bool:
    """Use an invitation up; False when there is none that is still good."""
    done = tx.execute(
        "DELETE FROM hub_invite WHERE hash = ? AND expires_ns > ?", (code_hash, now_ns)
    )
    return done.rowcount == 1


def insert_key(tx: Tx, key_id: str, pem: str, now_ns: int) -> None:
    """A new signing key."""
    tx.execute("INSERT INTO hub_key (id, pem, created_ns) VALUES (?, ?, ?)", (key_id, pem, now_ns))


def keys(tx: Tx) -> list[tuple[str, str, int]]:
    """(id, pem, created) of all signing keys, newest first."""
    rows = tx.execute("SELECT id, pem, created_ns FROM hub_key ORDER BY created_ns DESC, id")
    return [(row[0], row[1], row[2]) for row in rows]


def delete_keys_before(tx: Tx, before_ns: int) -> None:
    """Keys that can have signed nothing that is still good."""
    tx.execute("DELETE FROM hub_key WHERE created_ns < ?", (before_ns,))


def failures(tx: Tx, subject: str) -> tuple[int, int]:
    """(how many, since when) logins failed; (0, 0) for none."""
    row = tx.execute(
        "SELECT count, first_ns FROM hub_failure WHERE subject = ?", (subject,)
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def set_failures(tx: Tx, subject: str, count: int, first_ns: int) -> None:
    """As counted."""
    tx.execute(
        "INSERT INTO hub_failure (subject, count, first_ns) VALUES (?, ?, ?) "
        "ON CONFLICT (subject) DO UPDATE SET count = excluded.count, first_ns = excluded.first_ns",
        (subject, count, first_ns),
    )


def clear_failures(tx: Tx, subject: str) -> None:
    """A login has succeeded."""
    tx.execute("DELETE FROM hub_failure WHERE subject = ?", (subject,))


def delete_failures_before(tx: Tx, before_ns: int) -> None:
    """Old failures count no more."""
    tx.execute("DELETE FROM hub_failure WHERE first_ns < ?", (before_ns,))
