"""The layer between an image and its containers: mount points and `/.dockerenv`, made once for an image.

The runtime needs something to mount on; made here, it does not show up in a container's own changes, and
starts need not make it again. oracle: the same paths as Docker's init layer.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator

from gorae.errors import KernelError, NotFound, Unavailable
from gorae.linux import fd as fds
from gorae.linux import mount
from gorae.store.gc import WITH_PARENT
from gorae.store.ingest import disk_error
from gorae.store.snapshot import Snapshotter

DIRECTORIES = ("dev/pts", "dev/shm", "proc", "sys", "etc")
FILES = (".dockerenv", "etc/resolv.conf", "etc/hosts", "etc/hostname", "dev/console")
LINKS = {"etc/mtab": "/proc/mounts"}
ATTEMPTS = 5


def key_of(chain_id: str) -> str:
    """The snapshot's key."""
    return f"{WITH_PARENT}{chain_id}"


def prepare(snapshots: Snapshotter, key: str, chain_id: str) -> str:
    """A writable layer `key` on an image's init layer, which a collection may take away until one stands on it.

    Returns:
        The init layer's key.

    Raises:
        NotFound: the image's own snapshot is not there. Unavailable: the disk is full. KernelError.
    """
    for _ in range(ATTEMPTS):
        try:
            parent = ensure(snapshots, chain_id)
            snapshots.prepare(key, parent)
            return parent
        except NotFound:
            if not snapshots.exists(chain_id):
                raise
    raise Unavailable(f'the layer of "{chain_id}" was taken away again and again: try again')


def ensure(snapshots: Snapshotter, chain_id: str) -> str:
    """The key of the snapshot to stand on, made if it is missing; blocking.

    Raises:
        NotFound: the image's own snapshot is not there. KernelError.
    """
    key = key_of(chain_id)
    if snapshots.exists(key):
        return key
    draft = f"init-draft-{secrets.token_hex(8)}"
    (one,) = snapshots.prepare(draft, chain_id)
    try:
        with mount.detached(one) as root:
            _fill(root)
        snapshots.commit(draft, key)
    except BaseException:
        snapshots.remove(draft)
        raise
    return key


def _fill(root: int) -> None:
    """Raises: Unavailable: the disk is full."""
    try:
        for path in DIRECTORIES:
            _make_directories(root, path)
        for path in FILES:
            _make_file(root, path)
        for path, leads_to in LINKS.items():
            parent, _, name = path.rpartition("/")
            with _parent(root, parent) as dir_fd, contextlib.suppress(FileExistsError):
                os.symlink(leads_to, name, dir_fd=dir_fd)
    except OSError as error:
        raise disk_error(error) from error


@contextlib.contextmanager
def _parent(root: int, path: str) -> Iterator[int]:
    fd = fds.openat2(root, path or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


def _make_directories(root: int, path: str) -> None:
    at = ""
    for part in path.split("/"):
        with _parent(root, at) as dir_fd, contextlib.suppress(FileExistsError):
            os.mkdir(part, 0o755, dir_fd=dir_fd)
        at = f"{at}/{part}".lstrip("/")


def _make_file(root: int, path: str) -> None:
    """What the image has stays, but for a link: a mount would follow it."""
    parent, _, name = path.rpartition("/")
    with _parent(root, parent) as dir_fd:
        try:
            info = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        except FileNotFoundError:
            pass
        else:
            if not stat.S_ISLNK(info.st_mode):
                return
            os.unlink(name, dir_fd=dir_fd)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(name, flags, 0o755, dir_fd=dir_fd))
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise KernelError("open", error.errno or 0, path) from error
