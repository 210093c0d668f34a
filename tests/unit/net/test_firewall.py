"""The verdict of foreign rules, from nft's JSON."""

import pytest

from gorae.net.firewall import Packet, Verdict, chains, drops_forward, filters_input, verdict


def chain(
    name: str, *, hook: str = "", policy: str = "accept", family: str = "inet", prio: int = 0
):  # type: ignore[no-untyped-def]
    one = {"family": family, "table": "t", "name": name}
    if hook:
        one |= {"hook": hook, "type": "filter", "prio": prio, "policy": policy}
    return {"chain": one}


def rule(chain_name: str, *expr: dict, family: str = "inet"):  # type: ignore[no-untyped-def,type-arg]
    return {"rule": {"family": family, "table": "t", "chain": chain_name, "expr": list(expr)}}


def match(left: dict, right: object, op: str = "==") -> dict:  # type: ignore[type-arg]
    return {"match": {"op": op, "left": left, "right": right}}


DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
IIF = {"meta": {"key": "iifname"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
STATE = {"ct": {"key": "state"}}
DROP, ACCEPT = {"drop": None}, {"accept": None}
PACKET = Packet("eth0", "tcp", 8080)


def judge(*entries: dict, packet: Packet = PACKET) -> Verdict:  # type: ignore[type-arg]
    return verdict(chains({"nftables": list(entries)}), packet)


def test_no_rules_are_open() -> None:
    assert judge().state == "open"
    assert judge(chain("input", hook="input")).state == "open"


def test_the_policy_decides_where_no_rule_does() -> None:
    found = judge(chain("input", hook="input", policy="drop"))
    assert found == Verdict("blocked", "inet t input policy drop")


def test_the_first_rule_that_fits_decides() -> None:
    found = judge(
        chain("input", hook="input", policy="drop"),
        rule("input", match(STATE, ["established", "related"]), ACCEPT),
        rule("input", match(DPORT, {"set": [22, 8080]}), ACCEPT),
        rule("input", DROP),
    )
    assert found == Verdict("open", "inet t input rule 2")


def test_interfaces_and_ranges() -> None:
    entries = (
        chain("input", hook="input", policy="drop"),
        rule("input", match(IIF, "lo"), ACCEPT),
        rule("input", match(IIF, "eth*"), match(DPORT, {"range": [8000, 8999]}), ACCEPT),
    )
    assert judge(*entries, packet=Packet("lo", "tcp", 1)).rule == "inet t input rule 1"
    assert judge(*entries).rule == "inet t input rule 2"
    assert judge(*entries, packet=Packet("wlan0", "tcp", 8080)).state == "blocked"


def test_jumps_and_returns() -> None:
    entries = (
        chain("input", hook="input"),
        chain("more"),
        rule("input", {"jump": {"target": "more"}}),
        rule("input", DROP),
        rule("more", match(DPORT, 1), {"return": None}),
        rule("more", match(DPORT, 8080), ACCEPT),
    )
    assert judge(*entries).rule == "inet t more rule 2"
    assert judge(*entries, packet=Packet("eth0", "tcp", 1)).rule == "inet t input rule 2"


def test_a_source_that_is_not_known_makes_it_depend() -> None:
    right = {"prefix": {"addr": "10.0.0.0", "len": 8}}
    entries = (
        chain("input", hook="input", policy="drop"),
        rule("input", match(SADDR, right), ACCEPT),
    )
    assert judge(*entries) == Verdict("depends", "inet t input rule 1")
    near = Packet("eth0", "tcp", 8080, source="10.1.2.3")
    assert judge(*entries, packet=near).state == "open"


def test_every_base_chain_must_let_it_pass() -> None:
    entries = (
        chain("one", hook="input", prio=0),
        chain("two", hook="input", policy="drop", prio=10),
        rule("one", ACCEPT),
    )
    assert judge(*entries).state == "blocked"


def test_ip6_tables_do_not_concern_ip4() -> None:
    entries = (chain("input", hook="input", policy="drop", family="ip6"),)
    assert judge(*entries).state == "open"
    assert judge(*entries, packet=Packet("eth0", "tcp", 1, six=True)).state == "blocked"


def test_an_extension_that_is_not_understood_makes_it_depend() -> None:
    entries = (
        chain("input", hook="input", family="ip"),
        rule("input", {"xt": {"type": "match", "name": "recent"}}, DROP, family="ip"),
    )
    assert judge(*entries).state == "depends"


def test_filters_input() -> None:
    def found(*entries: dict) -> bool:  # type: ignore[type-arg]
        return filters_input(chains({"nftables": list(entries)}))

    assert not found()
    assert not found(chain("input", hook="input"))
    assert found(chain("input", hook="input", policy="drop"))
    assert found(chain("input", hook="input"), rule("input", ACCEPT))
    assert not found(chain("forward", hook="forward", policy="drop"))


def test_our_own_table_is_left_out() -> None:
    entry = chain("input", hook="input", policy="drop")
    entry["chain"]["table"] = "gorae"
    assert not chains({"nftables": [entry]}, without="gorae")


def test_forward_policy() -> None:
    found = chains({"nftables": [chain("FORWARD", hook="forward", policy="drop", family="ip")]})
    assert [one.title for one in drops_forward(found)] == ["ip t FORWARD"]


@pytest.mark.parametrize("right", ["@set", {"range": ["a", "b"]}])
def test_what_cannot_be_compared_makes_it_depend(right: object) -> None:
    entries = (chain("input", hook="input"), rule("input", match(DPORT, right), DROP))
    assert judge(*entries).state == "depends"
