"""Mounts: order, replacement of standard ones, options, propagation."""

from dataclasses import replace

from gorae.runtime.config import MountPoint, Namespaces, Process, RuntimeConfig
from gorae.runtime.mountplan import in_order, oci_mounts, rootfs_propagation

CONFIG = RuntimeConfig("c", "/r", Process(("true",)))


def _targets(config: RuntimeConfig) -> list[str]:
    return [one["destination"] for one in oci_mounts(config)]


def _bind(target: str, **more: object) -> MountPoint:
    return replace(MountPoint("bind", "/s", target), **more)


def test_shallow_before_deep_and_stable() -> None:
    mounts = [_bind("/a/b/c"), _bind("/z"), _bind("/a"), _bind("/a/b/")]
    assert [one.target for one in in_order(mounts)] == ["/z", "/a", "/a/b/", "/a/b/c"]


def test_a_wanted_mount_takes_the_place_of_a_standard_one() -> None:
    targets = _targets(replace(CONFIG, mounts=(_bind("/dev/shm"),)))
    assert targets.count("/dev/shm") == 1
    assert targets[-1] == "/dev/shm"


def test_a_wanted_dev_hides_all_below_it() -> None:
    targets = _targets(replace(CONFIG, mounts=(_bind("/dev"),)))
    assert [one for one in targets if one.startswith("/dev")] == ["/dev"]


def test_readonly_rootfs_keeps_what_must_be_writable() -> None:
    mounts = oci_mounts(replace(CONFIG, readonly_rootfs=True))
    readonly = {one["destination"] for one in mounts if "ro" in one["options"]}
    assert readonly == {"/sys", "/sys/fs/cgroup"}


def test_privileged_writes_sys_and_cgroup() -> None:
    mounts = oci_mounts(replace(CONFIG, privileged=True))
    assert not [one for one in mounts if "ro" in one["options"]]


def test_binds() -> None:
    mounts = oci_mounts(
        replace(
            CONFIG,
            mounts=(
                _bind("/a"),
                _bind("/b", readonly=True, propagation="rslave"),
                _bind("/c", readonly=True, recursive=False),
                _bind("/d", readonly=True, readonly_recursive=False),
                MountPoint("tmpfs", "tmpfs", "/e", readonly=True, options=("size=1m",)),
            ),
        )
    )
    assert [one["options"] for one in mounts[-5:]] == [
        ["rbind", "rprivate"],
        ["rbind", "rro", "rslave"],
        ["bind", "ro", "rprivate"],
        ["rbind", "ro", "rprivate"],
        ["size=1m", "ro"],
    ]


def test_shm() -> None:
    def shm(config: RuntimeConfig) -> list[dict[str, object]]:
        return [one for one in oci_mounts(config) if one["destination"] == "/dev/shm"]

    assert "size=67108864" in shm(CONFIG)[0]["options"]
    assert shm(replace(CONFIG, namespaces=Namespaces(ipc="host")))[0]["source"] == "/dev/shm"
    assert shm(replace(CONFIG, shm_source="/run/x"))[0]["source"] == "/run/x"
    assert shm(replace(CONFIG, namespaces=Namespaces(ipc="none"))) == []


def test_init_is_mounted() -> None:
    assert "/sbin/docker-init" in _targets(replace(CONFIG, init_path="/usr/bin/catatonit"))


def test_rootfs_propagation() -> None:
    private, slave, shared = (_bind("/x", propagation=p) for p in ("rprivate", "slave", "rshared"))
    assert rootfs_propagation([private]) == ""
    assert rootfs_propagation([private, slave]) == "rslave"
    assert rootfs_propagation([slave, shared]) == "shared"
