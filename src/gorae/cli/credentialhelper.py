"""Credential helpers: programs named `docker-credential-NAME` that keep secrets where the system keeps them.

Spoken to as docker does: a verb as argument, the server's key or JSON on standard input, JSON on standard output.
Source: github.com/docker/docker-credential-helpers, README.
"""

from __future__ import annotations

import os

from gorae.client import jsontext
from gorae.errors import Unavailable

TOKEN_USER = "<token>"
NOT_FOUND = "credentials not found"
MAX_ANSWER_BYTES = 1 << 20


def get(helper: str, key: str) -> dict[str, str]:
    """What is kept for a server; empty for nothing.

    Raises:
        Unavailable: the helper is missing or failed.
    """
    status, answer = _run(helper, "get", key.encode())
    if status:
        if NOT_FOUND in answer:
            return {}
        raise _failure(helper, answer)
    found = jsontext.decode(answer.encode())
    user, secret = str(found.get("Username", "")), str(found.get("Secret", ""))
    if user == TOKEN_USER:
        return {"identitytoken": secret}
    return {"username": user, "password": secret}


def store(helper: str, key: str, username: str, secret: str) -> None:
    """Keep. Raises: Unavailable."""
    data = {"ServerURL": key, "Username": username, "Secret": secret}
    status, answer = _run(helper, "store", jsontext.encode(data).encode())
    if status:
        raise _failure(helper, answer)


def erase(helper: str, key: str) -> None:
    """Forget; nothing there is fine. Raises: Unavailable."""
    status, answer = _run(helper, "erase", key.encode())
    if status and NOT_FOUND not in answer:
        raise _failure(helper, answer)


def _failure(helper: str, answer: str) -> Unavailable:
    words = answer.strip()[:500]
    return Unavailable(f"error getting credentials - docker-credential-{helper}: {words}")


def _run(helper: str, verb: str, data: bytes) -> tuple[int, str]:
    """Exit status and standard output."""
    program = f"docker-credential-{helper}"
    to_child, from_us = os.pipe()
    from_child, to_us = os.pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, to_child, 0),
        (os.POSIX_SPAWN_DUP2, to_us, 1),
    ]
    try:
        pid = os.posix_spawnp(program, [program, verb], os.environ, file_actions=actions)
    except OSError as error:
        for one in (to_child, from_us, from_child, to_us):
            os.close(one)
        raise Unavailable(
            f"error getting credentials - {program}: {(error.strerror or '').lower()}; "
            "install it, or take it out of config.json"
        ) from None
    os.close(to_child)
    os.close(to_us)
    with os.fdopen(from_us, "wb") as stdin, os.fdopen(from_child, "rb") as stdout:
        try:
            stdin.write(data + b"\n" if data else b"")
            stdin.close()
        except BrokenPipeError:
            pass
        answer = stdout.read(MAX_ANSWER_BYTES)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), answer.decode("utf-8", "replace")
