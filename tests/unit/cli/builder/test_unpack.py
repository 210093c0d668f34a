import io
import os
import tarfile
from pathlib import Path

import pytest

from gorae.cli.builder.unpack import unpack
from gorae.errors import InvalidArgument


def tar(*members: tuple[str, bytes, str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, link, data in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size, info.mode, info.mtime = (
                kind,
                link,
                len(data),
                0o640,
                7,
            )
            archive.addfile(info, io.BytesIO(data))
    out.seek(0)
    return out


def test_files_folders_and_links(tmp_path: Path) -> None:
    stream = tar(
        ("a", tarfile.DIRTYPE, "", b""),
        ("a/f", tarfile.REGTYPE, "", b"text"),
        ("a/l", tarfile.SYMTYPE, "/etc/passwd", b""),
        ("h", tarfile.LNKTYPE, "a/f", b""),
    )
    unpack(stream, str(tmp_path / "out"))
    assert (tmp_path / "out/a/f").read_bytes() == b"text"
    assert os.readlink(tmp_path / "out/a/l") == "/etc/passwd"
    assert (tmp_path / "out/h").stat().st_nlink == 2
    assert (tmp_path / "out/a/f").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["../x", "a/../../x"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidArgument):
        unpack(tar((name, tarfile.REGTYPE, "", b"")), str(tmp_path / "out"))
    assert not (tmp_path / "x").exists()


def test_links_of_the_archive_are_not_followed(tmp_path: Path) -> None:
    stream = tar(("l", tarfile.SYMTYPE, str(tmp_path), b""), ("l/x", tarfile.REGTYPE, "", b""))
    with pytest.raises(OSError):
        unpack(stream, str(tmp_path / "out"))
    assert not (tmp_path / "x").exists()


def test_a_later_member_replaces_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    stream = tar(
        ("l", tarfile.SYMTYPE, str(tmp_path / "victim"), b""), ("l", tarfile.REGTYPE, "", b"theirs")
    )
    unpack(stream, str(tmp_path / "out"))
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "out/l").read_bytes() == b"theirs"
