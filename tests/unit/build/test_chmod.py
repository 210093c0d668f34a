"""--chmod in both forms."""

import pytest

from gorae.build.chmod import Change
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "before", "is_dir", "after"),
    [
        ("755", 0o644, False, 0o755),
        ("4755", 0o644, False, 0o4755),
        ("u+x", 0o644, False, 0o744),
        ("a+X", 0o644, False, 0o644),
        ("a+X", 0o744, False, 0o755),
        ("a+X", 0o700, True, 0o711),
        ("go=u", 0o640, False, 0o666),
        ("u=rwX,go=rX", 0o600, True, 0o755),
        ("u=rwX,go=rX", 0o600, False, 0o644),
        ("-w", 0o666, False, 0o444),
        ("+t", 0o755, True, 0o1755),
        ("u+s", 0o755, False, 0o4755),
        ("g-rwx,o=", 0o777, False, 0o700),
        ("o=g-x", 0o750, False, 0o754),
    ],
)
def test_apply(text, before, is_dir, after):
    assert oct(Change.parse(text).apply(before, is_dir=is_dir)) == oct(after)


@pytest.mark.parametrize("text", ["", "9", "77777", "u+q", "x", "u", ","])
def test_refused(text):
    with pytest.raises(InvalidArgument):
        Change.parse(text)
