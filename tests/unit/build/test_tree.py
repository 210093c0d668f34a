"""Sources found in a folder: patterns, links that stay inside, what a COPY takes and what names it."""

import os

import pytest

from gorae.build import selection
from gorae.build.folder import Folder, Known
from gorae.build.ignored import Ignored
from gorae.build.tree import clean, matches, resolve
from gorae.dockerfile import ignore
from gorae.errors import Conflict, InvalidArgument, NotFound


@pytest.fixture
def top(tmp_path):
    (tmp_path / "src/sub").mkdir(parents=True)
    for name in ("a.js", "b.js", "c.txt", "sub/d.js"):
        (tmp_path / "src" / name).write_text(name)
    (tmp_path / "link").symlink_to("src/sub")
    (tmp_path / "abs").symlink_to("/src/c.txt")
    (tmp_path / "out").symlink_to("../../../etc/passwd")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.fixture
def tree(top):
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    yield Folder(fd, as_root=True)
    os.close(fd)


@pytest.mark.parametrize(
    ("path", "found"),
    [("a/../../b", "b"), ("/x//y/.", "x/y"), ("..", ""), ("./", ""), ("a/b", "a/b")],
)
def test_clean(path, found):
    assert clean(path) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("src/*.js", ["src/a.js", "src/b.js"]),
        ("*/c.tx?", ["src/c.txt"]),
        ("l*/d.js", ["link/d.js"]),
        ("src/[ab].js", ["src/a.js", "src/b.js"]),
        ("src/[^a].js", ["src/b.js"]),
        ("src/\\*.js", []),
        ("none", ["none"]),
        ("none*", []),
    ],
)
def test_matches(tree, source, found):
    assert matches(tree, source) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("src/**/*.js", ["src/a.js", "src/b.js", "src/sub/d.js"]),
        ("**/d.js", ["src/sub/d.js"]),
        ("**/sub", ["src/sub"]),
        ("src/**/**/d.js", ["src/sub/d.js"]),
    ],
)
def test_two_stars_cross_folders_with_parents(tree, source, found):
    assert matches(tree, source, deep=True) == found


def test_a_source_that_is_ignored_names_the_line(tree):
    hidden = Ignored(tree, ignore.parse(b"# why\nsrc/*.js\n"))
    with pytest.raises(NotFound) as caught:
        selection.select(hidden, ["src/a.js"])
    assert caught.value.message == (
        '"/src/a.js": not found: .dockerignore:2 ("src/*.js") leaves it out'
    )
    with pytest.raises(NotFound) as caught:
        selection.select(hidden, ["src/none"])
    assert caught.value.message == '"/src/none": not found'


@pytest.mark.parametrize("pattern", ["[", "[a", "a\\", "[]a]", "[-]"])
def test_malformed(tree, pattern):
    with pytest.raises(InvalidArgument, match="syntax error in pattern"):
        matches(tree, f"src/*{pattern}")


def test_links_stay_inside(tree):
    assert resolve(tree, "link/d.js").path == "src/sub/d.js"
    assert resolve(tree, "abs").path == "src/c.txt"
    assert resolve(tree, "out") is None
    with pytest.raises(InvalidArgument):
        resolve(tree, "loop")


def test_missing_source(tree):
    with pytest.raises(NotFound, match='"/src/nope": not found'):
        selection.select(tree, ["src/nope"])


def listed(top, sources, **options):
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        tree = Folder(fd, as_root=True)
        lines = selection.listing(tree, selection.select(tree, sources, **options))
        return selection.digest_of(lines), lines
    finally:
        os.close(fd)


def test_times_do_not_count_modes_and_contents_do(top):
    first = listed(top, ["src"])[0]
    os.utime(top / "src/a.js", ns=(1, 1))
    assert listed(top, ["src"])[0] == first
    os.chmod(top / "src/a.js", 0o755)
    second = listed(top, ["src"])[0]
    assert second != first
    (top / "src/a.js").write_text("A.JS")
    assert listed(top, ["src"])[0] not in (first, second)


def test_listing_is_kept_by_path(top):
    _, lines = listed(top, ["src"])
    kept = selection.unpacked(selection.packed(lines))
    assert set(kept) == {"src/a.js", "src/b.js", "src/c.txt", "src/sub", "src/sub/d.js"}


def test_excluded(top):
    _, lines = listed(top, ["src"], excluded=lambda path, is_dir: path.endswith(".js"))
    assert {line.split("\0")[0] for line in lines} == {"src/c.txt", "src/sub"}


def test_unchanged_files_are_not_read_again(top):
    for path in top.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, ns=(1, 1))
    known = Known()
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    import time

    time.sleep(0.06)  # the files are fresh: a stamp of this instant would prove nothing
    for _ in range(3):
        tree = Folder(fd, known)
        selection.listing(tree, selection.select(tree, ["src"]))
    os.close(fd)
    assert known.read == 4


def test_fresh_files_are_not_trusted(top):
    known = Known()
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    (top / "src/a.js").write_text("new")
    tree = Folder(fd, known)
    selection.listing(tree, selection.select(tree, ["src/a.js"]))
    os.close(fd)
    assert known.files == {}


def test_a_file_that_vanishes(top, tree):
    taken = selection.select(tree, ["src"])
    (top / "src/a.js").unlink()
    with pytest.raises(Conflict, match="vanished"):
        selection.listing(tree, taken)
