"""Network namespaces: made, kept by a file, given an interface, and a few always ready.

    EXEC_ROOT/netns/<token>      the namespace's file
    <prefix><token>              the host's end of its first pair; further ones get a token of their own

A namespace is made in a thread of its own, since unshare(2) moves the calling thread; the thread ends there. The
pair dies with the namespace: nothing waits for a link's removal. A ready sandbox has its address on the default
network already, so that taking it costs nothing but bookkeeping.
"""

import contextlib
import os
import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gorae.errors import KernelError
from gorae.linux import namespace
from gorae.net.model import Endpoint, Network
from gorae.net.rtnl import Netlink

T = TypeVar("T")
LOOPBACK = 1
READY = 6


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface to be made inside: addresses with prefix lengths, gateways empty for none."""

    name: str
    mtu: int
    mac: str
    ip: str = ""
    prefix_len: int = 0
    gateway: str = ""
    ip6: str = ""
    prefix_len6: int = 0
    gateway6: str = ""


@dataclass(slots=True)
class Sandbox:
    """A namespace and the endpoints in it, by network."""

    token: str
    path: Path
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


def in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread that ends afterwards: it may leave our namespaces."""
    result: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            result.append(work())
        except BaseException as error:  # noqa: BLE001 - given to the caller's thread, all of it
            failure.append(error)

    thread = threading.Thread(target=body, name="netns")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


class SandboxMaker:
    """Makes namespaces and interfaces below one directory; `prefix` begins every link's name."""

    def __init__(self, directory: Path, prefix: str, host: Netlink) -> None:
        self._directory = directory
        self._prefix = prefix
        self._host = host
        self._alive: set[str] = set()
        """Tokens made here and not given back: ready, in use, or just being made."""
        directory.mkdir(parents=True, exist_ok=True)

    def make(self) -> Sandbox:
        """An empty namespace with its loopback up. Raises: KernelError."""
        token = secrets.token_hex(4)
        path = self._directory / token
        self._alive.add(token)

        def inside() -> None:
            namespace.unshare(namespace.CLONE_NEWNET)
            namespace.pin("/proc/thread-self/ns/net", str(path))
            with contextlib.closing(Netlink()) as netlink:
                netlink.set_up(LOOPBACK)

        in_thread(inside)
        return Sandbox(token, path)

    def found(self, host_interface: str) -> Path:
        """The file of the namespace whose first pair has this name."""
        return self._directory / host_interface.removeprefix(self._prefix)

    def add_interface(
        self, sandbox: Sandbox, network: Network, master: int, wanted: Interface
    ) -> tuple[str, str]:
        """A pair into the namespace, with addresses and routes: (host's name, hardware address).

        Raises:
            KernelError: nothing is left of it.
        """
        token = sandbox.token if not sandbox.endpoints else secrets.token_hex(4)
        name = f"{self._prefix}{token}"
        netns_fd = os.open(sandbox.path, os.O_RDONLY | os.O_CLOEXEC)

        def inside() -> str:
            namespace.setns(netns_fd, namespace.CLONE_NEWNET)
            with contextlib.closing(Netlink()) as netlink:
                return _configure(netlink, wanted)

        try:
            self._host.add_veth(
                name, wanted.name, netns_fd, master=master, mtu=network.mtu, mac=wanted.mac
            )
            try:
                return name, in_thread(inside)
            except BaseException:
                self._host.delete_link(name)
                raise
        finally:
            os.close(netns_fd)

    def remove_interface(self, host_interface: str) -> None:
        """Take a pair away from a namespace that lives on."""
        self._host.delete_link(host_interface)

    def remove(self, sandbox: Sandbox) -> None:
        """Let the namespace go: the kernel removes it, and its links, when nobody is in it any more."""
        namespace.unpin(str(sandbox.path))
        self._alive.discard(sandbox.token)

    def unknown(self, known: set[str]) -> list[str]:
        """Tokens of namespace files that nobody knows."""
        ours = known | self._alive
        return [one for one in os.listdir(self._directory) if one not in ours]

    def discard(self, token: str) -> None:
        """Remove what a dead daemon left."""
        namespace.unpin(str(self._directory / token))
        with contextlib.suppress(KernelError):
            self._host.delete_link(f"{self._prefix}{token}")


def _configure(netlink: Netlink, wanted: Interface) -> str:
    index = netlink.index(wanted.name)
    for address, prefix_len in ((wanted.ip, wanted.prefix_len), (wanted.ip6, wanted.prefix_len6)):
        if address:
            netlink.add_address(index, address, prefix_len)
    netlink.set_up(index)
    for gateway in (wanted.gateway, wanted.gateway6):
        if gateway:
            netlink.add_default_route(gateway, index)
    return netlink.mac(index)


class ReadyPool:
    """A few sandboxes made ahead; `make` is called in one background thread."""

    def __init__(self, make: Callable[[], Sandbox], discard: Callable[[Sandbox], None]) -> None:
        self._make = make
        self._discard = discard
        self._ready: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        self._wanted = threading.Semaphore(0)
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to fill."""
        self._thread = threading.Thread(target=self._fill, name="netns-pool", daemon=True)
        self._thread.start()
        for _ in range(READY):
            self._wanted.release()

    def _fill(self) -> None:
        while True:
            self._wanted.acquire()
            if self._closing:
                return
            try:
                self._ready.put(self._make())
            except Exception:  # noqa: BLE001 - the taker makes its own and reports what is wrong
                continue

    def take(self) -> Sandbox | None:
        """A ready one, or None."""
        if self._thread is None:
            return None
        try:
            found = self._ready.get_nowait()
        except queue.Empty:
            return None
        self._wanted.release()
        return found

    def close(self) -> None:
        """Stop, and let the ready ones go."""
        self._closing = True
        self._wanted.release()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(queue.Empty):
            while True:
                self._discard(self._ready.get_nowait())
