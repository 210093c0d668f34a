"""Network namespaces: made, kept by a file, given an interface, and a few always ready.

    EXEC_ROOT/netns/<token>      the namespace's file
    <prefix><token>              the host's end of a pair; the first one has the namespace's token

A namespace is made in a thread of its own, since unshare(2) moves the calling thread; the thread ends there. The
pair dies with the namespace: nothing waits for a link's removal. A ready sandbox has its interface on the default
network already, up and blank: it is given its addresses when it is taken, so that they come in order, by a
thread that is in its namespace already.
"""

import contextlib
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gorae.errors import InvalidArgument, KernelError
from gorae.linux import namespace
from gorae.net.model import Endpoint, Network
from gorae.net.rtnl import Netlink

T = TypeVar("T")
SYSCTL = Path("/proc/sys/net")
LOOPBACK = 1
LINK_LOCAL4, LINK_LOCAL6 = 16, 64
"""Prefix lengths. Source: RFC 3927, RFC 4291."""
READY = 6
FULL_MAC = len("02:42:ac:11:00:02")
LINK_PATIENCE_S = 0.5
"""A pair goes some 30 ms after its namespace."""


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
    isolated: bool = False
    sysctls: tuple[tuple[str, str], ...] = ()
    link_local: tuple[str, ...] = ()


class Inside:
    """A thread in a namespace with a conversation of its own (the library has one a thread), waiting for work."""

    def __init__(self, netns_fd: int) -> None:
        self._thread = ThreadPoolExecutor(1, "netns-inside")
        self._netlink = self._thread.submit(self._enter, netns_fd).result()

    def _enter(self, netns_fd: int) -> Netlink:
        namespace.setns(netns_fd, namespace.CLONE_NEWNET)
        return Netlink()

    def do(self, work: Callable[[Netlink], T]) -> T:
        """Wait for the work's end."""
        return self._thread.submit(work, self._netlink).result()

    def close(self) -> None:
        """Let the thread end; nobody waits for it."""
        self._thread.submit(self._netlink.close)
        self._thread.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Blank:
    """An interface without addresses, and a thread in its namespace."""

    host_name: str
    index: int
    inside: Inside


@dataclass(slots=True)
class Sandbox:
    """A namespace and the endpoints in it, by network."""

    token: str
    path: Path
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    blank: Blank | None = None


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
        """Tokens made here or taken over, and not given back: ready, in use, or just being made."""
        self._links: set[str] = set()
        """The host's ends of their pairs."""
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

    def of_process(self, pid: int) -> Path | None:
        """The file of the namespace that a process is in; None: it has ended, or is in none of ours."""
        with contextlib.suppress(FileNotFoundError):
            inside = os.stat(f"/proc/{pid}/ns/net")
            for path in self._directory.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(path.stat(), inside):
                        return path
        return None

    def pin(self, pid: int) -> Sandbox:
        """A sandbox of the namespace that a process is in. Raises: KernelError."""
        token = secrets.token_hex(4)
        path = self._directory / token
        self._alive.add(token)
        namespace.pin(f"/proc/{pid}/ns/net", str(path))
        return Sandbox(token, path)

    def adopt(self, sandbox: Sandbox) -> None:
        """Take over what an earlier daemon made."""
        self._alive.add(sandbox.token)
        self._links |= {one.host_interface for one in sandbox.endpoints.values()}

    def add_interface(
        self,
        sandbox: Sandbox,
        network: Network,
        master: int,
        wanted: Interface,
        name: str = "",
    ) -> tuple[str, str]:
        """A link into the namespace, with addresses and routes: (host's name, hardware address).

        `master`: of a bridge network its bridge, of macvlan the parent. `name`: the host's, of one that is made again.

        Raises:
            KernelError: nothing is left of it.
        """
        token = sandbox.token if not sandbox.endpoints else secrets.token_hex(4)
        name = name or f"{self._prefix}{token}"
        self._links.add(name)
        netns_fd = os.open(sandbox.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if network.driver == "macvlan":
                self._host.add_macvlan(
                    wanted.name,
                    master,
                    netns_fd,
                    mode=network.mode or "bridge",
                    mtu=network.mtu,
                    mac=wanted.mac,
                )
            else:
                self._host.add_veth(
                    name,
                    wanted.name,
                    netns_fd,
                    master=master,
                    mtu=network.mtu,
                    mac=wanted.mac,
                    isolated=wanted.isolated,
                )
            try:
                return name, self._inside(netns_fd, lambda netlink: _configure(netlink, wanted))
            except BaseException:
                self._inside(netns_fd, lambda netlink: netlink.delete_link(wanted.name))
                raise
        finally:
            os.close(netns_fd)

    def add_blank(self, sandbox: Sandbox, network: Network, master: int, interface: str) -> None:
        """The pair of `add_interface`, to be given addresses later. Raises: KernelError."""
        host_name = f"{self._prefix}{sandbox.token}"
        self._links.add(host_name)
        six = any(":" in one.prefix for one in network.subnets)

        def prepare(netlink: Netlink) -> int:
            index = netlink.index(interface)
            if not six:  # with IPv6 it is up when the hardware address is known, which its own address is made of
                _write_sysctl(f"ipv6/conf/{interface}/disable_ipv6", "1", optional=True)
                netlink.set_up(index)
            return index

        netns_fd = os.open(sandbox.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._host.add_veth(
                host_name,
                interface,
                netns_fd,
                master=master,
                mtu=network.mtu,
                isolated=not network.icc,
            )
            inside = Inside(netns_fd)
            try:
                sandbox.blank = Blank(host_name, inside.do(prepare), inside)
            except BaseException:
                inside.close()
                raise
        finally:
            os.close(netns_fd)

    def fill(self, sandbox: Sandbox, wanted: Interface) -> tuple[str, str]:
        """Give a blank interface what it wants: (host's name, hardware address). Raises: KernelError."""
        blank = sandbox.blank
        assert blank is not None
        sandbox.blank = None

        def work(netlink: Netlink) -> None:
            netlink.set_mac(blank.index, wanted.mac)
            _address(netlink, blank.index, wanted)

        with contextlib.closing(blank.inside) as inside:
            inside.do(work)
        return blank.host_name, wanted.mac

    def _inside(self, netns_fd: int, work: Callable[[Netlink], T]) -> T:
        def body() -> T:
            namespace.setns(netns_fd, namespace.CLONE_NEWNET)
            with contextlib.closing(Netlink()) as netlink:
                return work(netlink)

        return in_thread(body)

    def set_gateways(
        self, sandbox: Sandbox, four: tuple[str, str] | None, six: tuple[str, str] | None
    ) -> None:
        """The default routes, as (gateway, interface); None: there is none."""

        def work(netlink: Netlink) -> None:
            for found, is_six in ((four, False), (six, True)):
                if found is None:
                    netlink.delete_default_route(six=is_six)
                else:
                    netlink.set_default_route(found[0], netlink.index(found[1]))

        netns_fd = os.open(sandbox.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._inside(netns_fd, work)
        finally:
            os.close(netns_fd)

    def remove_interface(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        """Take a link away inside a namespace that lives on; found gone is fine."""
        netns_fd = os.open(sandbox.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._inside(netns_fd, lambda netlink: netlink.delete_link(endpoint.interface))
        finally:
            os.close(netns_fd)
        self._links.discard(endpoint.host_interface)

    def remove(self, sandbox: Sandbox) -> None:
        """Let the namespace go: the kernel removes it, and its links, when nobody is in it any more."""
        if sandbox.blank is not None:
            sandbox.blank.inside.close()
            sandbox.blank = None
        namespace.unpin(str(sandbox.path))
        self._alive.discard(sandbox.token)
        self._links -= {one.host_interface for one in sandbox.endpoints.values()}
        self._links.discard(f"{self._prefix}{sandbox.token}")

    def unknown(self) -> list[str]:
        """Tokens of namespace files that nobody knows.

        Files are listed first, since a token is known before its file is there and as long as it is there.
        """
        found = [one for one in os.listdir(self._directory) if one not in self._alive]
        return [one for one in found if (self._directory / one).exists()]

    def links(self) -> tuple[str, ...]:
        """The host's ends of all pairs that are ours."""
        return tuple(self._links)

    def unknown_links(self) -> list[str]:
        """The host's ends of pairs that nobody knows, now and a little later."""
        found = set(self._host.links(self._prefix)) - self._links
        if found:
            time.sleep(LINK_PATIENCE_S)
            found &= set(self._host.links(self._prefix)) - self._links
        return sorted(found)

    def discard(self, token: str) -> None:
        """Remove what a dead daemon left."""
        namespace.unpin(str(self._directory / token))
        with contextlib.suppress(KernelError):
            self._host.delete_link(f"{self._prefix}{token}")


def _configure(netlink: Netlink, wanted: Interface) -> str:
    """In the namespace: sysctls before the link is up, so that it never has an address that was not given."""
    index = netlink.index(wanted.name)
    if not wanted.ip6 and not any(":" in one for one in wanted.link_local):
        _write_sysctl(f"ipv6/conf/{wanted.name}/disable_ipv6", "1", optional=True)
    _address(netlink, index, wanted)
    for path, value in wanted.sysctls:
        _write_sysctl(path.replace("IFNAME", wanted.name), value)
    # The kernel's own form, but for its case.
    full = len(wanted.mac) == FULL_MAC and ":" in wanted.mac
    return wanted.mac.lower() if full else netlink.mac(index)


def _address(netlink: Netlink, index: int, wanted: Interface) -> None:
    """Addresses, up, routes."""
    for address, prefix_len in ((wanted.ip, wanted.prefix_len), (wanted.ip6, wanted.prefix_len6)):
        if address:
            netlink.add_address(index, address, prefix_len)
    for address in wanted.link_local:
        netlink.add_address(index, address, LINK_LOCAL6 if ":" in address else LINK_LOCAL4)
    netlink.set_up(index)
    for gateway in (wanted.gateway, wanted.gateway6):
        if gateway:
            netlink.set_default_route(gateway, index)


def _write_sysctl(path: str, value: str, *, optional: bool = False) -> None:
    """Raises: InvalidArgument: the kernel refuses it."""
    try:
        (SYSCTL / path).write_text(value)
    except OSError as error:
        if not optional:
            words = (error.strerror or "").lower()
            raise InvalidArgument(f'cannot set "net/{path}" to {value}: {words}') from error


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
