"""Which mount a path lies on, and whether it propagates."""

import pytest

from gorae.errors import InvalidArgument
from gorae.runtime.propagation import check_one, covering, parse

TABLE = parse(
    "25 1 8:1 / / rw,relatime - ext4 /dev/sda rw\n"
    "26 25 8:2 / /data rw shared:5 - ext4 /dev/sdb rw\n"
    "27 26 8:3 / /data/with\\040space rw master:5 - ext4 /dev/sdc rw\n"
)


def test_covering() -> None:
    assert covering("/data/x", TABLE).target == "/data"
    assert covering("/database", TABLE).target == "/"
    assert covering("/data/with space", TABLE).slave


def test_check() -> None:
    check_one("/data/x", "rshared", TABLE)
    check_one("/data/x", "slave", TABLE)
    check_one("/data/with space/x", "rslave", TABLE)
    with pytest.raises(InvalidArgument) as caught:
        check_one("/tmp", "shared", TABLE)
    assert str(caught.value) == "path /tmp is mounted on / but it is not a shared mount"
    with pytest.raises(InvalidArgument, match="but it is not a shared or slave mount"):
        check_one("/tmp", "rslave", TABLE)
    with pytest.raises(InvalidArgument, match="but it is not a shared mount"):
        check_one("/data/with space", "shared", TABLE)
