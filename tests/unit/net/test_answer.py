"""Questions and answers as bytes."""

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from gorae.net.dns import answer as answers
from gorae.net.dns.zone import Membership, Subscriber, Zone


@pytest.fixture
def zone() -> Zone:
    made = Zone()
    made.put(Subscriber("a", "", (Membership("n", "net", ("web",), ("10.0.0.2", "fd00::2")),)))
    made.put(Subscriber("b", "", (Membership("n", "net", ("four",), ("10.0.0.3",)),)))
    return made


def ask(zone: Zone, name: str, kind: str) -> DNSRecord | None:
    asked = answers.parse(DNSRecord.question(name, kind).pack())
    assert asked is not None
    found = answers.answer(zone, "a", asked, 0)
    return None if found is None else DNSRecord.parse(answers.packed(found, 512))


def test_addresses_of_both_families(zone: Zone) -> None:
    assert str(ask(zone, "web", "A").short()) == "10.0.0.2"  # type: ignore[union-attr]
    assert str(ask(zone, "web", "AAAA").short()) == "fd00::2"  # type: ignore[union-attr]


def test_a_known_name_without_such_an_address_is_an_empty_answer(zone: Zone) -> None:
    found = ask(zone, "four", "AAAA")
    assert found is not None
    assert (found.header.rcode, found.rr, found.header.ra) == (RCODE.NOERROR, [], 1)


def test_reverse(zone: Zone) -> None:
    found = ask(zone, "3.0.0.10.in-addr.arpa", "PTR")
    assert found is not None
    assert str(found.rr[0].rdata) == "four.net."
    six = "2." + "0." * 28 + "0.d.f.ip6.arpa"
    assert str(ask(zone, six, "PTR").rr[0].rdata) == "web.net."  # type: ignore[union-attr]


def test_what_is_unknown_goes_further(zone: Zone) -> None:
    assert ask(zone, "example.com", "A") is None
    assert ask(zone, "web", "MX") is None
    assert ask(zone, "9.9.9.9.in-addr.arpa", "PTR") is None


def test_several_addresses_take_turns() -> None:
    made = Zone()
    for token, address in (("a", "10.0.0.2"), ("b", "10.0.0.3")):
        made.put(Subscriber(token, "", (Membership("n", "net", ("svc",), (address,)),)))
    asked = answers.parse(DNSRecord.question("svc", "A").pack())
    assert asked is not None
    firsts = {str(answers.answer(made, "a", asked, turn).rr[0].rdata) for turn in (0, 1)}  # type: ignore[union-attr]
    assert firsts == {"10.0.0.2", "10.0.0.3"}


def test_refused_has_the_question(zone: Zone) -> None:
    asked = answers.parse(DNSRecord.question("x.example", "A").pack())
    assert asked is not None
    found = answers.refused(asked)
    assert found.header.rcode == RCODE.SERVFAIL
    assert QTYPE.get(found.q.qtype) == "A"


@pytest.mark.parametrize("data", [b"", b"\0" * 11, b"\xff" * 40, DNSRecord().pack()])
def test_no_question(data: bytes) -> None:
    assert answers.parse(data) is None


def test_an_answer_is_no_question() -> None:
    assert answers.parse(DNSRecord.question("a").reply().pack()) is None


def test_too_long_is_cut_off() -> None:
    made = Zone()
    for n in range(60):
        made.put(Subscriber(str(n), "", (Membership("n", "net", ("svc",), (f"10.0.0.{n}",)),)))
    asked = answers.parse(DNSRecord.question("svc", "A").pack())
    assert asked is not None
    found = answers.answer(made, "1", asked, 0)
    assert found is not None
    data = answers.packed(found, 512)
    assert len(data) <= 512
    assert DNSRecord.parse(data).header.tc == 1


@pytest.mark.parametrize("name", ["x.in-addr.arpa", "1.2.ip6.arpa", "999.1.1.1.in-addr.arpa", "a"])
def test_no_reversed_address(name: str) -> None:
    assert answers.reversed_address(name) == ""
