"""Netlink messages of ended transactions."""

import struct

from gorae.net.nftwatch import NFT_MSG_NEWGEN, generations


def message(kind: int, attributes: bytes) -> bytes:
    body = b"\0\0\0\0" + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def attribute(kind: int, data: bytes) -> bytes:
    padded = data + b"\0" * (-len(data) % 4)
    return struct.pack("=HH", 4 + len(data), kind) + padded


def test_the_process_is_found() -> None:
    data = message(
        NFT_MSG_NEWGEN,
        attribute(1, b"\0\0\0\7") + attribute(2, b"\0\0\x04\xd2") + attribute(3, b"nft\0"),
    )
    assert generations(message(2561, b"") + data) == [1234]


def test_broken_messages_end_it() -> None:
    assert generations(b"\3\0\0\0" + b"\0" * 20) == []
    assert generations(b"abc") == []
    assert generations(message(NFT_MSG_NEWGEN, b"\1\0\0\0")) == [0]
