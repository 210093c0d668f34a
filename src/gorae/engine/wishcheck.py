"""What cannot be in a create request, told before anything is made. Pure.

oracle: the sentences are Docker 28's; it tells a bad name server at the start only.
"""

import ipaddress
from collections.abc import Iterable

from gorae.engine.model import ContainerSpec
from gorae.engine.signal import signal_number
from gorae.errors import InvalidArgument

_IPC = ("", "private", "shareable", "host", "none")
_PID = ("", "host")
_UTS = ("", "host")
_CGROUP = ("", "private", "host")
QUOTA_OPTION = "size"
GATEWAY = "host-gateway"


def check(spec: ContainerSpec) -> None:
    """Raises: InvalidArgument: with docker's sentence."""
    _check_mode("IPC", spec.ipc_mode, _IPC)
    _check_mode("PID", spec.pid_mode, _PID)
    if spec.uts_mode not in _UTS:
        raise InvalidArgument(f"invalid UTS mode: {spec.uts_mode}")
    if spec.cgroupns_mode not in _CGROUP:
        raise InvalidArgument(f"invalid cgroup namespace mode: {spec.cgroupns_mode}")
    _check_storage(spec)
    if spec.stop_signal:
        signal_number(spec.stop_signal)
    if spec.working_dir and not spec.working_dir.startswith("/"):
        raise InvalidArgument(
            f"the working directory '{spec.working_dir}' is invalid, it needs to be an absolute path"
        )
    if spec.shm_size_bytes < 0:
        raise InvalidArgument("SHM size can not be less than 0")
    _check_texts(spec)
    for text in spec.extra_hosts:
        _check_host(text)
    for port in spec.ports:  # docker takes what is no address for all addresses
        if port.host_ip and ("%" in port.host_ip or not _is_address(port.host_ip)):
            raise InvalidArgument(f"invalid IP address: {port.host_ip}")
    for address in spec.dns:
        if not _is_address(address):
            raise InvalidArgument(f"bad nameserver address: {address!r}")


def _check_mode(kind: str, mode: str, known: Iterable[str]) -> None:
    shared, colon, name = mode.partition(":")
    if mode not in known and not (shared == "container" and colon and name):
        raise InvalidArgument(f"invalid {kind} mode: {mode}")


def _check_storage(spec: ContainerSpec) -> None:
    """A layer's size cannot be limited: docker needs project quotas of xfs for that, and says so."""
    for name in spec.storage_options:
        if name.lower() != QUOTA_OPTION:
            raise InvalidArgument(f"Unknown option {name}")
        raise InvalidArgument(
            "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
        )


def _check_texts(spec: ContainerSpec) -> None:
    """Nothing that goes into a process's memory or a line of a file may end it early."""
    words = (*spec.env, *(spec.cmd or ()), *(spec.entrypoint or ()), spec.working_dir, spec.user)
    if any("\0" in word for word in words):
        raise InvalidArgument("a NUL byte in the command, its environment, user or directory")
    places = (
        *spec.volumes,
        *spec.tmpfs,
        *(text for m in spec.mounts for text in (m.source, m.target)),
    )
    if any("\0" in place for place in places):
        raise InvalidArgument("a NUL byte in a mount's source or target")
    for word in (spec.hostname, spec.domainname, *spec.dns_search, *spec.dns_options):
        if any(sign in word for sign in "\0\n\r"):
            raise InvalidArgument(f"invalid name: {word!r}: a line break or a NUL byte")


def _check_host(text: str) -> None:
    name, _, address = text.partition(":")
    address = address.strip("[]") if address.startswith("[") else address
    if any(sign in name for sign in " \t\n\r\0#") or not name:
        raise InvalidArgument(f"bad format for add-host: {text!r}")
    if address != GATEWAY and not _is_address(address):
        raise InvalidArgument(f"invalid IP address in add-host: {address!r}")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
