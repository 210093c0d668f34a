"""Capabilities: their names, docker's default set, and what `--cap-add` and `--cap-drop` make of it. Pure."""

from collections.abc import Iterable, Sequence

from gorae.errors import InvalidArgument

ALL = "ALL"

NAMES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
)
"""In the order of the kernel's numbers. Source: capability.h"""

DEFAULT_CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)
"""What docker gives, in its order."""


def from_mask(mask: int) -> tuple[str, ...]:
    """The names of a set as /proc/PID/status shows it; numbers without a name are left out."""
    return tuple(name for number, name in enumerate(NAMES) if mask >> number & 1)


def resolve(
    add: Sequence[str], drop: Sequence[str], *, privileged: bool, available: Iterable[str]
) -> tuple[str, ...]:
    """The container's set: docker's default changed by `add` and `drop`, within what is `available`.

    Dropping what the host does not have is done already.

    Raises:
        InvalidArgument: an unknown name, or one to add that this host cannot give.
    """
    host = tuple(available)
    if privileged:
        return host
    added = [_normal("CapAdd", name, host) for name in add]
    dropped = {_normal("CapDrop", name, NAMES) for name in drop}
    if ALL in added:
        return tuple(name for name in host if name not in dropped)
    if ALL in dropped:
        return _unique(added)
    kept = [name for name in DEFAULT_CAPABILITIES if name in host and name not in dropped]
    return _unique([*kept, *added])


def _normal(option: str, name: str, available: Sequence[str]) -> str:
    upper = name.upper()
    if upper == ALL:
        return ALL
    full = upper if upper.startswith("CAP_") else f"CAP_{upper}"
    if full not in NAMES:
        raise InvalidArgument(f'invalid {option}: unknown capability: "{full}"')
    if full not in available:
        raise InvalidArgument(
            f"invalid {option}: capability not supported by your kernel "
            f'or not available in the current environment: "{full}"'
        )
    return full


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
