"""A question and its answer, as bytes of RFC 1035; the zone decides. Pure, but for the order of several addresses.

oracle: a known name without an address of the family asked for is an empty answer, not NXDOMAIN; the time to live
is ten minutes; what the zone does not know, and other types than A, AAAA and PTR, goes further.
"""

import ipaddress
from dataclasses import dataclass

from dnslib import AAAA, PTR, QTYPE, RCODE, RR, A, DNSError, DNSRecord

from gorae.net.dns.zone import Zone

TTL_S = 600
MIN_UDP_BYTES = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that holds one question."""

    record: DNSRecord
    name: str
    kind: str

    @property
    def room_bytes(self) -> int:
        """How large an answer over UDP may be."""
        for one in self.record.ar:
            if one.rtype == QTYPE.OPT:
                return max(MIN_UDP_BYTES, min(int(one.rclass), 4096))
        return MIN_UDP_BYTES


def parse(data: bytes) -> Asked | None:
    """A question; None where the bytes are none."""
    try:
        record = DNSRecord.parse(data)
        if record.header.qr or not record.questions:
            return None
        question = record.questions[0]
        return Asked(record, str(question.qname), str(QTYPE.get(question.qtype)))
    except (DNSError, ValueError, IndexError, KeyError, UnicodeError):
        return None


def answer(zone: Zone, token: str, asked: Asked, turn: int) -> DNSRecord | None:
    """The answer from the zone; None: it knows nothing of this. `turn` rotates several addresses."""
    if asked.kind in ("A", "AAAA"):
        found = zone.find(token, asked.name)
        if found is None:
            return None
        wanted = [one for one in found if (":" in one) == (asked.kind == "AAAA")]
        start = turn % len(wanted) if wanted else 0
        reply = _reply(asked)
        for address in wanted[start:] + wanted[:start]:
            data = AAAA(address) if asked.kind == "AAAA" else A(address)
            reply.add_answer(RR(asked.record.q.qname, asked.record.q.qtype, rdata=data, ttl=TTL_S))
        return reply
    if asked.kind == "PTR":
        address = reversed_address(asked.name)
        name = zone.reverse(token, address) if address else None
        if name is None:
            return None
        reply = _reply(asked)
        reply.add_answer(RR(asked.record.q.qname, QTYPE.PTR, rdata=PTR(f"{name}."), ttl=TTL_S))
        return reply
    return None


def refused(asked: Asked, *, code: int = RCODE.SERVFAIL) -> DNSRecord:
    """The answer where nobody knows."""
    reply = _reply(asked)
    reply.header.rcode = code
    return reply


def _reply(asked: Asked) -> DNSRecord:
    return asked.record.reply(ra=1, aa=0)


def packed(reply: DNSRecord, room_bytes: int) -> bytes:
    """As bytes that fit; what does not is cut off and marked, so that the client asks over TCP."""
    data: bytes = reply.pack()
    return data if len(data) <= room_bytes else bytes(reply.truncate().pack())


def reversed_address(name: str) -> str:
    """`9.22.213.10.in-addr.arpa.` -> `10.213.22.9`; of IPv6 likewise; empty where it is none."""
    text = name.rstrip(".").lower()
    try:
        if text.endswith(".in-addr.arpa"):
            parts = text.removesuffix(".in-addr.arpa").split(".")
            return str(ipaddress.IPv4Address(".".join(reversed(parts))))
        if text.endswith(".ip6.arpa"):
            digits = "".join(reversed(text.removesuffix(".ip6.arpa").split(".")))
            return str(ipaddress.IPv6Address(bytes.fromhex(digits)))
    except ValueError:
        return ""
    return ""
