"""What may lie in the bin."""

from gorae.engine.binrules import HOUR_NS, MAX_ENTRIES, Rules
from gorae.store.space import Space
from gorae.store.tables.bin import BinRow

ROOMY = Space(1000, 500)
NOW = 1000 * HOUR_NS


def row(token: str, age_hours: float = 0, size: int | None = 0) -> BinRow:
    return BinRow(token, "b", "volume", token, token, "{}", size, int(NOW - age_hours * HOUR_NS))


def gone(rows: list[BinRow], space: Space = ROOMY, rules: Rules = Rules()) -> list[str]:
    return [one.token for one in rules.expired(rows, space, NOW)]


def test_a_day() -> None:
    assert gone([row("old", 24.1), row("new", 23.9)]) == ["old"]


def test_at_most_five_percent_the_oldest_goes_first() -> None:
    assert gone([row("a", 3, 30), row("b", 2, 20), row("c", 1, 20)]) == ["a"]
    assert gone([row("a", 3, 25), row("b", 2, 25)]) == []
    assert gone([row("huge", 1, 51)]) == ["huge"]


def test_what_is_not_measured_yet_counts_as_nothing() -> None:
    assert gone([row("a", 1, None), row("b", 1, 50)]) == []


def test_nothing_when_the_room_is_short() -> None:
    assert gone([row("a"), row("b")], Space(1000, 149)) == ["a", "b"]
    assert gone([row("a"), row("b")], Space(1000, 150)) == []


def test_so_many_entries() -> None:
    rows = [row(str(n), 1) for n in range(MAX_ENTRIES + 2)]
    assert gone(rows) == ["0", "1"]


def test_no_bin_at_all() -> None:
    assert gone([row("a")], rules=Rules(0)) == ["a"]
    assert not Rules(0).takes(ROOMY)


def test_a_prune_frees_at_once_below_twenty_percent() -> None:
    assert Rules().takes(Space(1000, 180))
    assert not Rules().takes_pruned(Space(1000, 180))
    assert Rules().takes_pruned(Space(1000, 200))
