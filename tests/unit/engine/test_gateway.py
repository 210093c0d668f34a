"""Which network leads out."""

from gorae.engine.gateway import Candidate, choose


def test_the_highest_priority_then_the_first_name() -> None:
    one, other = Candidate("1", "b"), Candidate("2", "a")
    assert choose([one, other]) == ("2", "")
    assert choose([Candidate("1", "b", 5), other]) == ("1", "")


def test_networks_without_a_gateway_do_not_count() -> None:
    inside = Candidate("1", "a", 9, gateway=False)
    assert choose([inside, Candidate("2", "b")]) == ("2", "")
    assert choose([inside]) == ("", "")
    assert choose([]) == ("", "")


def test_each_family_on_its_own() -> None:
    four = Candidate("1", "a")
    six = Candidate("2", "b", gateway=False, gateway6=True)
    assert choose([four, six]) == ("1", "2")
