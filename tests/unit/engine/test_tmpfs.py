"""The options of a tmpfs."""

import pytest

from gorae.engine import tmpfs
from gorae.errors import InvalidArgument


def test_known_words_pass() -> None:
    tmpfs.check(("rw", "size=64k", "mode=1777", "exec", "nr_inodes=5"))


@pytest.mark.parametrize("option", ["nosuch", "size", "exec=1", ""])
def test_others_are_named(option: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid tmpfs option"):
        tmpfs.check((option,))
