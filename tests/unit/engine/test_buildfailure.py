"""Which kept failures make room for one more."""

from gorae.engine import buildfailure
from gorae.store.tables.failures import FailureRow


def row(name: str, project: str) -> FailureRow:
    return FailureRow(name, project, 0, 0, "", "")


def test_a_projects_own_goes_and_the_oldest_beyond_the_limit():
    known = [row(str(number), f"p{number}") for number in range(buildfailure.MAX_KEPT)]
    gone = buildfailure._superseded
    assert gone(known, "p3") == ["3"]
    assert gone(known, "new") == [str(buildfailure.MAX_KEPT - 1)]
    assert gone(known[:-1], "new") == []
