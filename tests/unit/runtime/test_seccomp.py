"""Docker's profile under each condition, and profiles of one's own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from gorae.errors import InvalidArgument
from gorae.runtime import seccomp
from gorae.runtime.capabilities import DEFAULT_CAPABILITIES
from gorae.runtime.seccomp import ALLOW, Facts, custom_profile, default_profile

FACTS = Facts(frozenset(DEFAULT_CAPABILITIES), "x86_64", (6, 1))


def _allowed(profile: dict[str, Any]) -> set[str]:
    """Calls allowed whatever their arguments."""
    return {
        name
        for rule in profile["syscalls"]
        if rule["action"] == ALLOW and not rule.get("args")
        for name in rule["names"]
    }


def _with(*names: str) -> Facts:
    return replace(FACTS, capabilities=FACTS.capabilities | set(names))


def test_default_refuses_with_eperm_on_three_architectures() -> None:
    profile = default_profile(FACTS)
    assert (profile["defaultAction"], profile["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    assert profile["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]


@pytest.mark.parametrize(
    ("capability", "calls"),
    [
        ("CAP_SYS_ADMIN", {"mount", "umount2", "setns", "unshare", "clone3", "bpf", "sethostname"}),
        ("CAP_DAC_READ_SEARCH", {"open_by_handle_at"}),
        ("CAP_SYS_BOOT", {"reboot"}),
        ("CAP_SYS_MODULE", {"init_module", "finit_module", "delete_module"}),
        ("CAP_SYS_PACCT", {"acct"}),
        ("CAP_SYS_PTRACE", {"kcmp", "pidfd_getfd", "process_madvise"}),
        ("CAP_SYS_RAWIO", {"iopl", "ioperm"}),
        ("CAP_SYS_TIME", {"settimeofday", "clock_settime"}),
        ("CAP_SYS_TTY_CONFIG", {"vhangup"}),
        ("CAP_SYS_NICE", {"mbind", "set_mempolicy", "get_mempolicy"}),
        ("CAP_SYSLOG", {"syslog"}),
        ("CAP_BPF", {"bpf"}),
        ("CAP_PERFMON", {"perf_event_open"}),
    ],
)
def test_groups_come_with_their_capability(capability: str, calls: set[str]) -> None:
    assert not calls & _allowed(default_profile(FACTS))
    assert calls <= _allowed(default_profile(_with(capability)))


def test_chroot_goes_with_its_capability() -> None:
    without = replace(FACTS, capabilities=FACTS.capabilities - {"CAP_SYS_CHROOT"})
    assert "chroot" in _allowed(default_profile(FACTS))
    assert "chroot" not in _allowed(default_profile(without))


def test_ptrace_since_4_8() -> None:
    assert "ptrace" in _allowed(default_profile(FACTS))
    assert "ptrace" not in _allowed(default_profile(replace(FACTS, kernel=(4, 7))))


def test_clone_without_new_namespaces_and_clone3_not_there() -> None:
    rules = {r["names"][0]: r for r in default_profile(FACTS)["syscalls"] if len(r["names"]) == 1}
    assert rules["clone"]["args"] == [{"index": 0, "value": 0x7E020000, "op": "SCMP_CMP_MASKED_EQ"}]
    assert (rules["clone3"]["action"], rules["clone3"]["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_arguments_of_clone_on_s390() -> None:
    profile = default_profile(replace(FACTS, machine="s390x"))
    clone = [rule for rule in profile["syscalls"] if rule["names"] == ["clone"]]
    assert [rule["args"][0]["index"] for rule in clone] == [1]


def test_calls_of_one_architecture() -> None:
    assert "arch_prctl" in _allowed(default_profile(FACTS))
    arm = _allowed(default_profile(replace(FACTS, machine="aarch64")))
    assert "arch_prctl" not in arm
    assert "cacheflush" in arm


def test_custom_profile_in_dockers_form() -> None:
    text = json.dumps(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 38,
            "archMap": [
                {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
            ],
            "syscalls": [
                {"names": ["read"], "action": ALLOW},
                {"name": "write", "action": ALLOW},
                {"names": ["mount"], "action": ALLOW, "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                {"names": ["chroot"], "action": ALLOW, "excludes": {"caps": ["CAP_CHOWN"]}},
                {"names": ["bpf"], "action": ALLOW, "includes": {"minKernel": "99.0"}},
                {
                    "names": ["socket"],
                    "action": ALLOW,
                    "args": [{"index": 0, "value": 40, "valueTwo": 7, "op": "SCMP_CMP_NE"}],
                },
            ],
        }
    )
    profile = custom_profile(text, FACTS)
    assert profile is not None
    assert profile["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    assert profile["defaultErrnoRet"] == 38
    assert [rule["names"] for rule in profile["syscalls"]] == [["read"], ["write"], ["socket"]]
    assert profile["syscalls"][2]["args"][0]["valueTwo"] == 7


def test_an_empty_profile_filters_nothing() -> None:
    assert custom_profile("{}", FACTS) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"defaultAction": "x", "syscalls": [{"names": ["read"]}]}',
        '{"defaultAction": "x", "syscalls": [{"names": ["a"], "name": "b", "action": "y"}]}',
        '{"defaultAction": "x", "syscalls": [{"names": ["a"], "action": "y", "args": [{}]}]}',
        '{"defaultAction": "x", "syscalls": [3]}',
        '{"defaultAction": "x", "architectures": ["a"], "archMap": [{}], "syscalls": []}',
    ],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        custom_profile(text, FACTS)


def test_no_call_stands_twice_in_a_rule() -> None:
    for rule in seccomp.DEFAULT:
        assert len(rule.names) == len(set(rule.names))
