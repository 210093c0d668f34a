"""`--security-opt`, `--sysctl`, `--storage-opt`: what the client itself reads and checks."""

from __future__ import annotations

from gorae.client import jsontext
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

UNCONFINED_PATHS = "systempaths=unconfined"
_SYSCTLS = frozenset(
    "kernel." + name
    for name in (
        "msgmax",
        "msgmnb",
        "msgmni",
        "sem",
        "shmall",
        "shmmax",
        "shmmni",
        "shm_rmid_forced",
    )
)


def options(texts: Iterable[str]) -> tuple[list[str], bool]:
    """The options for the engine, and whether the masked paths are to be open.

    A seccomp profile is a file of the client; its content travels.
    """
    found: list[str] = []
    unconfined = False
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign and name != "no-new-privileges":
            name, sign, value = text.partition(":")
        if (not sign or not value) and name != "no-new-privileges":
            raise InvalidArgument(f'Invalid --security-opt: "{text}"')
        if text == UNCONFINED_PATHS:
            unconfined = True
        elif name == "seccomp" and value not in ("unconfined", "builtin"):
            found.append(f"seccomp={_profile(value)}")
        else:
            found.append(text)
    return found, unconfined


def _profile(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise InvalidArgument(
            f"opening seccomp profile ({path}) failed: open {path}: {(error.strerror or '').lower()}"
        ) from None
    try:
        return jsontext.encode(jsontext.decode(data))
    except GoraeError as error:
        raise InvalidArgument(
            f"compacting json for seccomp profile ({path}) failed: {error}"
        ) from None


def read_sysctl(text: str) -> str:
    """`name=value` of a namespaced sysctl."""
    name, found, _ = text.partition("=")
    if found and (name in _SYSCTLS or name.startswith(("net.", "fs.mqueue."))):
        return text
    raise InvalidArgument(f"sysctl '{text}' is not allowed")


def storage_options(texts: Iterable[str]) -> dict[str, str]:
    """`name=value` texts."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise InvalidArgument("invalid storage option")
        found[name] = value
    return found
