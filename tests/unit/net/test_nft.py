"""The table's text, and what a listing of it tells."""

from gorae.net import nft
from gorae.net.model import Network, PublishedPort, Subnet
from gorae.net.nft import Mapping
from gorae.net.portplan import Target, aims, effective, how, mappings

NET = Network("id", "n", bridge="br", subnets=(Subnet("10.0.0.0/24", "10.0.0.1"),))


def test_a_network_is_elements() -> None:
    assert nft.network_elements(NET) == {
        "bridges": ['"br"'],
        "same": ['"br" . "br"'],
        "nets4": ["10.0.0.0/24"],
        "masq4": ["10.0.0.0/24"],
    }


def test_an_internal_network_does_not_leave() -> None:
    found = nft.network_elements(
        Network("id", "n", bridge="br", subnets=NET.subnets, internal=True, icc=False)
    )
    assert found == {"bridges": ['"br"'], "internal": ['"br"'], "nets4": ["10.0.0.0/24"]}


def test_another_driver_has_no_rules() -> None:
    assert nft.network_elements(Network("id", "n", driver="macvlan")) == {}


def test_adding_and_deleting_name_the_same_keys() -> None:
    elements = nft.mapping_elements([Mapping("tcp", "", 8080, "10.0.0.2", 80)])
    assert nft.add("g", elements) == "add element inet g any4 { tcp . 8080 : 10.0.0.2 . 80 }\n"
    assert nft.delete("g", elements) == "delete element inet g any4 { tcp . 8080 }\n"


def test_addresses_choose_the_map() -> None:
    assert Mapping("tcp", "127.0.0.1", 1, "10.0.0.2", 80).map_name == "on4"
    assert Mapping("udp", "", 1, "fd00::2", 80).map_name == "any6"


def test_the_table_has_all_chains_once() -> None:
    text = nft.table("g", nft.network_elements(NET), divert=True)
    assert text.count("chain forward") == 1
    assert "socket transparent" in text
    assert "socket transparent" not in nft.table("g", {}, divert=False)


def listing(**elements: list[object]) -> dict:  # type: ignore[type-arg]
    entries: list[dict] = []  # type: ignore[type-arg]
    for name, _, rules in nft.CHAINS:
        entries += [{"rule": {"chain": name}} for _ in rules]
    names = ("bridges", "internal", "same", "nets4", "nets6", "masq4", "masq6")
    entries += [{"set": {"name": n, "elem": elements.get(n, [])}} for n in names]
    entries += [
        {"map": {"name": n, "elem": elements.get(n, [])}} for n in ("any4", "any6", "on4", "on6")
    ]
    return {"nftables": entries}


def test_nothing_is_wrong_with_what_should_be_there() -> None:
    found = listing(
        bridges=["br"],
        same=[{"concat": ["br", "br"]}],
        nets4=[{"prefix": {"addr": "10.0.0.0", "len": 24}}],
        masq4=[{"prefix": {"addr": "10.0.0.0", "len": 24}}],
        any4=[[{"concat": ["tcp", 8080]}, {"concat": ["10.0.0.2", 80]}]],
    )
    mapping = Mapping("tcp", "", 8080, "10.0.0.2", 80)
    wanted = nft.merged([nft.network_elements(NET), nft.mapping_elements([mapping])])
    assert nft.wrong(found, wanted) == []


def test_what_is_missing_and_what_is_nobodys() -> None:
    found = listing(any4=[[{"concat": ["tcp", 1]}, {"concat": ["10.0.0.2", 80]}]])
    wanted = nft.mapping_elements([Mapping("tcp", "", 2, "10.0.0.3", 80)])
    assert nft.wrong(found, wanted) == [
        'published port "tcp . 2 : 10.0.0.3 . 80" is missing',
        'published port "tcp . 1 : 10.0.0.2 . 80" is nobody\'s',
    ]
    assert 'rules of chain "forward" are missing' in nft.wrong({"nftables": []}, {})


FOUR = PublishedPort("tcp", 80, 8080, "0.0.0.0")
SIX = PublishedPort("tcp", 80, 8080, "::")
ONLY_FOUR = Target("10.0.0.2")


def test_auto_follows_the_host() -> None:
    assert effective("auto", filtered=False) == "dnat"
    assert effective("auto", filtered=True) == "proxy"
    assert effective("dnat", filtered=True) == "dnat"


def test_rules_where_the_families_are_the_same() -> None:
    found = mappings([FOUR, SIX], ONLY_FOUR, "dnat")
    assert [one.map_name for one in found] == ["any4"]
    both = mappings([FOUR, SIX], Target("10.0.0.2", "fd00::2"), "dnat")
    assert [one.map_name for one in both] == ["any4", "any6"]


def test_proxied_tcp_has_no_rule_but_udp_has() -> None:
    udp = PublishedPort("udp", 53, 53, "0.0.0.0")
    assert [one.protocol for one in mappings([FOUR, udp], ONLY_FOUR, "proxy")] == ["udp"]


def test_the_relay_listens_where_no_rule_can_do_it() -> None:
    found = aims(ONLY_FOUR, "dnat")
    assert (found["4"]["listen"], found["6"]["listen"], found["6"]["ip"]) == (
        False,
        True,
        "10.0.0.2",
    )
    assert aims(ONLY_FOUR, "proxy")["4"]["listen"]
    assert aims(Target("", "fd00::2"), "dnat")["4"] == {"ip": "fd00::2", "listen": True, "near": []}


def test_how_in_a_word() -> None:
    assert how(FOUR, ONLY_FOUR, "dnat") == "dnat"
    assert how(FOUR, ONLY_FOUR, "proxy") == "relay"
    assert how(SIX, ONLY_FOUR, "dnat") == "relay"
    assert how(PublishedPort("sctp", 1, 1, "::"), ONLY_FOUR, "dnat") == "nowhere"
