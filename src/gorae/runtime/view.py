"""A container's files as one directory descriptor, for whoever reads or writes them from outside.

Of a running container it is its own root: everything that is mounted there is seen as the container sees it. Of a
stopped one the same is mounted in a mount namespace that belongs to one thread: it ends with the thread, so that
nothing is left to clean up, not even after a kill -9. Whoever uses the descriptor opens names below it by openat2 with
RESOLVE_IN_ROOT: the container may swap its directories for links at any moment.
"""

import contextlib
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from gorae.errors import KernelError, NotFound
from gorae.linux import fd as fds
from gorae.linux import mount, namespace


@dataclass(frozen=True, slots=True)
class Bound:
    """A host path that is seen at `target`."""

    source: str
    target: str
    readonly: bool = False


@contextlib.contextmanager
def running(pid: int) -> Iterator[int]:
    """The root directory of a process. Raises: NotFound: it has ended."""
    try:
        root_fd = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        raise NotFound("the container has just ended") from None
    try:
        yield root_fd
    finally:
        os.close(root_fd)


@contextlib.contextmanager
def private(mounts: Sequence[mount.Mount], bound: Sequence[Bound], where: Path) -> Iterator[int]:
    """The root of a tree that only this block sees; `where` is an empty directory to mount it on.

    Raises:
        KernelError: something could not be mounted.
    """
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    ready: Future[int] = Future()
    over = threading.Event()
    thread = threading.Thread(
        target=_hold, args=(mounts, bound, str(where), ready, over), name="view", daemon=True
    )
    thread.start()
    try:
        root_fd = ready.result()
        try:
            yield root_fd
        finally:
            os.close(root_fd)
    finally:
        over.set()
        thread.join()


def _hold(
    mounts: Sequence[mount.Mount],
    bound: Sequence[Bound],
    where: str,
    ready: "Future[int]",
    over: threading.Event,
) -> None:
    """Keep the namespace alive until `over`; the kernel takes its mounts away with the thread."""
    try:
        namespace.unshare(namespace.CLONE_NEWNS)
        mount.mount("", "/", "", mount.MS_REC | mount.MS_PRIVATE)
        mount.mount_all(mounts, where)
        root_fd = os.open(where, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _bind_all(root_fd, bound)
            _leave_the_rest(where)
        except BaseException:
            os.close(root_fd)
            raise
    except BaseException as error:  # noqa: BLE001 - whoever waits for the tree gets it
        ready.set_exception(error)
        return
    ready.set_result(root_fd)
    over.wait()


def _bind_all(root_fd: int, bound: Sequence[Bound]) -> None:
    """Parents first. Raises: KernelError."""
    for one in sorted(bound, key=lambda each: each.target.count("/")):
        try:
            bind(root_fd, one)
        except OSError as error:  # a name that cannot be, a file where a folder is wanted
            raise KernelError("mount", error.errno or 0, one.target) from error


def _leave_the_rest(where: str) -> None:
    """Copies of other mounts would keep them busy. `unshare` gave this thread a working directory of its own."""
    os.chdir(where)
    with contextlib.suppress(KernelError):  # the first root of a host cannot be left
        mount.pivot_root(".", ".")
        mount.umount2(".", mount.MNT_DETACH)


def bind(root_fd: int, one: Bound) -> None:
    """Bind mount below a root, without looking up a path in it twice. Raises: KernelError."""
    try:
        source_fd = os.open(one.source, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError("open", error.errno or 0, one.source) from error
    try:
        is_directory = stat.S_ISDIR(os.fstat(source_fd).st_mode)
        target_fd = make_point(root_fd, one.target, directory=is_directory)
        try:
            tree_fd = mount.clone_tree(source_fd)
            try:
                if one.readonly:
                    mount.mount_setattr(tree_fd, mount.MOUNT_ATTR_RDONLY)
                mount.attach_tree(tree_fd, target_fd)
            finally:
                os.close(tree_fd)
        finally:
            os.close(target_fd)
    finally:
        os.close(source_fd)


def make_point(root_fd: int, path: str, *, directory: bool) -> int:
    """Open what something is to be mounted on, made with its parents where it is missing. Raises: KernelError."""
    with contextlib.suppress(KernelError):
        return fds.openat2(root_fd, path, os.O_PATH)
    at = ""
    parts = [part for part in path.split("/") if part]
    for number, part in enumerate(parts, 1):
        parent_fd = fds.openat2(root_fd, at or ".", os.O_PATH | os.O_DIRECTORY)
        try:
            with contextlib.suppress(FileExistsError):
                if directory or number < len(parts):
                    os.mkdir(part, 0o755, dir_fd=parent_fd)
                else:
                    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o755, dir_fd=parent_fd))
        finally:
            os.close(parent_fd)
        at = f"{at}/{part}" if at else part
    return fds.openat2(root_fd, path, os.O_PATH)
