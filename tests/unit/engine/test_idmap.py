"""Which ids a bind mount shows as which."""

import pytest

from gorae.engine import idmap
from gorae.engine.idmap import LAST, Ids, Map
from gorae.errors import InvalidArgument


def seen(extents: tuple[tuple[int, int, int], ...], disk: int) -> int | None:
    for first, inside, count in extents:
        if first <= disk < first + count:
            return inside + disk - first
    return None


@pytest.mark.parametrize(("one", "other"), [(1000, 0), (0, 1), (7, 8), (LAST - 1, 0), (5, 3)])
def test_two_ids_change_places_and_the_rest_stays(one: int, other: int) -> None:
    extents = idmap.swapped(one, other)
    assert seen(extents, one) == other
    assert seen(extents, other) == one
    assert all(
        seen(extents, rest) == rest
        for rest in (2, 999, 70000, LAST - 2)
        if rest not in (one, other)
    )
    assert sum(count for _, _, count in extents) == LAST


def test_equal_ids_need_no_map() -> None:
    assert idmap.plan("auto", Ids(5, 5), Ids(5, 5)) is None
    assert idmap.swapped(5, 5) == ((0, 0, LAST),)


def test_only_is_a_barrier() -> None:
    assert idmap.plan("only", Ids(1000, 100), Ids(0, 0)) == Map(((1000, 0, 1),), ((100, 0, 1),))


def test_a_range_is_taken_as_it_is() -> None:
    assert idmap.plan("1000:0:10", Ids(1, 1), Ids(0, 0)) == Map(((1000, 0, 10),), ((1000, 0, 10),))


@pytest.mark.parametrize(
    "wish", ["yes", "1:2", "1:2:0", "-1:0:1", "0:4294967295:1", "1:2:3:4", "²:0:1"]
)
def test_nonsense_is_refused(wish: str) -> None:
    with pytest.raises(InvalidArgument, match="wanted auto, only, none or HOST:CONTAINER:COUNT"):
        idmap.check(wish)


@pytest.mark.parametrize("source", ["/", "/etc", "/etc/ssl", "/usr/share", "/run/x", "/var/log"])
def test_the_systems_folders_are_never_mapped_by_default(source: str) -> None:
    assert not idmap.by_default(source, is_socket=False, private=True)


def test_other_folders_are() -> None:
    assert idmap.by_default("/home/me/src", is_socket=False, private=True)
    assert idmap.by_default("/etcetera", is_socket=False, private=True)
    assert not idmap.by_default("/home/me/s.sock", is_socket=True, private=True)
    assert not idmap.by_default("/home/me", is_socket=False, private=False)
