"""Our reading of archives and tarfile's are the same; what is corrupt gives one kind of error."""

import io
import random
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.oci.digest import digest_of
from gorae.oci.tar import header
from gorae.oci.tar.header import Entry
from gorae.oci.tar.reader import ForwardReader, members

FORMATS = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]
TYPES = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]

names = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=300
).map(lambda text: text.strip("/") or "x")
ids = st.integers(0, 2**31 - 1)
members_of = st.builds(
    lambda name, kind, link, mode, uid, gid, mtime, data: (name, kind, link, mode, uid, gid, mtime, data),
    names, st.sampled_from(TYPES), names, st.integers(0, 0o7777), ids, ids,
    st.integers(0, 2**33), st.binary(max_size=2000),
)  # fmt: skip


def made(found: list[tuple], kind: int) -> bytes:  # type: ignore[type-arg]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
        for name, type_, link, mode, uid, gid, mtime, data in found:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.uid, info.gid, info.mtime = type_, mode, uid, gid, mtime
            if type_ in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = link
            info.size = len(data) if type_ == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    stream = ForwardReader(io.BytesIO(data))
    found = [(one, stream.read(one.size if one.isreg() else 0)) for one in members(stream)]
    assert stream.finish() == digest_of(data)
    return found


@settings(max_examples=100, deadline=None)
@given(st.lists(members_of, max_size=5), st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
def test_what_tarfile_writes_is_read(found: list, kind: int) -> None:  # type: ignore[type-arg]
    data = made(found, kind)
    for (name, type_, link, mode, uid, gid, mtime, content), (entry, got) in zip(
        found, read(data), strict=True
    ):
        assert (entry.name.rstrip("/"), entry.type) == (name.rstrip("/"), type_)
        assert (entry.mode, entry.uid, entry.gid) == (mode, uid, gid)
        assert entry.mtime_ns == mtime * 1_000_000_000
        if type_ in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            assert entry.linkname == link
        assert got == (content if type_ == tarfile.REGTYPE else b"")


entries = st.builds(
    Entry,
    name=names,
    type=st.sampled_from([header.REGULAR, header.DIRECTORY, header.SYMLINK, header.HARD_LINK]),
    mode=st.integers(0, 0o7777),
    uid=ids,
    gid=ids,
    mtime_ns=st.integers(-(2**40), 2**62),
    linkname=names,
    xattrs=st.dictionaries(
        st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20),
        st.binary(max_size=50),
        max_size=3,
    ),
)


@settings(max_examples=100, deadline=None)
@given(entries, st.binary(max_size=1000))
def test_what_we_write_is_read_by_both(entry: Entry, data: bytes) -> None:
    if entry.type != header.REGULAR:
        data = b""
    entry.size = entry.real_size = len(data)
    raw = header.format_entry(entry) + data + bytes(-len(data) % 512) + bytes(1024)
    ((back, got),) = read(raw)
    entry.real_size = back.real_size
    assert (back, got) == (entry, data)
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        (theirs,) = tar.getmembers()
        assert theirs.name.rstrip("/") == entry.name.rstrip("/")
        assert (theirs.mode, theirs.uid, theirs.gid) == (entry.mode, entry.uid, entry.gid)
    assert header.format_entry(entry) == header.format_entry(entry)


@settings(max_examples=60, deadline=None)
@given(st.lists(members_of, min_size=1, max_size=3), st.data())
def test_a_truncated_archive_is_said_to_be_so(found: list, more: st.DataObject) -> None:  # type: ignore[type-arg]
    data = made(found, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        theirs = tar.getmembers()
    ends = [one.offset_data + (one.size if one.isreg() else 0) for one in theirs]
    cut = more.draw(st.integers(1, ends[-1] - 1))
    if any(end <= cut <= end + -end % 512 for end in ends):
        return  # a shorter archive, not a broken one; some writers leave the last padding out
    with pytest.raises(InvalidArgument):
        read_all(data[:cut])


def read_all(data: bytes) -> int:
    stream = ForwardReader(io.BytesIO(data))
    return sum(1 for _ in members(stream))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_noise_is_an_archive_or_one_kind_of_error(data: bytes) -> None:
    try:
        read_all(data)
    except InvalidArgument:
        return


@settings(max_examples=100, deadline=None)
@given(st.lists(members_of, min_size=1, max_size=3), st.integers(0, 2**31))
def test_a_damaged_archive_is_read_or_refused(found: list, seed: int) -> None:  # type: ignore[type-arg]
    data = bytearray(made(found, tarfile.PAX_FORMAT))
    luck = random.Random(seed)
    for _ in range(luck.randrange(1, 6)):
        data[luck.randrange(len(data))] = luck.randrange(256)
    try:
        read_all(bytes(data))
    except InvalidArgument:
        return


class Dripping:
    """Gives as many bytes at a time as it likes."""

    def __init__(self, data: bytes, sizes: Iterator[int]) -> None:
        self._file, self._sizes = io.BytesIO(data), sizes

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, next(self._sizes)))


def test_whole_or_byte_by_byte_is_the_same() -> None:
    found = [("d/" + "n" * 150, tarfile.REGTYPE, "", 0o644, 1, 2, 3, b"x" * 700)] * 3
    data = made(found, tarfile.PAX_FORMAT)
    luck = random.Random(1)
    stream = ForwardReader(Dripping(data, iter(lambda: luck.randrange(1, 40), 0)))
    dripped = [(one, stream.read(one.size)) for one in members(stream)]
    assert dripped == read(data)
    assert stream.finish() == digest_of(data)


# odd archives ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
@pytest.mark.parametrize("kind", ["pax", "gnu"])
def test_sparse_files_of_gnu_tar(tmp_path: Path, kind: str, version: str) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        for number in range(40):  # more pieces than the old header has room for
            file.seek(number * 100_000)
            file.write(b"piece %d" % number)
        file.truncate(5_000_000)
    argv = ["tar", "-C", str(tmp_path), f"--format={kind}", "-S", "-cf", "-", "sparse"]
    if kind == "pax":
        argv.insert(1, f"--sparse-version={version}")
    done = subprocess.run(argv, capture_output=True, check=True)
    stream = ForwardReader(io.BytesIO(done.stdout))
    (entry,) = list(_with_data(stream))
    assert entry[0].name == "sparse"
    assert entry[0].real_size == 5_000_000
    assert entry[1] == sparse.read_bytes()


def _with_data(stream: ForwardReader) -> Iterator[tuple[Entry, bytes]]:
    for entry in members(stream):
        content = bytearray(entry.real_size)
        for offset, length in entry.sparse or ():
            content[offset : offset + length] = stream.read(length)
        yield entry, bytes(content)


@pytest.mark.parametrize("kind", FORMATS)
def test_long_names_and_links(kind: int) -> None:
    name = "/".join(["d" * 90] * 2) if kind == tarfile.USTAR_FORMAT else "/".join(["d" * 120] * 3)
    link = "l" * 99 if kind == tarfile.USTAR_FORMAT else "l" * 400
    data = made([(name, tarfile.SYMTYPE, link, 0o777, 0, 0, 0, b"")], kind)
    ((entry, _),) = read(data)
    assert (entry.name, entry.linkname) == (name, link)


def test_bytes_that_are_no_text_survive() -> None:
    entry = Entry(header.decode(b"t\xe9"), header.REGULAR)
    ((back, _),) = read(header.format_entry(entry) + bytes(1024))
    assert header.encode(back.name) == b"t\xe9"


@pytest.mark.parametrize(
    "record",
    [
        b"99 path=x\n",
        b"0 =\n",
        b"11 path=x",
        b"x path=y\n",
        b"12 size=abc\n",
        b"9 uid=-1\n",
    ],
)
def test_bad_pax_records_are_refused(record: bytes) -> None:
    pax = Entry("p", header.PAX, size=len(record))
    data = header.format_entry(pax) + record + bytes(-len(record) % 512)
    data += header.format_entry(Entry("x")) + bytes(1024)
    with pytest.raises(InvalidArgument):
        read(data)


def test_what_is_larger_than_all_measure_is_refused() -> None:
    for more in ({"size": 1 << 60}, {"uid": 1 << 40}, {"mtime_ns": 10**30}):
        entry = Entry("x")
        for key, value in more.items():
            setattr(entry, key, value)
        with pytest.raises(InvalidArgument):
            read(header.format_entry(entry) + bytes(1024))
