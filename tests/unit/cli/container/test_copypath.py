"""What a path of `cp` means."""

import pytest

from gorae.cli.container.copypath import Info, plan, renamed_by_link, split_argument, split_entry
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("c:/a", ("c", "/a")),
        ("/a:b", ("", "/a:b")),
        ("./a:b", ("", "./a:b")),
        ("a", ("", "a")),
        ("c:", ("c", "")),
        ("-", ("", "-")),
    ],
)
def test_which_end_is_the_container(text: str, wanted: tuple[str, str]) -> None:
    assert split_argument(text) == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/a/b", ("/a/", "b")),
        ("/a/b/", ("/a/", "b")),
        ("/a/.", ("/a/", ".")),
        ("/a", ("/", "a")),
        ("/", ("/", "")),
        ("a", ("", "a")),
    ],
)
def test_the_entry_of_a_path(path: str, wanted: tuple[str, str]) -> None:
    assert split_entry(path) == wanted


def there(path: str, *, is_dir: bool) -> Info:
    return Info(path, exists=True, is_dir=is_dir)


def missing(path: str) -> Info:
    return Info(path, exists=False, is_dir=False)


def test_where_a_copy_goes() -> None:
    file, folder = there("/s/f", is_dir=False), there("/s/d", is_dir=True)
    content = there("/s/d/.", is_dir=True)
    assert plan(file, there("/t", is_dir=True)) == ("/t", "f", "f")
    assert plan(file, there("/t/x", is_dir=False)) == ("/t/", "f", "x")
    assert plan(file, missing("/t/x")) == ("/t/", "f", "x")
    assert plan(folder, missing("/t/new")) == ("/t/", "d", "new")
    assert plan(content, missing("/t/new")) == ("/t/", ".", "new")
    assert plan(content, there("/t", is_dir=True)) == ("/t", ".", ".")


def test_what_cannot_be() -> None:
    with pytest.raises(InvalidArgument, match="cannot copy directory"):
        plan(there("/s/d", is_dir=True), there("/t/f", is_dir=False))
    with pytest.raises(InvalidArgument, match="no such directory"):
        plan(there("/s/f", is_dir=False), missing("/t/x/"))


def test_a_followed_link_keeps_its_name() -> None:
    assert renamed_by_link("/a/link", "/b/real") == ("/b/real", "link")
    assert renamed_by_link("/a/link/", "/b/link") == ("/b/link/", "")
    assert renamed_by_link("/a/link/.", "/b/real") == ("/b/real/.", "")
