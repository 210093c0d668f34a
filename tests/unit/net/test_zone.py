"""Who sees which name."""

from gorae.net.dns.zone import Membership, Subscriber, Zone, subscriber


def member(token: str, network: str, *names: str, address: str, links=()) -> Subscriber:  # type: ignore[no-untyped-def]
    return Subscriber(
        token, "", (Membership(network, f"{network}-name", names, (address,), links),)
    )


def zone(*subscribers: Subscriber) -> Zone:
    made = Zone()
    for one in subscribers:
        made.put(one)
    return made


def test_names_are_found_whatever_their_case() -> None:
    one = zone(member("a", "n", "web", "alias", address="10.0.0.2"))
    assert one.find("a", "WEB.") == ["10.0.0.2"]
    assert one.find("a", "alias") == ["10.0.0.2"]
    assert one.find("a", "nobody") is None


def test_another_networks_names_are_unknown() -> None:
    one = zone(
        member("a", "n", "web", address="10.0.0.2"), member("b", "m", "db", address="10.1.0.2")
    )
    assert one.find("a", "db") is None
    assert one.reverse("a", "10.1.0.2") is None


def test_a_network_can_be_named() -> None:
    one = zone(member("a", "n", "web", address="10.0.0.2"))
    assert one.find("a", "web.n-name") == ["10.0.0.2"]
    assert one.find("a", "web.other") is None


def test_an_alias_of_several_gives_all_addresses() -> None:
    one = zone(
        member("a", "n", "a", "svc", address="10.0.0.2"),
        member("b", "n", "b", "svc", address="10.0.0.3"),
    )
    assert sorted(one.find("a", "svc") or ()) == ["10.0.0.2", "10.0.0.3"]
    one.drop("b")
    assert one.find("a", "svc") == ["10.0.0.2"]


def test_reverse_gives_name_and_network() -> None:
    one = zone(member("a", "n", "web", "alias", address="10.0.0.2"))
    assert one.reverse("a", "10.0.0.2") == "web.n-name"


def test_links_are_private() -> None:
    one = zone(
        member("a", "n", "db", address="10.0.0.2"),
        member("b", "n", "web", address="10.0.0.3", links=(("store", "db"),)),
    )
    assert one.find("b", "store") == ["10.0.0.2"]
    assert one.find("a", "store") is None


def test_what_is_put_again_replaces() -> None:
    one = zone(member("a", "n", "old", address="10.0.0.2"))
    one.put(member("a", "n", "new", address="10.0.0.9"))
    assert one.find("a", "old") is None
    assert one.reverse("a", "10.0.0.2") is None
    assert one.find("a", "new") == ["10.0.0.9"]
    one.drop("a")
    one.drop("a")
    assert "a" not in one


def test_an_address_that_was_taken_over_stays() -> None:
    one = zone(member("a", "n", "a", address="10.0.0.2"))
    one.put(member("b", "n", "b", address="10.0.0.2"))
    one.drop("a")
    assert one.reverse("b", "10.0.0.2") == "b.n-name"


def test_the_control_sockets_form() -> None:
    found = subscriber(
        {
            "token": "t",
            "netns": "/run/x",
            "memberships": [
                {
                    "network_id": "n",
                    "network": "net",
                    "names": ["a"],
                    "addresses": ["10.0.0.2"],
                    "links": [["x", "a"]],
                }
            ],
            "servers": [["1.1.1.1", False]],
            "forwards": True,
        }
    )
    assert found.memberships[0].links == (("x", "a"),)
    assert found.servers == (("1.1.1.1", False),)
