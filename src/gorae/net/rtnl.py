"""Links, addresses and routes by netlink: the only importer of pyroute2.

`Netlink` speaks to the network namespace of the thread that made it. The calls are serialised: one socket, one
conversation. Everything that is found done already is fine.
"""

import errno
import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from gorae.errors import KernelError

RT_SCOPE_HOST = 254


@contextmanager
def _translated(what: str, *, ignoring: tuple[int, ...] = ()) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        if error.code not in ignoring:
            raise KernelError("netlink", error.code, what) from error


class Netlink:
    """One conversation with the kernel."""

    def __init__(self) -> None:
        self._ip: Any = IPRoute()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the socket back."""
        self._ip.close()

    def index(self, name: str) -> int:
        """A link's index, 0 when there is none: of the calling thread's namespace, which is the conversation's too."""
        try:
            return socket.if_nametoindex(name)
        except OSError:
            return 0

    def links(self, prefix: str) -> dict[str, int]:
        """Name -> index of the links whose names begin so."""
        with self._lock:
            found = list(self._ip.get_links())
        names = {one.get_attr("IFLA_IFNAME"): int(one["index"]) for one in found}
        return {name: index for name, index in names.items() if name.startswith(prefix)}

    def add_bridge(self, name: str, mtu: int) -> int:
        """Make a bridge and set it up; its index. Raises: KernelError."""
        with self._lock, _translated(name, ignoring=(errno.EEXIST,)):
            self._ip.link("add", ifname=name, kind="bridge")
        index = self.index(name)
        with self._lock, _translated(name):
            self._ip.link("set", index=index, state="up", mtu=mtu)
        return index

    def add_address(self, index: int, address: str, prefix_len: int) -> None:
        """Give a link an address. Raises: KernelError."""
        if ":" in address:
            more: dict[str, Any] = {"flags": 0x02}  # no duplicate address detection
        else:
            interface = ipaddress.IPv4Interface(f"{address}/{prefix_len}")
            more = {"broadcast": str(interface.network.broadcast_address)}
        with self._lock, _translated(address, ignoring=(errno.EEXIST,)):
            self._ip.addr("add", index=index, address=address, prefixlen=prefix_len, **more)

    def add_veth(
        self,
        name: str,
        peer: str,
        peer_netns_fd: int,
        *,
        master: int,
        mtu: int,
        mac: str = "",
        isolated: bool = False,
    ) -> int:
        """A pair: `name` here, up and on the bridge; `peer` in another namespace; our end's index.

        `isolated`: it cannot reach other isolated ports of the bridge, only the host.

        Raises:
            KernelError.
        """
        other: dict[str, Any] = {"ifname": peer, "net_ns_fd": peer_netns_fd, "mtu": mtu}
        if mac:
            other["address"] = mac
        with self._lock, _translated(name):
            self._ip.link(
                "add", ifname=name, kind="veth", peer=other, mtu=mtu, master=master, state="up"
            )
        index = self.index(name)
        self._set_port(name, index, isolated=isolated)
        return index

    def attach_to_bridge(self, name: str, master: int, *, isolated: bool = False) -> int:
        """Put a link on a bridge, and up; its index, 0 when it is gone. Raises: KernelError."""
        index = self.index(name)
        if index:
            with self._lock, _translated(name):
                self._ip.link("set", index=index, master=master, state="up")
            self._set_port(name, index, isolated=isolated)
        return index

    def _set_port(self, name: str, index: int, *, isolated: bool) -> None:
        with self._lock, _translated(name):
            # hairpin: a container may use its own published port
            self._ip.brport("set", index=index, mode=1, isolated=int(isolated))

    def add_macvlan(
        self, name: str, parent: int, netns_fd: int, *, mode: str, mtu: int, mac: str = ""
    ) -> None:
        """A link of its own hardware address on `parent`, made in another namespace. Raises: KernelError."""
        more = {"address": mac} if mac else {}
        with self._lock, _translated(name):
            self._ip.link(
                "add",
                ifname=name,
                kind="macvlan",
                link=parent,
                macvlan_mode=mode,
                net_ns_fd=netns_fd,
                mtu=mtu,
                **more,
            )

    def add_dummy(self, name: str) -> int:
        """A link that leads nowhere, up; its index. Raises: KernelError: the kernel has none."""
        with self._lock, _translated(name, ignoring=(errno.EEXIST,)):
            self._ip.link("add", ifname=name, kind="dummy")
        index = self.index(name)
        self.set_up(index)
        return index

    def add_vlan(self, name: str, parent: int, number: int) -> int:
        """A tagged link on `parent`, up; its index. Raises: KernelError: the kernel has none."""
        with self._lock, _translated(name, ignoring=(errno.EEXIST,)):
            self._ip.link("add", ifname=name, kind="vlan", link=parent, vlan_id=number)
        index = self.index(name)
        self.set_up(index)
        return index

    def set_up(self, index: int) -> None:
        """Set a link up. Raises: KernelError."""
        with self._lock, _translated(str(index)):
            self._ip.link("set", index=index, state="up")

    def master(self, name: str) -> int:
        """The index of the bridge that a link stands on; 0: on none, or it is gone."""
        with self._lock:
            try:
                found = self._ip.link("get", ifname=name)
            except NetlinkError:
                return 0
        return int(found[0].get_attr("IFLA_MASTER") or 0)

    def set_mac(self, index: int, address: str) -> None:
        """Give a link a hardware address. Raises: KernelError."""
        with self._lock, _translated(address):
            self._ip.link("set", index=index, address=address)

    def mac(self, index: int) -> str:
        """A link's hardware address."""
        with self._lock, _translated(str(index)):
            return str(self._ip.get_links(index)[0].get_attr("IFLA_ADDRESS"))

    def set_default_route(self, gateway: str, index: int) -> None:
        """Everything else goes there, whatever went before. Raises: KernelError."""
        destination = "::/0" if ":" in gateway else "0.0.0.0/0"
        if ":" in gateway:  # of IPv6 a second default route would stand beside the first
            self.delete_default_route(six=True)
        with self._lock, _translated(gateway):
            self._ip.route("replace", dst=destination, gateway=gateway, oif=index)

    def delete_default_route(self, *, six: bool) -> None:
        """Nothing else goes anywhere; found so is fine. Raises: KernelError."""
        destination, family = ("::/0", socket.AF_INET6) if six else ("0.0.0.0/0", socket.AF_INET)
        with (
            self._lock,
            _translated(destination, ignoring=(errno.ESRCH, errno.ENETUNREACH, errno.ENOENT)),
        ):
            self._ip.route("del", dst=destination, family=family)

    def divert(self, mark: int, mask: int, table: int) -> None:
        """Packets with this mark are for this host, whatever their address says. Raises: KernelError."""
        for family, everywhere in ((socket.AF_INET, "0.0.0.0/0"), (socket.AF_INET6, "::/0")):
            ignoring = (errno.EEXIST, errno.EAFNOSUPPORT, errno.EOPNOTSUPP)
            with self._lock, _translated("local route", ignoring=ignoring):
                scope = {"scope": RT_SCOPE_HOST} if family == socket.AF_INET else {}
                self._ip.route(
                    "replace",
                    family=family,
                    dst=everywhere,
                    oif=1,
                    type="local",
                    table=table,
                    **scope,
                )
            with self._lock, _translated("rule", ignoring=ignoring):
                self._ip.rule(
                    "add", family=family, fwmark=mark, fwmask=mask, table=table, priority=100
                )

    def delete_link(self, name: str) -> None:
        """Remove a link; found gone is fine. The kernel takes 20 to 35 ms for it. Raises: KernelError."""
        index = self.index(name)
        if index:
            with self._lock, _translated(name, ignoring=(errno.ENODEV,)):
                self._ip.link("del", index=index)

    def prefixes(self) -> list[str]:
        """Where this host's routes lead, default routes left out."""
        with self._lock:
            routes = list(self._ip.get_routes(table=254))
        return [
            f"{one.get_attr('RTA_DST')}/{one['dst_len']}"
            for one in routes
            if one.get_attr("RTA_DST")
        ]
