"""Device nodes of the host, looked up for one container."""

import os
import stat
from collections.abc import Iterable, Iterator

from gorae.errors import InvalidArgument
from gorae.runtime.config import Device, RuntimeConfig
from gorae.runtime.resources import block_devices
from gorae.runtime.spec import DeviceNode, Found

_NOT_FOR_CONTAINERS = frozenset(("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"))
"""Directories below /dev that a container has of its own."""


def look_up(config: RuntimeConfig) -> Found:
    """Everything of the host's devices that the container's specification needs.

    Raises:
        InvalidArgument: a device that was asked for is not there, or is none.
    """
    nodes = list(_asked(config.devices))
    if config.privileged:
        seen = {one.path for one in nodes}
        nodes += [one for one in host_devices() if one.path not in seen]
    numbers = {path: block_number(path) for path in block_devices(config.resources)}
    return Found(tuple(nodes), numbers)


def _asked(devices: Iterable[Device]) -> Iterator[DeviceNode]:
    for one in devices:
        source, target = one.path_on_host, one.path_in_container or one.path_on_host
        try:
            if os.path.isdir(source):
                for node in _below(source, frozenset()):
                    yield _renamed(node, target + node.path[len(source) :], one.permissions)
            else:
                yield _renamed(_node(source, os.stat(source)), target, one.permissions)
        except OSError as error:
            raise InvalidArgument(
                f'error gathering device information while adding custom device "{source}": '
                f"{os.strerror(error.errno or 0).lower()}"
            ) from None


def _renamed(node: DeviceNode, path: str, permissions: str) -> DeviceNode:
    return DeviceNode(
        path=path,
        kind=node.kind,
        major=node.major,
        minor=node.minor,
        mode=node.mode,
        uid=node.uid,
        gid=node.gid,
        permissions=permissions or "rwm",
    )


def host_devices() -> Iterator[DeviceNode]:
    """All of the host's /dev, for a privileged container."""
    for node in _below("/dev", _NOT_FOR_CONTAINERS):
        if node.path != "/dev/console":
            yield node


def _below(directory: str, left_out: frozenset[str]) -> Iterator[DeviceNode]:
    with os.scandir(directory) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in left_out:
                yield from _below(entry.path, left_out)
            continue
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
            yield _node(entry.path, status)


def _node(path: str, status: os.stat_result) -> DeviceNode:
    if stat.S_ISBLK(status.st_mode):
        kind = "b"
    elif stat.S_ISCHR(status.st_mode):
        kind = "c"
    else:
        raise InvalidArgument(
            f'error gathering device information while adding custom device "{path}": '
            "not a device node"
        )
    return DeviceNode(
        path=path,
        kind=kind,
        major=os.major(status.st_rdev),
        minor=os.minor(status.st_rdev),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )


def block_number(path: str) -> tuple[int, int]:
    """(major, minor). Raises: InvalidArgument: no such device."""
    try:
        number = os.stat(path).st_rdev
    except OSError as error:
        raise InvalidArgument(f"stat {path}: {os.strerror(error.errno or 0).lower()}") from None
    return os.major(number), os.minor(number)
