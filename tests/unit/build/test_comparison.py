"""Where two trees differ."""

import os
from contextlib import ExitStack

import pytest

from gorae.build.comparison import Pair
from gorae.build.folder import Folder


@pytest.fixture
def trees(tmp_path):
    """Two folders that are alike."""
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub/file").write_bytes(b"x" * 3_000_000)
        (tmp_path / name / "link").symlink_to("sub")
    alike(tmp_path)
    return tmp_path


def alike(top):
    for name in ("one", "two"):
        for folder, _, files in os.walk(top / name):
            for one in [folder, *(os.path.join(folder, file) for file in files)]:
                os.utime(one, (1, 1), follow_symlinks=False)
        os.utime(top / name / "link", (1, 1), follow_symlinks=False)


def differences(top):
    with ExitStack() as stack:
        fds = [os.open(top / name, os.O_RDONLY | os.O_DIRECTORY) for name in ("one", "two")]
        for fd in fds:
            stack.callback(os.close, fd)
        return list(Pair(Folder(fds[0]), Folder(fds[1])).differences())


def test_alike(trees):
    assert differences(trees) == []


def test_content_tells_the_first_byte(trees):
    with open(trees / "two/sub/file", "r+b") as file:
        file.seek(2_500_001)
        file.write(b"y")
    alike(trees)
    ((path, attribute, first, second),) = differences(trees)
    assert (path, attribute) == ("sub/file", "content")
    assert first.endswith("3000000 bytes, from byte 2500001 on") and first != second


def test_a_longer_file_differs_where_the_other_ends(trees):
    with open(trees / "two/sub/file", "ab") as file:
        file.write(b"more")
    alike(trees)
    ((_, _, first, second),) = differences(trees)
    assert "3000000 bytes, from byte 3000000 on" in first and "3000004 bytes" in second


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda top: os.chmod(top / "sub/file", 0o600), ("sub/file", "mode", "0644", "0600")),
        (lambda top: os.chmod(top / "sub", 0o700), ("sub", "mode", "0755", "0700")),
        (
            lambda top: (os.unlink(top / "link"), (top / "link").symlink_to("else")),
            ("link", "link", "sub", "else"),
        ),
        (
            lambda top: (os.unlink(top / "link"), (top / "link").write_text("")),
            ("link", "kind", "link", "file"),
        ),
        (
            lambda top: (top / "new").write_text(""),
            ("new", "missing", "not there", "there"),
        ),
    ],
)
def test_one_attribute(trees, change, found):
    os.chmod(trees / "one/sub/file", 0o644)
    os.chmod(trees / "two/sub/file", 0o644)
    change(trees / "two")
    alike(trees)
    assert differences(trees) == [found]


def test_times(trees):
    os.utime(trees / "two/sub/file", (5, 5))
    assert differences(trees) == [("sub/file", "time", "1", "5")]
