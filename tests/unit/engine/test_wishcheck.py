import pytest

from gorae.engine.model import ContainerSpec, MountRequest, PortBinding
from gorae.engine.wishcheck import check
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"ipc_mode": "bogus"}, "invalid IPC mode: bogus"),
        ({"pid_mode": "bogus"}, "invalid PID mode: bogus"),
        ({"pid_mode": "container:"}, "invalid PID mode"),
        ({"stop_signal": "BOGUS"}, "invalid signal: BOGUS"),
        ({"working_dir": "rel"}, "the working directory 'rel' is invalid"),
        ({"shm_size_bytes": -1}, "SHM size can not be less than 0"),
        ({"extra_hosts": ("a:b\n1.2.3.4 c",)}, "invalid IP address in add-host"),
        ({"extra_hosts": ("a b:1.2.3.4",)}, "bad format for add-host"),
        ({"dns": ("1.1.1.1\nnameserver 2",)}, "bad nameserver address"),
        ({"env": ("A\0B=c",)}, "a NUL byte"),
        ({"volumes": ("/a\0b",)}, "a NUL byte in a mount's"),
        ({"mounts": (MountRequest("bind", "/a\0b", "/c"),)}, "a NUL byte in a mount's"),
        ({"hostname": "a\nb"}, "invalid name"),
        ({"uts_mode": "bogus"}, "invalid UTS mode: bogus"),
        ({"cgroupns_mode": "bogus"}, "invalid cgroup namespace mode: bogus"),
        ({"storage_options": {"size": "10G"}}, "--storage-opt is supported only for overlay over"),
        ({"storage_options": {"nosuch": "1"}}, "Unknown option nosuch"),
        ({"ports": (PortBinding(80, "tcp", "x;drop"),)}, "invalid IP address: x;drop"),
        ({"ports": (PortBinding(80, "tcp", "fe80::1%eth0"),)}, "invalid IP address: fe80"),
    ],
)
def test_what_cannot_be(wish: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        check(ContainerSpec(image="x", **wish))  # type: ignore[arg-type]


def test_what_can() -> None:
    check(
        ContainerSpec(
            image="x",
            ipc_mode="shareable",
            pid_mode="container:abc",
            stop_signal="SIGRTMIN+3",
            working_dir="/x",
            extra_hosts=("a:1.2.3.4", "b:::1", "c:host-gateway", "d:[::1]"),
            dns=("1.1.1.1", "::1"),
            env=("A=b", "GONE"),
        )
    )
