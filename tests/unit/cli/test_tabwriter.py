"""Columns as docker prints them."""

from hypothesis import given
from hypothesis import strategies as st

from gorae.cli.tabwriter import align


def test_a_column_is_as_wide_as_its_widest_cell_and_three_more() -> None:
    assert align("A\tB\naaaaaaaaaa\tb") == "A            B\naaaaaaaaaa   b"


def test_a_column_is_ten_wide_at_least() -> None:
    assert align("ID\tNAME") == "ID        NAME"


def test_the_last_cell_of_a_line_belongs_to_no_column() -> None:
    assert align("a\tb\nvery long line without a tab\nc\td") == (
        "a         b\nvery long line without a tab\nc         d"
    )


def test_a_line_without_the_column_ends_its_block() -> None:
    assert align("a\tb\tc\nx\ty") == "a         b         c\nx         y"


@given(
    st.lists(st.lists(st.text("ab ", max_size=14), min_size=1, max_size=4), min_size=1, max_size=6)
)
def test_cells_stay_what_they_are(rows: list[list[str]]) -> None:
    lines = align("\n".join("\t".join(row) for row in rows)).split("\n")
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert "\t" not in line
        assert line.endswith(row[-1])
        assert [*"".join(line.split())] == [*"".join("".join(row).split())]
