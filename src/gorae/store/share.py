"""A hub beside the engine on one store: how an engine shows that it has a blob, so that no bytes need to move.

Who can read the store's database knows the secret in it, and can read the blobs anyway; the hub gives a blob to a
repository on such a proof, after it has checked that the user may push there.
"""

import hashlib
import hmac

from gorae.store.db import Tx

SECRET = "share secret"


def secret(tx: Tx, fresh: str = "") -> str:
    """The store's secret; `fresh` becomes it when there is none. Empty: no hub has opened this store."""
    if fresh:
        tx.execute(
            "INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", (SECRET, fresh)
        )
    row = tx.execute("SELECT value FROM fact WHERE name = ?", (SECRET,)).fetchone()
    return str(row[0]) if row else ""


def store_name(secret_text: str) -> str:
    """What a hub says its store is, for an engine to see that it is its own."""
    return hashlib.sha256(f"store {secret_text}".encode()).hexdigest()


def proof(secret_text: str, repository: str, digest: str) -> str:
    """What stands for the bytes of a blob in a push to `repository`."""
    message = f"{repository} {digest}".encode()
    return hmac.new(secret_text.encode(), message, hashlib.sha256).hexdigest()
