"""The mount namespace of our own that containers are made in.

Two things differ there from the host's, and neither comes back to it:

- `/dev/null` is a node of our own. The monitor gives it to every process that has no stdin, and OCI runtimes hand what
  they are given to the container's user by fchown(2): a container could own and change the host's node.
- On a hybrid host the v2 tree at /sys/fs/cgroup/unified is hidden: Debian's crun 1.8 refuses a host that has both.

    EXEC_ROOT/mntns/pin          the namespace's file, for the next daemon
    EXEC_ROOT/mntns/dev/null     our node, on a tmpfs in that namespace alone
"""

import contextlib
import errno
import logging
import os
import stat
from pathlib import Path

from gorae.errors import KernelError
from gorae.linux import mount, namespace
from gorae.linux.cgroup import CGROUP_ROOT, Hierarchy
from gorae.runtime import propagation

UNIFIED = f"{CGROUP_ROOT}/unified"
NULL = "/dev/null"
NULL_DEVICE = os.makedev(1, 3)
_log = logging.getLogger(__name__)


def enter(exec_root: Path) -> None:
    """Enter it: the one that an earlier daemon pinned, or a new one.

    Comes before any thread. The host's namespace stays untouched but for one pinning file below `exec_root`;
    mounts that are shared still propagate both ways.

    Raises:
        KernelError: not allowed.
    """
    pin = exec_root / "mntns" / "pin"
    if _is_namespace(pin):
        fd = os.open(pin, os.O_RDONLY | os.O_CLOEXEC)
        try:
            namespace.setns(fd, namespace.CLONE_NEWNS)
        finally:
            os.close(fd)
    else:
        _enter_own_namespace(pin)
    _own_null(pin.parent / "dev")


def _is_namespace(pin: Path) -> bool:
    """A file on a mount of its own is the kernel's namespace file; without the pin it is a plain one."""
    with contextlib.suppress(FileNotFoundError):
        return pin.stat().st_dev != pin.parent.stat().st_dev
    return False


def _enter_own_namespace(pin: Path) -> None:
    """Try on each processor.

    The kernel lets only an older namespace hold a mount of a newer one, and tells their age by numbers which each
    processor hands out of a stock of its own (seen with Linux 6.18).
    """
    _make_private_directory(pin.parent)
    allowed = os.sched_getaffinity(0)
    try:
        for number, processor in enumerate(sorted(allowed), 1):
            os.sched_setaffinity(0, {processor})
            try:
                return _enter_pinned(pin)
            except KernelError as error:
                if error.errno != errno.EINVAL or number == len(allowed):
                    raise
    finally:
        os.sched_setaffinity(0, allowed)


def _enter_pinned(pin: Path) -> None:
    """Into a new namespace which `pin` keeps. Raises: KernelError: it stays in the old one."""
    host = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    own = -1
    try:
        namespace.unshare(namespace.CLONE_NEWNS)
        if Hierarchy.detect().mode == "hybrid":
            _hide_unified()
        own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        namespace.setns(host, namespace.CLONE_NEWNS)
        namespace.pin(f"/proc/self/fd/{own}", str(pin))
        namespace.setns(own, namespace.CLONE_NEWNS)
    finally:
        os.close(host)
        if own >= 0:
            os.close(own)


def _make_private_directory(directory: Path) -> None:
    """A mount that propagates nowhere: a namespace may not be mounted where it would come back into itself."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if not any(one.target == str(directory) for one in propagation.mount_table()):
        mount.mount(str(directory), str(directory), "", mount.MS_BIND)
    mount.mount("", str(directory), "", mount.MS_PRIVATE)


def _hide_unified() -> None:
    """In this namespace only: private first, or the host would lose it too."""
    mount.mount("", CGROUP_ROOT, "", mount.MS_PRIVATE)
    mount.mount("", UNIFIED, "", mount.MS_PRIVATE)
    mount.umount2(UNIFIED, mount.MNT_DETACH)


def _own_null(directory: Path) -> None:
    """A node of our own over `/dev/null`, unless the daemon before has put it there.

    It may be killed at any line of this: what is half done is nobody's but this namespace's, and is done again.
    """
    mounted = {one.target for one in propagation.mount_table()}
    if str(directory) in mounted and os.stat(NULL).st_dev == os.stat(directory).st_dev:
        return
    below = next((one for one in (NULL, "/dev") if one in mounted), "")
    if not below:  # a mount of ours would come to be on the host as well
        _log.warning("/dev is no mount: users of containers are given the host's %s as stdin", NULL)
        return
    directory.mkdir(mode=0o700, exist_ok=True)
    flags = mount.MS_NOSUID | mount.MS_NOEXEC
    mount.mount("tmpfs", str(directory), "tmpfs", flags, "size=4k,mode=700")
    own = directory / "null"
    os.mknod(own, stat.S_IFCHR | 0o666, NULL_DEVICE)
    os.chmod(own, 0o666)
    mount.mount("", below, "", mount.MS_SLAVE)
    mount.mount(str(own), NULL, "", mount.MS_BIND)
