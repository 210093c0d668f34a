"""Subnets and addresses."""

import pytest

from gorae.errors import Conflict, InvalidArgument, Unavailable
from gorae.net import ipam
from gorae.net.model import Subnet


def test_a_subnet_is_chosen_that_nothing_uses() -> None:
    (found,) = ipam.complete((), taken=["172.17.0.0/16"], host=["172.18.3.0/24"])
    assert (found.prefix, found.gateway) == ("172.19.0.0/16", "172.19.0.1")


def test_ipv6_alone() -> None:
    (found,) = ipam.complete((Subnet("fd00:1::/64", ""),), taken=[], host=[], ipv4=False, ipv6=True)
    assert (found.prefix, found.gateway) == ("fd00:1::/64", "fd00:1::1")


def test_a_subnet_of_a_family_that_is_off_is_left_out() -> None:
    (found,) = ipam.complete((Subnet("fd00:1::/64", ""),), taken=[], host=[])
    assert ":" not in found.prefix


@pytest.mark.parametrize(
    ("subnet", "words"),
    [
        (Subnet("10.0.0.0/33", ""), "invalid CIDR block notation"),
        (Subnet("10.0.0.7/24", ""), "it should be 10.0.0.0/24"),
        (Subnet("10.0.0.1", ""), "invalid CIDR block notation"),
        (Subnet("10.0.0.0/24", "10.0.1.1"), "doesn't contain this address"),
        (Subnet("10.0.0.0/24", "abc"), "invalid gateway abc"),
        (Subnet("10.0.0.0/24", "", "10.0.1.0/25"), "doesn't contain ip-range"),
        (Subnet("10.0.0.0/24", "", "", (("a", "10.0.1.3"),)), "invalid auxiliary address a"),
    ],
)
def test_bad_subnets_are_told(subnet: Subnet, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words.replace("(", ".")):
        ipam.complete((subnet,), taken=[], host=[])


def test_overlap() -> None:
    with pytest.raises(Conflict, match="overlaps"):
        ipam.complete((Subnet("10.0.0.0/25", ""),), taken=["10.0.0.0/24"], host=[])


def test_addresses_go_round_and_come_back() -> None:
    pool = ipam.AddressPool(Subnet("10.0.0.0/29", "10.0.0.1", "", (("a", "10.0.0.2"),)))
    taken = [pool.take() for _ in range(4)]
    assert taken == ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
    with pytest.raises(Unavailable):
        pool.take()
    pool.give_back("10.0.0.4")
    assert pool.take() == "10.0.0.4"


def test_an_address_asked_for() -> None:
    pool = ipam.AddressPool(Subnet("10.0.0.0/24", "10.0.0.1", "10.0.0.128/25"))
    assert pool.take("10.0.0.9") == "10.0.0.9"
    assert pool.take().startswith("10.0.0.1")
    with pytest.raises(Conflict):
        pool.take("10.0.0.1")
    with pytest.raises(InvalidArgument):
        pool.take("10.0.1.9")
    assert pool.has("10.0.0.200")
    assert not pool.has("abc")


def test_the_lowest_free_address_comes_first() -> None:
    pool = ipam.AddressPool(Subnet("10.0.0.0/24", "10.0.0.1"))
    assert [pool.take() for _ in range(3)] == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    pool.give_back("10.0.0.3")
    pool.give_back("10.0.0.2")
    pool.reserve("10.0.0.2")
    assert [pool.take() for _ in range(2)] == ["10.0.0.3", "10.0.0.5"]


def test_hardware_addresses() -> None:
    assert ipam.mac_of("172.17.0.2") == "02:42:ac:11:00:02"
    assert ipam.mac_of("fd00::2") == ipam.mac_of("") == ""
