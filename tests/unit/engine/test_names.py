import pytest

from gorae.engine import names
from gorae.errors import InvalidArgument, NotFound

IDS = {"ab12" + "0" * 60: 1, "ab34" + "0" * 60: 2, "cd56" + "0" * 60: 3}
BY_NAME = {"web": "cd56" + "0" * 60, "ab12": "ab34" + "0" * 60}


@pytest.mark.parametrize("good", ["ab", "/web", "a.b-c_d", "0x"])
def test_names_that_may_be(good: str) -> None:
    assert names.check_name(good) == good.removeprefix("/")


@pytest.mark.parametrize("bad", ["", "a", "-ab", "a b", "ä1", "a/b", "x" * 300])
def test_names_that_may_not(bad: str) -> None:
    with pytest.raises(InvalidArgument, match="Invalid container name"):
        names.check_name(bad)


def test_a_name_wins_over_a_prefix_and_a_full_id_over_both() -> None:
    assert names.resolve("ab12", BY_NAME, IDS, kind="container") == "ab34" + "0" * 60
    full = "ab12" + "0" * 60
    assert names.resolve(full, BY_NAME, IDS, kind="container") == full
    assert names.resolve("/web", BY_NAME, IDS, kind="container") == "cd56" + "0" * 60
    assert names.resolve("cd", BY_NAME, IDS, kind="container") == "cd56" + "0" * 60


def test_two_of_one_prefix_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="multiple IDs found with provided prefix: ab"):
        names.resolve("ab", {}, IDS, kind="container")


@pytest.mark.parametrize("missing", ["ef", "nosuch", "zz"])
def test_nothing_of_that_name(missing: str) -> None:
    with pytest.raises(NotFound, match=f"No such container: {missing}"):
        names.resolve(missing, BY_NAME, IDS, kind="container")


def test_a_made_name_is_free_and_valid() -> None:
    taken: dict[str, object] = {}
    for _ in range(50):
        name = names.make_name(lambda n: n - 1, taken)
        assert names.check_name(name) == name
        assert name not in taken
        taken[name] = None
        if len(taken) > 1:
            break
