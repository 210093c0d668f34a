"""Which records a prune of the build cache takes."""

import pytest

from gorae.engine.buildcache import CacheRecord, Wanted, choose
from gorae.errors import InvalidArgument

HOUR = 3600 * 10**9


def record(number: int, **more) -> CacheRecord:
    values = {
        "description": f"step {number}",
        "size_bytes": 10,
        "last_used_ns": number * HOUR,
        **more,
    }
    return CacheRecord(f"id{number}", f"k{number}", "regular", created_ns=0, uses=1, **values)


RECORDS = [record(3), record(1), record(2, shared=True), record(4, in_use=True)]


def chosen(**wanted) -> list[str]:
    return [one.id for one in choose(RECORDS, Wanted(**wanted), now_ns=5 * HOUR)]


def test_what_is_shared_or_in_use_stays():
    assert chosen() == ["id1", "id3"]
    assert chosen(all=True) == ["id1", "id2", "id3"]


def test_limits():
    assert chosen(all=True, reserved_bytes=30) == ["id1"]
    assert chosen(all=True, max_used_bytes=20) == ["id1", "id2"]
    assert chosen(all=True, max_used_bytes=100) == []
    assert chosen(all=True, min_free_bytes=15, free_bytes=0) == ["id1", "id2"]


def test_filters():
    assert chosen(all=True, filters={"until": ["3h"]}) == ["id1", "id2"]
    assert chosen(all=True, filters={"id": ["id3"]}) == ["id3"]
    assert chosen(all=True, filters={"description": ["2"]}) == ["id2"]
    with pytest.raises(InvalidArgument):
        chosen(filters={"nosuch": ["x"]})
