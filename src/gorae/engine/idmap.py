"""Bind mounts that belong to who asked for them: which ids are seen as which. Pure.

`auto` swaps the caller's ids and those of the container's user, the rest maps to itself: what the container's user
makes belongs to the caller on the host, without chown. It is a convenience of ownership, not a barrier: a container's
root still reaches every file. `only` maps the caller's ids and nothing else, and is a barrier: other owners' files are
seen as nobody's and cannot be written. `HOST:CONTAINER:COUNT` maps just these.
"""

from dataclasses import dataclass

from gorae.errors import InvalidArgument

LAST = (1 << 32) - 1
"""The first number that is no id."""
SYSTEM = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
]
WORDS = ("auto", "only", "none")
Extent = tuple[int, int, int]
"""(id on the disk, id in the container, count)."""


@dataclass(frozen=True, slots=True)
class Ids:
    """A user and its group."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Map:
    """What a mount is to be mapped by."""

    uids: tuple[Extent, ...]
    gids: tuple[Extent, ...]


def check(wish: str) -> str:
    """Raises: InvalidArgument: no wish that is known."""
    if wish and wish not in WORDS:
        _range(wish)
    return wish


def _range(wish: str) -> Extent:
    parts = wish.split(":")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
        host, inside, count = (int(part) for part in parts)
        if count and max(host, inside) + count <= LAST:
            return host, inside, count
    raise InvalidArgument(
        f'invalid idmap "{wish}": wanted auto, only, none or HOST:CONTAINER:COUNT'
    )


def by_default(source: str, *, is_socket: bool, private: bool) -> bool:
    """Whether a mount nobody said anything about is mapped: never the system's own folders, nor sockets."""
    system = source == "/" or any(source == top or source.startswith(top + "/") for top in SYSTEM)
    return private and not is_socket and not system


def plan(wish: str, caller: Ids, inside: Ids) -> Map | None:
    """The map of a wish; None where it changes nothing."""
    if wish == "none":
        return None
    if wish == "auto":
        if caller == inside:
            return None
        return Map(swapped(caller.uid, inside.uid), swapped(caller.gid, inside.gid))
    if wish == "only":
        return Map(((caller.uid, inside.uid, 1),), ((caller.gid, inside.gid, 1),))
    extent = _range(wish)
    return Map((extent,), (extent,))


def swapped(one: int, other: int) -> tuple[Extent, ...]:
    """All ids as they are, but for two that change places."""
    low, high = sorted((one, other))
    if low == high:
        return ((0, 0, LAST),)
    found = (
        (0, 0, low),
        (low, high, 1),
        (low + 1, low + 1, high - low - 1),
        (high, low, 1),
        (high + 1, high + 1, LAST - high - 1),
    )
    return tuple(extent for extent in found if extent[2] > 0)
