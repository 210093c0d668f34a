"""Layers packed from a directory: the same bytes always, and they unpack to what they were made of."""

import io
import os
import tarfile

import pytest

from gorae.store.archive.apply import Form, apply_layer
from gorae.store.archive.pack import pack_layer


def packed(path):
    pieces = []
    return pack_layer(path, pieces.append), b"".join(pieces)


def fill(top, order):
    (top / "d").mkdir()
    for name in order:
        (top / "d" / name).write_text(name * 3)
        os.utime(top / "d" / name, ns=(1, 1_700_000_000_123_456_789))
    os.link(top / "d" / "b", top / "z")
    (top / "l").symlink_to("../x")
    os.chmod(top / "d", 0o711)
    for name in ("d", "l", "."):
        os.utime(top / name, ns=(1, 1_700_000_001_000_000_000), follow_symlinks=False)


def test_the_same_files_give_the_same_bytes(tmp_path):
    found = []
    for number, order in enumerate(("abc", "cab")):
        top = tmp_path / str(number)
        top.mkdir()
        fill(top, order)
        found.append(packed(top))
    assert found[0] == found[1]


def test_names_order_and_seconds(tmp_path):
    fill(tmp_path, "ba")
    told, data = packed(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
    assert [one.name for one in members] == ["d", "d/a", "d/b", "l", "z"]
    assert members[0].mode == 0o711 and members[0].isdir()
    assert members[1].mtime == 1_700_000_000
    assert members[4].islnk() and members[4].linkname == "d/b"
    assert told.size_bytes == len(data) and told.content_bytes == 6 and told.inodes == 4


def test_round_trip(tmp_path):
    source, target = tmp_path / "s", tmp_path / "t"
    source.mkdir()
    target.mkdir()
    fill(source, "abc")
    told, data = packed(source)
    if os.getuid() == 0:
        assert apply_layer(io.BytesIO(data), target, form=Form.PLAIN) == told.diff_id
        assert packed(target)[0] == told


@pytest.mark.skipif(os.getuid() != 0, reason="devices need root")
def test_whiteouts_do_not_tell_their_time(tmp_path):
    os.mknod(tmp_path / "gone", 0o020000, 0)
    first = packed(tmp_path)
    os.utime(tmp_path / "gone", ns=(5, 5))
    assert packed(tmp_path) == first
    with tarfile.open(fileobj=io.BytesIO(first[1])) as tar:
        assert tar.getnames() == [".wh.gone"]


def test_observer_sees_contents(tmp_path):
    (tmp_path / "f").write_text("hello")
    seen = []
    pack_layer(tmp_path, observe=lambda path, data: seen.append((path, data)))
    assert seen == [("f", b"hello")]
