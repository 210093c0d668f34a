"""The OCI configuration against what Docker 28 gives to its runtime for the same request."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gorae.runtime.capabilities import DEFAULT_CAPABILITIES, NAMES, resolve
from gorae.runtime.config import (
    BlkioDevice,
    MountPoint,
    Namespaces,
    Process,
    Resources,
    Rlimit,
    RuntimeConfig,
    Seccomp,
    User,
)
from gorae.runtime.host import DEFAULT_SYSCTLS, LIMITS, HostFacts
from gorae.runtime.spec import DeviceNode, Found, oci_process, oci_spec

DATA = Path(__file__).parents[2] / "data" / "oci-spec"
MIB = 1 << 20
HOST = HostFacts(
    kernel=(6, 18),
    cgroup="v1",
    capabilities=tuple(name for name in NAMES if name != "CAP_SYS_RESOURCE"),
    limits=frozenset(LIMITS),
    rlimits=(("nofile", 20000),),
    sysctls=frozenset(DEFAULT_SYSCTLS),
)
V1 = Namespaces(cgroup="host")
KMSG = DeviceNode("/dev/kmsg", "c", 1, 11, 0o644)
NULL = DeviceNode("/dev/null", "c", 1, 3, 0o666)
FUSE = DeviceNode("/dev/fuse", "c", 10, 229, 0o600)


def _config(**changes: Any) -> RuntimeConfig:
    process = {key: changes.pop(key) for key in set(changes) & set(Process.__dataclass_fields__)}
    config = RuntimeConfig(
        id="0" * 64,
        rootfs="/rootfs",
        process=replace(
            Process(("sleep", "100"), capabilities=DEFAULT_CAPABILITIES, oom_score_adj=0,
                    user=User(0, 0, (0,))),
            **process,
        ),
        namespaces=V1,
        cgroup_path="/gorae/0",
    )  # fmt: skip
    return replace(config, **changes)


CASES: dict[str, tuple[RuntimeConfig, Found]] = {
    "default": (_config(args=("sleep", "1000")), Found()),
    "privileged": (
        _config(privileged=True, seccomp=Seccomp("unconfined"), capabilities=HOST.capabilities),
        Found((KMSG, NULL)),
    ),
    "limits": (
        _config(
            hostname="hh",
            domainname="dd.ex",
            readonly_rootfs=True,
            init_path="/usr/bin/docker-init",
            shm_size_bytes=1 << 30,
            mounts=(
                MountPoint(
                    "tmpfs", "tmpfs", "/t",
                    options=("noexec", "nosuid", "nodev", "rprivate", "size=1m"),
                ),
            ),
            sysctls={"net.ipv4.ip_forward": "1"},
            capabilities=resolve(
                ("SYS_ADMIN",), ("NET_RAW",), privileged=False, available=HOST.capabilities
            ),
            no_new_privileges=True,
            oom_score_adj=100,
            rlimits=(Rlimit("nofile", 100, 200),),
            resources=Resources(
                memory_bytes=64 * MIB,
                memory_swap_bytes=128 * MIB,
                memory_reservation_bytes=32 * MIB,
                nano_cpus=1_500_000_000,
                cpu_shares=512,
                cpuset_cpus="0-1",
                pids=50,
                blkio_read_bps=(BlkioDevice("/dev/vda", MIB),),
                device_cgroup_rules=("c 13:* rw",),
            ),
        ),
        Found((FUSE,), {"/dev/vda": (254, 0)}),
    ),
    "host": (
        _config(namespaces=Namespaces("host", "host", "host", "private", "host", "host")),
        Found(),
    ),
    "unconfined": (
        _config(
            user=User(1, 2, (2, 7)),
            shm_source="/shm",
            seccomp=Seccomp("unconfined"),
            masked_paths=(),
            readonly_paths=(),
            resources=Resources(
                memory_bytes=64 * MIB,
                memory_swap_bytes=-1,
                memory_swappiness=10,
                oom_kill_disable=True,
            ),
        ),
        Found(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_as_docker(name: str) -> None:
    config, found = CASES[name]
    ours = _comparable(oci_spec(config, HOST, found))
    theirs = _comparable(json.loads((DATA / f"{name}.json").read_text()))
    for part in sorted(ours.keys() | theirs.keys()):
        assert ours.get(part) == theirs.get(part), part


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    """Flat, without what says nothing (empty, false, absent) and with sets where order means nothing."""
    process, linux = document["process"], document["linux"]
    for name in ("ociVersion", "root.path", "linux.cgroupsPath"):
        part, _, key = name.rpartition(".")
        (document[part] if part else document).pop(key, None)
    for calls in (linux.get("seccomp") or {}).get("syscalls", ()):
        calls["names"].sort()
    linux["namespaces"].sort(key=lambda one: one["type"])
    memory = linux["resources"].get("memory", {})
    if memory.get("swap") == -1:  # docker leaves the default of its runtime
        del memory["swap"]
    for rule in linux["resources"]["devices"]:
        if rule.get("minor") == -1:
            del rule["minor"]
        if rule.get("type") == "a":
            del rule["type"]
    process.pop("env", None)
    return {path: value for path, value in _flat(document) if value or value == 0}


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        return [] if value is False else [(path, value)]
    return [pair for key, item in value.items() for pair in _flat(item, f"{path}.{key}")]


def test_domainname_and_hostname_only_in_a_namespace_of_its_own() -> None:
    shared = replace(V1, uts="host")
    document = oci_spec(_config(hostname="h", domainname="d", namespaces=shared), HOST)
    assert "hostname" not in document
    assert "kernel.domainname" not in document["linux"]["sysctl"]


@pytest.mark.parametrize(
    ("network", "there"),
    [("private", True), ("/run/gorae/netns/x", True), ("host", False), ("/proc/7/ns/net", False)],
)
def test_network_sysctls_only_where_the_namespace_was_made_for_it(
    network: str, there: bool
) -> None:
    document = oci_spec(_config(namespaces=replace(V1, network=network)), HOST)
    assert ("net.ipv4.ping_group_range" in document["linux"]["sysctl"]) is there


def test_sysctls_asked_for_win() -> None:
    name = "net.ipv4.ip_unprivileged_port_start"
    document = oci_spec(_config(sysctls={name: "1024"}), HOST)
    assert document["linux"]["sysctl"][name] == "1024"


def test_namespaces_to_join() -> None:
    joined = Namespaces(network="/proc/1/ns/net", pid="host", cgroup="private")
    namespaces = oci_spec(_config(namespaces=joined), HOST)["linux"]["namespaces"]
    assert {"type": "network", "path": "/proc/1/ns/net"} in namespaces
    assert {one["type"] for one in namespaces} == {"mount", "network", "uts", "ipc", "cgroup"}


def test_limits_that_the_host_cannot_raise_are_lowered() -> None:
    process = Process(("x",), rlimits=(Rlimit("nofile", -1, -1),), oom_score_adj=-900)
    document = oci_process(process, HOST)
    assert document["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 20000, "hard": 20000}]
    assert document["oomScoreAdj"] == 0


def test_terminal_size_and_labels() -> None:
    process = Process(
        ("x",), terminal=True, console_size=(24, 80), apparmor_profile="p", selinux_label="l"
    )
    document = oci_process(process, HOST)
    assert document["consoleSize"] == {"height": 24, "width": 80}
    assert "apparmorProfile" not in document
    labelled = oci_process(process, replace(HOST, apparmor=True, selinux=True))
    assert (labelled["apparmorProfile"], labelled["selinuxLabel"]) == ("p", "l")


def test_no_seccomp_in_the_kernel() -> None:
    assert "seccomp" not in oci_spec(_config(), replace(HOST, seccomp=False))["linux"]


def test_paths_to_mask_that_only_this_host_has() -> None:
    extra = "/sys/devices/system/cpu/cpu0/thermal_throttle"
    document = oci_spec(_config(), replace(HOST, masked_extra=(extra,)))
    assert document["linux"]["maskedPaths"][-1] == extra
