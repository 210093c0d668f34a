"""A bind mount into a container that runs: a detached copy of the tree, moved into its mount namespace.

A thread that ends afterwards does it, since setns(2) moves the calling thread; it gives up the file system state that
threads share first, as the kernel wants. The target is looked up inside the container's root, never outside.
"""

import contextlib
import os
import stat
import threading

from gorae.errors import Internal, KernelError
from gorae.linux import fd as fds
from gorae.linux import mount, namespace

CLONE_FS = 0x00000200
MODE = 0o755


def bind(pid: int, source: str, target: str, *, readonly: bool) -> None:
    """Show the host's `source` at `target` in the namespace of a process; what is missing of the target is made.

    Raises:
        KernelError: the source is missing, the target cannot be made, the kernel refuses.
    """
    failure: list[BaseException] = []
    source_fd = _open(source)
    try:
        is_directory = stat.S_ISDIR(os.fstat(source_fd).st_mode)
        tree_fd = mount.clone_tree(source_fd)
    finally:
        os.close(source_fd)
    namespace_fd = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    def body() -> None:
        try:
            mount.mount_setattr(tree_fd, 0, propagation=mount.MS_PRIVATE)
            if readonly:
                mount.mount_setattr(tree_fd, mount.MOUNT_ATTR_RDONLY)
            namespace.unshare(CLONE_FS)
            namespace.setns(namespace_fd, namespace.CLONE_NEWNS)
            with fds.open_root("/") as root_fd:
                target_fd = _make(root_fd, target, directory=is_directory)
                try:
                    mount.attach_tree(tree_fd, target_fd)
                finally:
                    os.close(target_fd)
        except BaseException as error:  # noqa: BLE001 - given to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name="live-mount")
    thread.start()
    thread.join()
    os.close(namespace_fd)
    os.close(tree_fd)
    if failure:
        error = failure[0]
        raise error if isinstance(error, KernelError) else Internal(f"mount: {error}") from error


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise KernelError("open", error.errno or 0, path) from error


def _make(root_fd: int, target: str, *, directory: bool) -> int:
    """The target, open; its parents are made step by step, each found inside the root."""
    parts = [one for one in target.split("/") if one]
    for count in range(1, len(parts)):
        _mkdir(root_fd, "/".join(parts[:count]))
    path = "/".join(parts)
    if directory:
        _mkdir(root_fd, path)
    else:
        with contextlib.suppress(KernelError):
            os.close(fds.openat2(root_fd, path, os.O_CREAT | os.O_WRONLY, 0o644))
    return fds.openat2(root_fd, path, os.O_PATH)


def _mkdir(root_fd: int, path: str) -> None:
    parent, _, name = path.rpartition("/")
    parent_fd = fds.openat2(root_fd, parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, MODE, dir_fd=parent_fd)
    except OSError as error:
        raise KernelError("mkdir", error.errno or 0, path) from error
    finally:
        os.close(parent_fd)
