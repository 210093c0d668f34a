"""Notices that somebody changed the host's nft rules: the kernel tells who, our own changes do not count.

Source: include/uapi/linux/netfilter/nf_tables.h (NFT_MSG_NEWGEN ends each transaction), netlink(7).
"""

import os
import socket
import struct

NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NFNLGRP_NFTABLES = 7
NFT_MSG_NEWGEN = (10 << 8) | 15
NFTA_GEN_PROC_PID = 2
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_NFGENMSG_BYTES = 4
BUFFER_BYTES = 1 << 20


class RuleWatch:
    """A socket that is readable when rules changed."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_NETFILTER
        )
        self._socket.bind((0, 0))
        self._socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)
        self._pid = os.getpid()

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def read(self) -> bool:
        """Take what is there; whether somebody else changed something (or so much that the kernel lost count)."""
        foreign = False
        while True:
            try:
                data = self._socket.recv(BUFFER_BYTES)
            except BlockingIOError:
                return foreign
            except OSError:
                return True
            foreign = foreign or any(pid != self._pid for pid in generations(data))

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def generations(data: bytes) -> list[int]:
    """The processes that ended transactions in these netlink messages."""
    found = []
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            break
        if kind == NFT_MSG_NEWGEN:
            found.append(_process(data[offset + _HEADER.size + _NFGENMSG_BYTES : offset + length]))
        offset += (length + 3) & ~3
    return found


def _process(attributes: bytes) -> int:
    offset = 0
    while offset + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, offset)
        if length < _ATTRIBUTE.size:
            break
        if kind & 0x3FFF == NFTA_GEN_PROC_PID and length >= 8:
            return int(struct.unpack_from(">I", attributes, offset + 4)[0])
        offset += (length + 3) & ~3
    return 0
