"""How much of an image is its own."""

from gorae.engine.layershares import Layer, own_bytes, shares

LAYERS = {
    "base": Layer("", 100),
    "a": Layer("base", 10),
    "b": Layer("base", 20),
    "b2": Layer("b", 5),
    "alone": Layer("", 7),
}


def test_shared_and_total() -> None:
    found = shares({"A": "a", "B": "b2", "C": "alone", "empty": ""}, LAYERS)
    assert found.total_bytes == 142
    assert found.shared_bytes == {"A": 100, "B": 100, "C": 0, "empty": 0}


def test_two_names_of_one_stack_share_it_all() -> None:
    assert shares({"A": "a", "B": "a"}, LAYERS).shared_bytes == {"A": 110, "B": 110}


def test_what_goes_when_images_go() -> None:
    assert own_bytes(["a"], ["b2"], LAYERS) == 10
    assert own_bytes(["a", "b2"], [], LAYERS) == 135
    assert own_bytes(["a"], ["a"], LAYERS) == 0
