"""User namespaces as maps of ids, for mount_setattr(2) with MOUNT_ATTR_IDMAP.

The kernel takes such a map from any user namespace. One is made by a program that enters a new namespace and waits;
when its map is written and a descriptor is held, it has done its work.
"""

import os
from collections.abc import Sequence

from gorae.errors import KernelError, Unavailable
from gorae.linux import process

MAX_EXTENTS = 340
"""Source: user_namespaces(7)."""
Extents = Sequence[tuple[int, int, int]]
"""(id on the disk, id as it is seen, count)."""
_HOLDER = ("unshare", "--user", "sh", "-c", "echo; read -r line")


def open_map(uids: Extents, gids: Extents) -> int:
    """A descriptor of a user namespace with these maps.

    Raises:
        KernelError: the kernel refuses the map. Unavailable: no namespace could be made.
    """
    holder = process.spawn(_HOLDER, stdin=process.PIPE, stdout=process.PIPE)
    with holder:
        try:
            assert holder.stdout is not None
            if not holder.stdout.readline():  # it writes a line when it is in its namespace
                raise Unavailable("no user namespace could be made: see user.max_user_namespaces")
            _write(holder.pid, "uid_map", uids)
            _write(holder.pid, "gid_map", gids)
            return os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            holder.kill()


def _write(pid: int, name: str, extents: Extents) -> None:
    text = "".join(f"{disk} {seen} {count}\n" for disk, seen, count in extents)
    fd = os.open(f"/proc/{pid}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    except OSError as error:
        raise KernelError("write", error.errno or 0, name) from error
    finally:
        os.close(fd)
