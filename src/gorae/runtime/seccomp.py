"""Docker's default seccomp profile as a table, and profiles in Docker's form translated to the OCI form.

A profile in Docker's form has groups of system calls that hold only under a condition: a capability of the
container, an architecture, a kernel version (`includes`, `excludes`). The OCI form has none, so the conditions
are decided here. What no rule allows fails with EPERM.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gorae.errors import InvalidArgument

ALLOW = "SCMP_ACT_ALLOW"
ERRNO = "SCMP_ACT_ERRNO"
EPERM = 1
ENOSYS = 38
AF_VSOCK = 40
NAMESPACE_FLAGS = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET together."""

MACHINES = {
    "x86_64": "amd64",
    "i686": "x86",
    "aarch64": "arm64",
    "armv7l": "arm",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
"""uname's machine -> the name that a profile's `arches` uses."""

ARCHITECTURES = {
    "amd64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "x86": ("SCMP_ARCH_X86",),
    "arm64": ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
    "arm": ("SCMP_ARCH_ARM",),
    "ppc64le": ("SCMP_ARCH_PPC64LE",),
    "riscv64": ("SCMP_ARCH_RISCV64",),
    "s390x": ("SCMP_ARCH_S390X", "SCMP_ARCH_S390"),
}
"""The native architecture and those whose calls the kernel takes beside it."""


@dataclass(frozen=True, slots=True)
class Arg:
    """A condition on one argument of the call."""

    index: int
    value: int
    op: str
    value_two: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """All of it must hold for `includes`; any of it excludes. Empty fields say nothing."""

    capabilities: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    min_kernel: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to these calls, if the conditions are met."""

    names: tuple[str, ...]
    action: str = ALLOW
    args: tuple[Arg, ...] = ()
    errno: int | None = None
    includes: Condition = Condition()
    excludes: Condition = Condition()


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are asked against; `machine` as uname gives it."""

    capabilities: frozenset[str]
    machine: str
    kernel: tuple[int, int]


def _calls(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _with(capability: str, text: str) -> Rule:
    return Rule(_calls(text), includes=Condition(capabilities=(capability,)))


def _on(architectures: str, text: str) -> Rule:
    return Rule(_calls(text), includes=Condition(architectures=_calls(architectures)))


def _personality(persona: int) -> Rule:
    return Rule(("personality",), args=(Arg(0, persona, "SCMP_CMP_EQ"),))


_EVERYBODY = _calls(
    """
    _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir
    chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect
    copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
    epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
    exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod
    fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock
    fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
    ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
    get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid
    geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid
    getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage
    getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
    io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set
    ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
    lgetxattr link linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek
    lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore
    mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify
    mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
    mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at
    nanosleep newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2
    pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2
    prlimit64 process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead
    readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
    removexattr removexattrat rename renameat renameat2 restart_syscall riscv_hwprobe rmdir rseq
    rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
    sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
    semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list
    set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
    setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32
    setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr
    setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask
    sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink
    symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
    timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
    timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate
    truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64
    utimes vfork vmsplice wait4 waitid waitpid write writev
    """
)

_SYS_ADMIN = Condition(capabilities=("CAP_SYS_ADMIN",))
_S390 = ("s390", "s390x")

DEFAULT = (
    Rule(_EVERYBODY),
    # A tracer could leave the filter before 4.8, where seccomp ran ahead of ptrace.
    Rule(
        _calls("process_vm_readv process_vm_writev ptrace"),
        includes=Condition(min_kernel=(4, 8)),
    ),
    # vsock reaches the hypervisor, past every namespace.
    Rule(("socket",), args=(Arg(0, AF_VSOCK, "SCMP_CMP_NE"),)),
    # PER_LINUX, PER_LINUX32, UNAME26 of both, and the query.
    _personality(0x0),
    _personality(0x8),
    _personality(0x20000),
    _personality(0x20008),
    _personality(0xFFFFFFFF),
    _on("ppc64le", "sync_file_range2 swapcontext"),
    _on(
        "arm arm64",
        """
        arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush
        set_tls
        """,
    ),
    _on("amd64 x32", "arch_prctl"),
    _on("amd64 x32 x86", "modify_ldt"),
    _on("s390 s390x", "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"),
    _on("riscv64", "riscv_flush_icache"),
    _with("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
    _with(
        "CAP_SYS_ADMIN",
        """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie
        lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr
        move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
        sethostname setns syslog umount umount2 unshare
        """,
    ),
    # Without CAP_SYS_ADMIN: clone for processes and threads, never with a new namespace. clone3 passes its
    # flags in memory, where no filter sees them: it is "not there", so that the C library takes clone.
    Rule(
        ("clone",),
        args=(Arg(0, NAMESPACE_FLAGS, "SCMP_CMP_MASKED_EQ"),),
        excludes=Condition(capabilities=_SYS_ADMIN.capabilities, architectures=_S390),
    ),
    Rule(  # s390 has clone's first two arguments the other way round
        ("clone",),
        args=(Arg(1, NAMESPACE_FLAGS, "SCMP_CMP_MASKED_EQ"),),
        includes=Condition(architectures=_S390),
        excludes=_SYS_ADMIN,
    ),
    Rule(("clone3",), action=ERRNO, errno=ENOSYS, excludes=_SYS_ADMIN),
    _with("CAP_SYS_BOOT", "reboot"),
    _with("CAP_SYS_CHROOT", "chroot"),
    _with("CAP_SYS_MODULE", "delete_module init_module finit_module"),
    _with("CAP_SYS_PACCT", "acct"),
    _with(
        "CAP_SYS_PTRACE",
        """
        kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace
        """,
    ),
    _with("CAP_SYS_RAWIO", "iopl ioperm"),
    _with("CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"),
    _with("CAP_SYS_TTY_CONFIG", "vhangup"),
    _with("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
    _with("CAP_SYSLOG", "syslog"),
    _with("CAP_BPF", "bpf"),
    _with("CAP_PERFMON", "perf_event_open"),
)
"""Source: what Docker 28.5 gives to its runtime; pinned by tests/oracle."""


def default_profile(facts: Facts) -> dict[str, Any]:
    """The OCI `linux.seccomp` of docker's default profile."""
    return _oci(DEFAULT, ERRNO, EPERM, list(architectures(facts.machine)), facts)


def architectures(machine: str) -> tuple[str, ...]:
    """The OCI names of the architectures whose calls `machine` takes."""
    return ARCHITECTURES.get(MACHINES.get(machine, machine), ())


def custom_profile(text: str, facts: Facts) -> dict[str, Any] | None:
    """A profile in Docker's form as the OCI `linux.seccomp`; None when it filters nothing.

    Raises:
        InvalidArgument: not JSON, or not a profile.
    """
    document = _document(text)
    default_action = document.get("defaultAction", "")
    calls = document.get("syscalls") or []
    if not default_action and not calls:
        return None
    rules = [_rule(call) for call in calls]
    errno = document.get("defaultErrnoRet")
    profile = _oci(rules, default_action, errno, _architectures_of(document, facts), facts)
    for name in ("flags", "listenerPath", "listenerMetadata"):
        if document.get(name):
            profile[name] = document[name]
    return profile


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"decoding seccomp profile failed: {error}") from None
    if not isinstance(document, dict):
        raise InvalidArgument("decoding seccomp profile failed: wanted an object")
    return document


def _architectures_of(document: Mapping[str, Any], facts: Facts) -> list[str]:
    listed, mapped = document.get("architectures"), document.get("archMap")
    if listed and mapped:
        raise InvalidArgument(
            "both 'architectures' and 'archMap' are specified in the seccomp profile, "
            "use either 'architectures' or 'archMap'"
        )
    if listed:
        return list(listed)
    native = (architectures(facts.machine) or ("",))[0]
    for entry in mapped or []:
        if entry.get("architecture") == native:
            return [native, *(entry.get("subArchitectures") or [])]
    return []


def _rule(call: Mapping[str, Any]) -> Rule:
    try:
        return Rule(
            names=_names(call),
            action=call["action"],
            args=tuple(_arg(one) for one in call.get("args") or ()),
            errno=call.get("errnoRet"),
            includes=_condition(call.get("includes") or {}),
            excludes=_condition(call.get("excludes") or {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidArgument(f"seccomp profile: wrong rule: {error!r}") from None


def _names(call: Mapping[str, Any]) -> tuple[str, ...]:
    name, names = call.get("name"), call.get("names")
    if name and names:
        raise InvalidArgument(
            "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'"
        )
    return (name,) if name else tuple(names or ())


def _arg(one: Mapping[str, Any]) -> Arg:
    return Arg(int(one["index"]), int(one["value"]), one["op"], int(one.get("valueTwo") or 0))


def _condition(document: Mapping[str, Any]) -> Condition:
    version = document.get("minKernel")
    return Condition(
        capabilities=tuple(document.get("caps") or ()),
        architectures=tuple(document.get("arches") or ()),
        min_kernel=_kernel(version) if version else None,
    )


def _kernel(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _oci(
    rules: Sequence[Rule],
    default_action: str,
    default_errno: int | None,
    names: list[str],
    facts: Facts,
) -> dict[str, Any]:
    profile: dict[str, Any] = {"defaultAction": default_action}
    if default_errno is not None:
        profile["defaultErrnoRet"] = default_errno
    if names:
        profile["architectures"] = names
    profile["syscalls"] = [_oci_rule(rule) for rule in rules if _applies(rule, facts)]
    return profile


def _applies(rule: Rule, facts: Facts) -> bool:
    return _included(rule.includes, facts) and not _excluded(rule.excludes, facts)


def _included(condition: Condition, facts: Facts) -> bool:
    arch = MACHINES.get(facts.machine, facts.machine)
    return (
        facts.capabilities.issuperset(condition.capabilities)
        and (not condition.architectures or arch in condition.architectures)
        and (condition.min_kernel is None or facts.kernel >= condition.min_kernel)
    )


def _excluded(condition: Condition, facts: Facts) -> bool:
    arch = MACHINES.get(facts.machine, facts.machine)
    return (
        not facts.capabilities.isdisjoint(condition.capabilities)
        or arch in condition.architectures
        or (condition.min_kernel is not None and facts.kernel >= condition.min_kernel)
    )


def _oci_rule(rule: Rule) -> dict[str, Any]:
    document: dict[str, Any] = {"names": list(rule.names), "action": rule.action}
    if rule.errno is not None:
        document["errnoRet"] = rule.errno
    if rule.args:
        document["args"] = [_oci_arg(one) for one in rule.args]
    return document


def _oci_arg(one: Arg) -> dict[str, Any]:
    document: dict[str, Any] = {"index": one.index, "value": one.value, "op": one.op}
    if one.value_two:
        document["valueTwo"] = one.value_two
    return document
