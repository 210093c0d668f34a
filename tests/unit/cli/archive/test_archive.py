"""Local files as a tar and back; what a hostile archive cannot do."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from gorae.cli.archive.pack import pieces
from gorae.cli.archive.unpack import unpack
from gorae.errors import InvalidArgument


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "src"
    (top / "sub").mkdir(parents=True)
    (top / "a").write_bytes(b"one" * 1000)
    os.link(top / "a", top / "hard")
    (top / "l").symlink_to("a")
    (top / "sub" / "empty").touch()
    (top / "sub").chmod(0o750)
    os.utime(top / "sub", (1, 1_000_000_000))
    return top


def test_there_and_back(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    unpack(pieces(str(tree), "src"), str(out), "src", "new")
    assert (out / "new" / "a").read_bytes() == b"one" * 1000
    assert (out / "new" / "hard").stat().st_ino == (out / "new" / "a").stat().st_ino
    assert os.readlink(out / "new" / "l") == "a"
    assert (out / "new" / "sub").stat().st_mode & 0o777 == 0o750
    assert (out / "new" / "sub").stat().st_mtime == 1_000_000_000


def test_other_programs_read_it(tree: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces(str(tree), ".")))) as archive:
        assert archive.getnames() == [".", "./a", "./hard", "./l", "./sub", "./sub/empty"]


def hostile(*members: tuple[str, bytes, str]) -> list[bytes]:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            if kind == tarfile.REGTYPE:
                info.size = 3
            archive.addfile(info, io.BytesIO(b"bad"))
    return [data.getvalue()]


@pytest.mark.parametrize(
    "members",
    [
        [("link", tarfile.SYMTYPE, "../secret"), ("link/f", tarfile.REGTYPE, "")],
        [("../secret/f", tarfile.REGTYPE, "")],
        [("a/../../secret/f", tarfile.REGTYPE, "")],
        [("hard", tarfile.LNKTYPE, "../secret/kept"), ("hard", tarfile.REGTYPE, "")],
        [("link", tarfile.SYMTYPE, "/"), ("hard", tarfile.LNKTYPE, "link/etc/passwd")],
    ],
)
def test_nothing_leads_out(members: list[tuple[str, bytes, str]], tmp_path: Path) -> None:
    secret, out = tmp_path / "secret", tmp_path / "out"
    secret.mkdir()
    out.mkdir()
    (secret / "kept").write_text("mine")
    with pytest.raises(InvalidArgument):
        unpack(hostile(*members), str(out))
    assert os.listdir(secret) == ["kept"]
    assert (secret / "kept").read_text() == "mine"


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    out, secret = tmp_path / "out", tmp_path / "secret"
    out.mkdir()
    secret.write_text("mine")
    (out / "f").symlink_to(secret)
    unpack(hostile(("f", tarfile.REGTYPE, "")), str(out))
    assert (out / "f").read_text() == "bad"
    assert secret.read_text() == "mine"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(InvalidArgument, match='cannot overwrite directory "f" with non-directory'):
        unpack(hostile(("f", tarfile.REGTYPE, "")), str(tmp_path))


def test_a_whole_root_goes_where_it_was_asked_to(tmp_path: Path) -> None:
    whole = hostile(("/", tarfile.DIRTYPE, ""), ("/etc/f", tarfile.REGTYPE, ""))
    unpack(whole, str(tmp_path), "/", "out")
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out" / "etc" / "f").read_text() == "bad"
