"""What of the bin is meant."""

import pytest

from gorae.engine.bin import chosen
from gorae.errors import Conflict, InvalidArgument, NotFound
from gorae.store.tables.bin import BinRow


def row(token: str, kind: str, key: str, name: str, batch: str) -> BinRow:
    return BinRow(token, batch, kind, key, name, "{}", 0, 0)


ROWS = [
    row("t1", "container", "aaaa1111", "web", "1"),
    row("t2", "volume", "data", "data", "2"),
    row("t3", "volume", "web", "web", "3"),
    row("t4", "volume", "more", "more", "3"),
]


def tokens(asked: str) -> list[str]:
    return [one.token for one in chosen(ROWS, asked)]


def test_without_a_word_what_the_last_command_took() -> None:
    assert tokens("") == ["t3", "t4"]


def test_by_name_id_and_token() -> None:
    assert tokens("data") == ["t2"]
    assert tokens("aaaa") == ["t1"]
    assert tokens("t4") == ["t4"]


def test_two_things_of_one_name_are_told_apart() -> None:
    with pytest.raises(InvalidArgument, match=r"t1 \(container\), t3 \(volume\)"):
        tokens("web")


def test_nothing_there() -> None:
    with pytest.raises(NotFound, match="not in the bin"):
        tokens("nosuch")
    with pytest.raises(Conflict, match="the bin is empty"):
        chosen([], "")
