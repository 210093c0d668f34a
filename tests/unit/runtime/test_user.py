"""Users and groups by name and number, from files of a root that nobody trusts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gorae.errors import InvalidArgument
from gorae.linux.fd import open_root
from gorae.runtime.config import User
from gorae.runtime.user import home, lookup, parse_group, parse_passwd

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
# a comment
broken
web:x:33:30:web:/var/www:/bin/false
1000:x:77:70:a name of digits:/seven:/bin/sh
far:x:99999999999:0::/:
short:x:5:6
"""
GROUP = """\
root:x:0:
wheel:x:10:root,web
www:x:30:
extra:x:40:web
broken:x
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text(PASSWD)
    (tmp_path / "etc" / "group").write_text(GROUP)
    with open_root(str(tmp_path)) as fd:
        yield fd


@pytest.mark.parametrize(
    ("wanted", "user"),
    [
        ("", User(0, 0, (0, 10))),
        ("web", User(33, 30, (30, 10, 40))),
        ("33", User(33, 30, (30, 10, 40))),
        ("web:extra", User(33, 40, (40,))),
        ("web:5", User(33, 5, (5,))),
        ("4242", User(4242, 0, (0,))),
        ("4242:www", User(4242, 30, (30,))),
        ("1000", User(77, 70, (70,))),
        (":www", User(0, 30, (30,))),
        ("short", User(5, 6, (6,))),
    ],
)
def test_lookup(root: int, wanted: str, user: User) -> None:
    assert lookup(root, wanted) == user


def test_groups_added(root: int) -> None:
    assert lookup(root, "web", ("www", "wheel", "99")) == User(33, 30, (30, 10, 40, 99))


@pytest.mark.parametrize(
    ("wanted", "more", "words"),
    [
        ("foo", (), "unable to find user foo: no matching entries in passwd file"),
        ("far", (), "unable to find user far: no matching entries in passwd file"),
        ("web:foo", (), "unable to find group foo: no matching entries in group file"),
        ("web", ("foo",), "unable to find group foo: no matching entries in group file"),
        ("2147483648", (), "uids and gids must be in range 0-2147483647"),
        ("-1", (), "uids and gids must be in range 0-2147483647"),
        ("0:2147483648", (), "uids and gids must be in range 0-2147483647"),
    ],
)
def test_refused_in_dockers_words(
    root: int, wanted: str, more: tuple[str, ...], words: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        lookup(root, wanted, more)
    assert str(caught.value) == words


def test_without_any_files(tmp_path: Path) -> None:
    with open_root(str(tmp_path)) as fd:
        assert lookup(fd, "12:34") == User(12, 34, (34,))
        with pytest.raises(InvalidArgument):
            lookup(fd, "root")


def test_home(root: int) -> None:
    assert home(root, 33) == "/var/www"
    assert home(root, 4242) == ""


def test_no_link_leads_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("root:x:77:77::/:\n")
    inside = tmp_path / "root"
    (inside / "etc").mkdir(parents=True)
    (inside / "etc" / "passwd").symlink_to(outside)
    (inside / "etc" / "group").symlink_to("../../outside")
    with open_root(str(inside)) as fd:
        assert lookup(fd, "0").uid == 0


def test_what_is_no_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    os.mkfifo(tmp_path / "etc" / "passwd")
    (tmp_path / "etc" / "group").mkdir()
    with open_root(str(tmp_path)) as fd:
        assert lookup(fd, "5") == User(5, 0, (0,))


def test_lines_that_are_none_are_passed_over() -> None:
    assert [one.name for one in parse_passwd(PASSWD)] == ["root", "web", "1000", "short"]
    assert [one.name for one in parse_group(GROUP)] == ["root", "wheel", "www", "extra"]
