"""What a container may and may not do: capabilities, seccomp, hidden paths, mounts, devices, limits."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.root.runtime.container_lab import Lab

from gorae.errors import InvalidArgument
from gorae.linux import mount
from gorae.runtime import capabilities
from gorae.runtime.config import (
    Device,
    MountPoint,
    Namespaces,
    Resources,
    Rlimit,
    Seccomp,
    User,
)

SHOW_STATUS = (
    "grep -E '^(CapEff|CapPrm|CapBnd|CapInh|CapAmb|Seccomp|NoNewPrivs):' /proc/self/status"
)
MOUNT = "mount -t tmpfs none /tmp"


def _status(text: bytes) -> dict[str, int]:
    pairs = (line.split(b":") for line in text.splitlines() if line.count(b":") == 1)
    return {key.decode(): int(value, 16) for key, value in pairs}


def _mask(names: tuple[str, ...]) -> int:
    return sum(1 << capabilities.NAMES.index(name) for name in names)


def test_dockers_default_capabilities(lab: Lab) -> None:
    _, output = lab.output("sh", "-c", SHOW_STATUS)
    wanted = _mask(capabilities.DEFAULT_CAPABILITIES)
    found = _status(output)
    assert wanted == 0xA80425FB
    assert (found["CapEff"], found["CapPrm"], found["CapBnd"]) == (wanted, wanted, wanted)
    assert (found["CapInh"], found["CapAmb"], found["Seccomp"]) == (0, 0, 2)


def test_another_user_has_only_the_bounding_set(lab: Lab) -> None:
    _, output = lab.output("sh", "-c", SHOW_STATUS, user=User(1000, 1000, (1000, 7)))
    found = _status(output)
    assert (found["CapEff"], found["CapPrm"]) == (0, 0)
    assert found["CapBnd"] == _mask(capabilities.DEFAULT_CAPABILITIES)
    assert lab.output("id", "-G", user=User(1000, 1000, (1000, 7)))[1] == b"1000 7\n"


def test_seccomp_and_capabilities_decide_about_mount(lab: Lab) -> None:
    more = capabilities.resolve(
        ("SYS_ADMIN",), (), privileged=False, available=lab.host.capabilities
    )
    assert lab.output("sh", "-c", MOUNT)[0] != 0
    assert lab.output("sh", "-c", MOUNT, capabilities=more)[0] == 0


def test_seccomp_alone_refuses(lab: Lab) -> None:
    """Same capabilities; only the filter differs: unshare of a user namespace needs none."""
    unshare = ("unshare", "-U", "true")
    assert lab.output(*unshare)[0] != 0
    assert lab.output(*unshare, seccomp=Seccomp("unconfined"))[0] == 0


def test_custom_profile(lab: Lab) -> None:
    profile = (
        '{"defaultAction": "SCMP_ACT_ALLOW",'
        ' "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
    )
    code, output = lab.output("mkdir", "/tmp/x", seccomp=Seccomp("custom", profile))
    assert (code, b"not permitted" in output) == (1, True)


def test_privileged(lab: Lab) -> None:
    config = {
        "privileged": True,
        "seccomp": Seccomp("unconfined"),
        "capabilities": lab.host.capabilities,
    }
    code, output = lab.output(
        "sh",
        "-c",
        f"{MOUNT} && test -c /dev/kmsg && touch /sys/fs/cgroup && {SHOW_STATUS}",
        **config,
    )
    assert code == 0
    assert _status(output)["CapEff"] == _mask(lab.host.capabilities)


def test_no_new_privileges(lab: Lab) -> None:
    _, output = lab.output("sh", "-c", SHOW_STATUS, no_new_privileges=True)
    assert _status(output)["NoNewPrivs"] == 1


def test_hidden_and_readonly_paths(lab: Lab) -> None:
    script = "cat /proc/keys /proc/timer_list | wc -c; (echo x > /proc/sys/kernel/domainname) 2>/dev/null; echo $?"
    _, output = lab.output("sh", "-c", script)
    assert output.splitlines()[0] == b"0"
    assert output.splitlines()[-1] == b"1"


def test_devices(lab: Lab) -> None:
    script = "mknod /tmp/full c 1 7 && mknod /tmp/mem c 1 1 && cat /tmp/mem | head -c1"
    code, output = lab.output("sh", "-c", f"{script}; rm -f /tmp/full /tmp/mem; ls /dev")
    assert b"not permitted" in output
    assert set(output.split()) >= {b"null", b"zero", b"full", b"random", b"urandom", b"tty", b"pts"}
    given = Device("/dev/kmsg", "/dev/log0", "r")
    assert lab.output("test", "-c", "/dev/log0", devices=(given,))[0] == 0
    with pytest.raises(InvalidArgument, match="error gathering device information"):
        lab.create(lab.config("true", devices=(Device("/dev/nosuch", "/dev/nosuch"),)))


def test_hostname_domainname_sysctls_and_limits(lab: Lab) -> None:
    script = (
        "hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start"
    )
    _, output = lab.output(
        "sh", "-c", f"{script}; ulimit -n; cat /proc/self/oom_score_adj",
        hostname="here",
        domainname="example.com",
        rlimits=(Rlimit("nofile", 100, 1 << 20),),
        oom_score_adj=250,
    )  # fmt: skip
    assert output.split() == [b"here", b"example.com", b"0", b"100", b"250"]


def test_readonly_rootfs_and_mounts(lab: Lab, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    mounts = (
        MountPoint("bind", str(source), "/mnt/deep/er"),
        MountPoint("bind", str(source), "/ro", readonly=True),
        MountPoint("tmpfs", "tmpfs", "/mnt/deep", options=("size=1m", "noexec")),
    )
    for name in ("mnt", "ro"):
        (lab.rootfs / name).mkdir(exist_ok=True)
    code, output = lab.output(
        "sh", "-c", "touch /mnt/deep/a /mnt/deep/er/b /dev/shm/c && ! touch /x && ! touch /ro/y",
        readonly_rootfs=True,
        mounts=mounts,
    )  # fmt: skip
    assert (code, os.listdir(source)) == (0, ["b"]), output


def test_init_is_first(lab: Lab) -> None:
    init = next(
        (p for p in ("/usr/bin/catatonit", "/usr/bin/tini-static") if os.path.exists(p)), ""
    )
    assert init, "no static init on this host"
    code, output = lab.output("sh", "-c", "echo $$; cat /proc/1/cmdline", init_path=init)
    assert code == 0
    assert output.splitlines()[0] != b"1"
    assert b"docker-init" in output


def test_shm_size_and_working_directory(lab: Lab) -> None:
    script = "pwd; stat -f -c %b:%S /dev/shm"
    _, output = lab.output("sh", "-c", script, cwd="/tmp/made/here", shm_size_bytes=2 << 20)
    where, size = output.split()
    blocks, block_bytes = size.split(b":")
    assert (where, int(blocks) * int(block_bytes)) == (b"/tmp/made/here", 2 << 20)


def test_pids_limit(lab: Lab) -> None:
    code, output = lab.output(
        "sh", "-c", "sleep 1 & sleep 1 & sleep 1 & wait", resources=Resources(pids=2)
    )
    assert b"fork" in output


def test_namespace_of_another(lab: Lab) -> None:
    first = lab.start(lab.config("sleep", "1000", hostname="donor"))
    joined = replace(
        Namespaces(cgroup=lab.host.default_cgroupns),
        network=f"/proc/{first.pid}/ns/net",
        ipc=f"/proc/{first.pid}/ns/ipc",
        pid=f"/proc/{first.pid}/ns/pid",
    )
    _, output = lab.output("sh", "-c", "ps -o args | grep -c '[s]leep 1000'", namespaces=joined)
    assert output == b"1\n"


def test_propagation_both_ways(lab: Lab, tmp_path: Path) -> None:
    """A shared source: what the container mounts is seen here, and the reverse."""
    source = tmp_path / "shared"
    (source / "inside").mkdir(parents=True)
    (source / "outside").mkdir()
    mount.mount(str(source), str(source), "", mount.MS_BIND)
    mount.mount("", str(source), "", mount.MS_SHARED)
    (lab.rootfs / "mnt").mkdir(exist_ok=True)
    wanted = MountPoint("bind", str(source), "/mnt", propagation="rshared")
    try:
        task = lab.start(
            lab.config(
                "sh", "-c", "mount -t tmpfs none /mnt/inside && sleep 1000",
                mounts=(wanted,),
                seccomp=Seccomp("unconfined"),
                capabilities=lab.host.capabilities,
            )
        )  # fmt: skip
        mount.mount("none", str(source / "outside"), "tmpfs", 0)
        (source / "outside" / "seen").touch()
        assert lab.exec_output(task, "ls", "/mnt/outside") == (0, b"seen\n")
        assert lab.exec_output(task, "touch", "/mnt/inside/seen")[0] == 0
        assert os.listdir(source / "inside") == ["seen"]
    finally:
        lab.monitor.delete(task.id, force=True)
        for name in ("outside", "inside"):
            if os.path.ismount(source / name):
                mount.umount2(str(source / name), mount.MNT_DETACH)
        mount.umount2(str(source), mount.MNT_DETACH)


def test_propagation_needs_a_shared_source(lab: Lab, tmp_path: Path) -> None:
    mount.mount(str(tmp_path), str(tmp_path), "", mount.MS_BIND)
    mount.mount("", str(tmp_path), "", mount.MS_PRIVATE)
    try:
        with pytest.raises(InvalidArgument, match="but it is not a shared mount"):
            wanted = MountPoint("bind", str(tmp_path), "/mnt", propagation="shared")
            lab.create(lab.config("true", mounts=(wanted,)))
    finally:
        mount.umount2(str(tmp_path), mount.MNT_DETACH)
