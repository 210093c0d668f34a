"""Which mounts a container gets and in what order. Pure.

The standard ones come first, in docker's order, but for those that a wanted mount takes the place of; the wanted
ones follow, the shallower first, so that none hides another.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gorae.runtime.config import MountPoint, RuntimeConfig

DOCKER_INIT = "/sbin/docker-init"
NEVER_READONLY = ("/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")
"""Writable inside a read-only root file system too."""


def oci_mounts(config: RuntimeConfig) -> list[dict[str, Any]]:
    """The OCI `mounts` of a container."""
    wanted = in_order(config.mounts)
    taken = {one.target for one in wanted}
    standard = [one for one in _standard(config) if not _is_hidden(one["destination"], taken)]
    if config.readonly_rootfs:
        for one in standard:
            if one["destination"] not in NEVER_READONLY and "ro" not in one["options"]:
                one["options"].append("ro")
    return [*standard, *(_oci(one) for one in wanted)]


def in_order(mounts: Iterable[MountPoint]) -> list[MountPoint]:
    """The shallower first; what is equally deep stays in its order."""
    return sorted(mounts, key=lambda one: len([part for part in one.target.split("/") if part]))


def rootfs_propagation(mounts: Sequence[MountPoint]) -> str:
    """What `linux.rootfsPropagation` must be for the mounts' own propagation to work; empty: the default."""
    wanted = {one.propagation.removeprefix("r") for one in mounts if one.type == "bind"}
    if "shared" in wanted:
        return "shared"
    return "rslave" if "slave" in wanted else ""


def _is_hidden(destination: str, taken: set[str]) -> bool:
    return destination in taken or ("/dev" in taken and destination.startswith("/dev/"))


def _standard(config: RuntimeConfig) -> list[dict[str, Any]]:
    readonly = [] if config.privileged else ["ro"]
    mounts = [
        _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        _mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        _mount(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5",
        ),
        _mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", *readonly),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", *readonly, "nosuid", "noexec", "nodev"),
        _mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        *_shm(config),
    ]
    if config.init_path:
        mounts.append(_mount(DOCKER_INIT, "bind", config.init_path, "bind", "ro"))
    return mounts


def _shm(config: RuntimeConfig) -> list[dict[str, Any]]:
    source = "/dev/shm" if config.namespaces.ipc == "host" else config.shm_source
    if config.namespaces.ipc == "none":
        return []
    if source:
        return [_mount("/dev/shm", "bind", source, "rbind", "rprivate")]
    size = f"size={config.shm_size_bytes}"
    return [_mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", size)]


def _oci(one: MountPoint) -> dict[str, Any]:
    if one.type == "tmpfs":
        readonly = ("ro",) if one.readonly and "ro" not in one.options else ()
        return _mount(one.target, "tmpfs", "tmpfs", *one.options, *readonly)
    options = ["rbind" if one.recursive else "bind"]
    if one.readonly:
        options.append("rro" if one.recursive and one.readonly_recursive else "ro")
    return _mount(one.target, "bind", one.source, *options, one.propagation, *one.options)


def _mount(destination: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    return {
        "destination": destination,
        "type": kind,
        "source": source,
        "options": [one for one in options if one],
    }
