"""Limits: what is refused, what is dropped with a warning, and the OCI form of the rest."""

from typing import Any

import pytest

from gorae.errors import InvalidArgument
from gorae.runtime.capabilities import NAMES
from gorae.runtime.config import BlkioDevice, Resources, Rlimit
from gorae.runtime.host import LIMITS, HostFacts
from gorae.runtime.resources import (
    block_devices,
    check,
    clamp_oom_score,
    clamp_rlimits,
    device_rule,
    group_path,
    number_list,
    oci_resources,
)

MIB = 1 << 20
HOST = HostFacts(limits=frozenset(LIMITS), cpus="0-3", memory_nodes="0")
POOR = HostFacts(limits=frozenset(), cpus="0-3", memory_nodes="0")


def test_swap_defaults_to_twice_the_memory() -> None:
    assert check(Resources(memory_bytes=8 * MIB), HOST)[0].memory_swap_bytes == 16 * MIB


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"memory_bytes": MIB}, "Minimum memory limit allowed is 6MB"),
        ({"memory_bytes": 8 * MIB, "memory_swap_bytes": 7 * MIB}, "Minimum memoryswap limit"),
        ({"memory_swap_bytes": 8 * MIB}, "You should always set the Memory limit"),
        ({"memory_swappiness": 101}, "Invalid value: 101, valid memory swappiness range is 0-100"),
        ({"memory_reservation_bytes": MIB}, "Minimum memory reservation allowed is 6MB"),
        (
            {"memory_bytes": 8 * MIB, "memory_reservation_bytes": 9 * MIB},
            "Minimum memory limit can not be less than memory reservation limit",
        ),
        ({"nano_cpus": 5 * 10**9}, "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs"),
        ({"nano_cpus": 10**9, "cpu_period_us": 1000}, "Conflicting options: Nano CPUs and CPU P"),
        ({"nano_cpus": 10**9, "cpu_quota_us": 1000}, "Conflicting options: Nano CPUs and CPU Q"),
        ({"cpu_period_us": 999}, "CPU cfs period can not be less than 1ms"),
        ({"cpu_quota_us": 999}, "CPU cfs quota can not be less than 1ms"),
        ({"cpuset_cpus": "4"}, "Requested CPUs are not available - requested 4, available: 0-3"),
        ({"cpuset_mems": "1"}, "Requested memory nodes are not available - requested 1"),
        ({"cpuset_cpus": "x"}, "Invalid value x for cpuset cpus"),
        ({"blkio_weight": 5}, "Range of blkio weight is from 10 to 1000"),
    ],
)
def test_refused_in_dockers_words(wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check(Resources(**wanted), HOST)
    assert str(caught.value).startswith(words)


def test_what_the_host_lacks_is_dropped_with_a_warning() -> None:
    wanted = Resources(
        memory_bytes=8 * MIB,
        pids=5,
        cpu_shares=2,
        blkio_weight=300,
        blkio_read_bps=(BlkioDevice("/dev/x", 1),),
        cpuset_cpus="0",
    )
    left, warnings = check(wanted, POOR)
    assert left == Resources(memory_swap_bytes=-1)
    assert len(warnings) == 6
    assert all(text.endswith(("discarded.", "without swap.")) for text in warnings)


def test_cpus_that_cannot_be_limited_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="NanoCPUs can not be set"):
        check(Resources(nano_cpus=10**9), POOR)


def test_oom_kill_disable_without_limit_warns() -> None:
    assert "OOM killer is disabled" in check(Resources(oom_kill_disable=True), HOST)[1][0]


def test_oci_form() -> None:
    wanted = Resources(
        memory_bytes=8 * MIB,
        memory_swap_bytes=-1,
        nano_cpus=1_500_000_000,
        cpuset_cpus="0-1",
        pids=-1,
        blkio_weight=500,
        blkio_read_bps=(BlkioDevice("/dev/sda", 1000),),
    )
    assert oci_resources(wanted, {"/dev/sda": (8, 0)}) == {
        "memory": {"limit": 8 * MIB, "swap": -1},
        "cpu": {"quota": 150_000, "period": 100_000, "cpus": "0-1"},
        "pids": {"limit": -1},
        "blockIO": {
            "weight": 500,
            "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1000}],
        },
    }
    assert oci_resources(Resources(), {}) == {}
    assert block_devices(wanted) == ("/dev/sda",)


def test_devices_are_denied_first() -> None:
    rules = oci_resources(Resources(), {}, devices=["c 1:3 rwm", "b *:* m"])["devices"]
    assert rules == [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "access": "rwm", "major": 1, "minor": 3},
        {"allow": True, "type": "b", "access": "m"},
    ]


@pytest.mark.parametrize("rule", ["", "c 1:3", "x 1:3 r", "c 1 r", "c 1:3 q", "c a:b r"])
def test_no_device_rule(rule: str) -> None:
    with pytest.raises(InvalidArgument):
        device_rule(rule)


def test_rlimits_are_lowered_where_they_cannot_be_raised() -> None:
    bound = HostFacts(
        capabilities=tuple(name for name in NAMES if name != "CAP_SYS_RESOURCE"),
        rlimits=(("nofile", 20000), ("core", -1)),
    )
    wanted = (Rlimit("nofile", 1024, 1 << 20), Rlimit("core", -1, -1), Rlimit("nproc", 5, 6))
    lowered, warnings = clamp_rlimits(wanted, bound)
    assert lowered == (Rlimit("nofile", 1024, 20000), *wanted[1:])
    assert warnings == ("ulimit nofile 1048576 is more than this host gives, lowered to 20000",)
    assert clamp_rlimits(wanted, HostFacts()) == (wanted, ())


def test_oom_score() -> None:
    bound = HostFacts(capabilities=(), oom_score_adj=-10)
    assert [clamp_oom_score(n, bound) for n in (-500, 5, None)] == [-10, 5, None]
    assert clamp_oom_score(-500, HostFacts()) == -500


def test_number_list() -> None:
    assert number_list("0-2,7") == {0, 1, 2, 7}
    assert number_list("") == frozenset()
    for text in ("a", "3-1", "-1", "0-99999"):
        with pytest.raises(ValueError):  # noqa: PT011 - the caller words it
            number_list(text)


def test_group_paths() -> None:
    assert group_path("", "/gorae", "x") == "/gorae/x"
    assert group_path("/a/../b/", "/gorae", "x") == "/b/x"
    assert group_path("../../a//b", "/gorae", "x") == "/a/b/x"
    assert group_path("..", "/gorae", "x") == "/x"
