"""Layers unpacked: whiteouts, opaque directories, links, and names that want to lead out."""

import io
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gorae.errors import InvalidArgument
from gorae.oci.digest import digest_of
from gorae.store.archive.apply import Form, apply_layer, clean_name

pytestmark = pytest.mark.root

Made = tuple[str, bytes, dict[str, object]]


def file(name: str, content: bytes = b"x", **more: object) -> Made:
    return name, content, more


def directory(name: str, **more: object) -> Made:
    return name, b"", {"type": tarfile.DIRTYPE, "mode": 0o755, **more}


def link(name: str, target: str) -> Made:
    return name, b"", {"type": tarfile.SYMTYPE, "linkname": target}


def hard(name: str, target: str) -> Made:
    return name, b"", {"type": tarfile.LNKTYPE, "linkname": target}


def tar(*members: Made) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, content, more in members:
            info = tarfile.TarInfo(name)
            for key, value in more.items():
                setattr(info, key, value)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    one = tmp_path / "root"
    one.mkdir()
    return one


def unpack(
    root: Path, *members: Made, form: Form = Form.OVERLAY, lowers: tuple[Path, ...] = ()
) -> None:
    data = tar(*members)
    assert apply_layer(io.BytesIO(data), root, form=form, lowers=lowers) == digest_of(data)


def tree(root: Path) -> dict[str, str]:
    """Path -> kind, or content of a file."""
    found = {}
    for one in sorted(root.rglob("*")):
        info = one.lstat()
        name = str(one.relative_to(root))
        if stat.S_ISREG(info.st_mode):
            found[name] = one.read_text()
        elif stat.S_ISCHR(info.st_mode) and not info.st_rdev:
            found[name] = "whiteout"
        elif stat.S_ISLNK(info.st_mode):
            found[name] = f"-> {os.readlink(one)}"
        else:
            found[name] = "directory" if stat.S_ISDIR(info.st_mode) else "other"
    return found


def opaque(path: Path) -> bool:
    return "trusted.overlay.opaque" in os.listxattr(path)


# metadata -------------------------------------------------------------------------------------------


def test_owners_modes_times_and_attributes(root: Path) -> None:
    pax = {"SCHILY.xattr.user.note": "hello"}
    unpack(
        root,
        directory("d", uid=3, gid=4, mode=0o2755, mtime=1000),
        file("d/f", b"abc", uid=5, gid=6, mode=0o4755, mtime=2000.5, pax_headers=pax),
        link("l", "d/f"),
        hard("h", "d/f"),
    )
    top, info = (root / "d").stat(), (root / "d" / "f").stat()
    assert (top.st_uid, top.st_gid, stat.S_IMODE(top.st_mode), top.st_mtime) == (3, 4, 0o2755, 1000)
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (5, 6, 0o4755)
    assert info.st_mtime_ns == 2_000_500_000_000 and info.st_nlink == 2
    assert os.getxattr(root / "d" / "f", "user.note") == b"hello"
    assert os.readlink(root / "l") == "d/f"


def test_what_overlayfs_keeps_for_itself_is_not_taken_from_a_stranger(root: Path) -> None:
    pax = {"SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.overlay.x": "y"}
    unpack(root, directory("d", pax_headers=pax))
    assert os.listxattr(root / "d") == []


def test_devices_and_fifos(root: Path) -> None:
    unpack(
        root,
        ("null", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3, "mode": 0o666}),
        ("pipe", b"", {"type": tarfile.FIFOTYPE}),
    )
    info = (root / "null").stat()
    assert stat.S_ISCHR(info.st_mode) and info.st_rdev == os.makedev(1, 3)
    assert stat.S_ISFIFO((root / "pipe").stat().st_mode)


def test_the_later_member_of_a_name_wins(root: Path) -> None:
    unpack(root, file("a", b"1"), file("a", b"2"), directory("b"), file("b/x"), file("b", b"3"))
    assert tree(root) == {"a": "2", "b": "3"}


def test_missing_parents_are_made(root: Path) -> None:
    unpack(root, file("a/b/c"))
    assert tree(root) == {"a": "directory", "a/b": "directory", "a/b/c": "x"}


# whiteouts ------------------------------------------------------------------------------------------


def test_whiteouts_in_an_overlay(root: Path, tmp_path: Path) -> None:
    lower = tmp_path / "lower"
    (lower / "d").mkdir(parents=True)
    (lower / "d" / "old").write_text("1")
    (lower / "gone").write_text("1")
    unpack(
        root,
        file(".wh.gone", b""),
        file("d/.wh..wh..opq", b""),
        file("d/new", b"2"),
        lowers=(lower,),
    )
    assert tree(root) == {"gone": "whiteout", "d": "directory", "d/new": "2"}
    assert opaque(root / "d")


def test_whiteouts_in_a_copy(root: Path) -> None:
    unpack(root, directory("d"), file("d/old"), file("gone"), file("kept"), form=Form.COPY)
    unpack(
        root,
        file("d/new", b"2"),
        file("d/.wh..wh..opq", b""),  # what its own layer has stays, wherever the marker stands
        file(".wh.gone", b""),
        form=Form.COPY,
    )
    assert tree(root) == {"d": "directory", "d/new": "2", "kept": "x"}


def test_whiteouts_are_plain_files_in_a_plain_directory(root: Path) -> None:
    unpack(root, file(".wh.a"), form=Form.PLAIN)
    assert tree(root) == {".wh.a": "x"}


@pytest.mark.parametrize("name", [".wh.", ".wh..", "d/.wh..."])
def test_a_whiteout_of_no_name_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid whiteout"):
        unpack(root, file(name))


def test_an_opaque_root_hides_each_name(root: Path, tmp_path: Path) -> None:
    lower = tmp_path / "lower"
    lower.mkdir()
    for name in ("a", "b"):
        (lower / name).write_text("1")
    unpack(root, file("b", b"2"), file(".wh..wh..opq", b""), lowers=(lower,))
    assert tree(root) == {"a": "whiteout", "b": "2"}


def test_a_directory_over_a_whiteout_is_opaque(root: Path, tmp_path: Path) -> None:
    lower = tmp_path / "lower"
    (lower / "d").mkdir(parents=True)
    (lower / "d" / "old").write_text("1")
    unpack(root, file(".wh.d", b""), directory("d"), lowers=(lower,))
    assert tree(root) == {"d": "directory"} and opaque(root / "d")


# names that lead out --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x", "./../x", "/../x"])
def test_names_that_climb_out_are_refused(root: Path, name: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid entry name"):
        unpack(root, file(name))
    assert tree(root.parent) == {"root": "directory"}


def test_absolute_names_are_below_the_root(root: Path) -> None:
    unpack(root, file("/etc/passwd", b"mine"), file("//x"), file("./y"))
    assert tree(root) == {"etc": "directory", "etc/passwd": "mine", "x": "x", "y": "x"}


@pytest.mark.parametrize("target", ["/", "/outside", "../outside", "../../../../../../outside"])
def test_links_are_followed_below_the_root_only(root: Path, target: str) -> None:
    (root.parent / "outside").mkdir()
    unpack(root, directory("outside"), link("way", target), file("way/f"))
    assert os.listdir(root.parent / "outside") == []
    assert tree(root)["f" if target == "/" else "outside/f"] == "x"


def test_a_link_is_replaced_and_not_written_through(root: Path) -> None:
    victim = root.parent / "victim"
    victim.write_text("mine")
    unpack(root, link("f", str(victim)), file("f", b"theirs"))
    assert victim.read_text() == "mine"
    assert tree(root) == {"f": "theirs"}


@pytest.mark.parametrize("target", ["../victim", "/../victim", "a/../../victim"])
def test_hard_links_out_are_refused(root: Path, target: str) -> None:
    (root.parent / "victim").write_text("mine")
    with pytest.raises(InvalidArgument):
        unpack(root, hard("h", target))
    assert (root.parent / "victim").stat().st_nlink == 1


def test_a_hard_link_through_a_link_stays_inside(root: Path) -> None:
    victim = root.parent / "victim"
    victim.mkdir()
    (victim / "f").write_text("mine")
    with pytest.raises(InvalidArgument):
        unpack(root, link("way", str(victim)), hard("h", "way/f"))
    assert (victim / "f").stat().st_nlink == 1


def test_a_parent_that_is_a_file_is_refused(root: Path) -> None:
    with pytest.raises(InvalidArgument, match="not a directory"):
        unpack(root, file("a"), file("a/b"))


def test_links_in_a_circle_are_refused(root: Path) -> None:
    with pytest.raises(InvalidArgument):
        unpack(root, link("a", "b"), link("b", "a"), file("a/x"))


@pytest.mark.parametrize(
    ("name", "clean"), [("./a//b/", "a/b"), ("a/../b", "b"), ("/", ""), (".", ""), ("a/.", "a")]
)
def test_clean_names(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_descriptors_are_given_back(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    makers: list[Callable[[], object]] = [
        lambda: unpack(root, *(file(f"d{n}/e/f") for n in range(300))),
        lambda: unpack(root, file("ok"), file("../x")),
    ]
    for make in makers:
        try:
            make()
        except InvalidArgument:
            pass
    assert len(os.listdir("/proc/self/fd")) == before
