"""The log: content, windows of time, the last lines, growth and rotation."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.runtime.logfile import (
    STDERR,
    STDOUT,
    Decoder,
    LogCursor,
    LogWindow,
    rotate,
    rotation,
    stamp,
)

BASE_NS = 1_767_323_045_000_000_000  # 2026-01-02T03:04:05Z
NAMES = {STDOUT: "stdout", STDERR: "stderr"}


def line(text: str, *, at: int = 0, stream: int = STDOUT, flag: str = "F") -> bytes:
    """A line of the file; `at` in ns after the base."""
    when = stamp(BASE_NS + at).decode()
    return f"{when}+00:00 {NAMES[stream]} {flag} {text}\n".encode()


def read(path: Path, **window: object) -> list[tuple[int, bytes]]:
    """All of it, consecutive chunks of one stream joined."""
    cursor = LogCursor.open(str(path), LogWindow(**window))  # type: ignore[arg-type]
    found: list[tuple[int, bytes]] = []
    while chunks := cursor.read_more():
        for stream, data in chunks:
            if found and found[-1][0] == stream:
                found[-1] = (stream, found[-1][1] + data)
            else:
                found.append((stream, data))
    cursor.close()
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "ctr.log"


def test_stamp() -> None:
    assert stamp(BASE_NS + 7) == b"2026-01-02T03:04:05.000000007"


def test_consecutive_lines_of_a_stream_are_one_chunk() -> None:
    text = line("a") + line("b") + line("c", stream=STDERR) + line("d")
    assert Decoder(LogWindow()).decode(text) == [
        (STDOUT, b"a\nb\n"),
        (STDERR, b"c\n"),
        (STDOUT, b"d\n"),
    ]


def test_pieces_are_joined_without_newline() -> None:
    text = line("one ", flag="P") + line("line") + line("end", flag="P")
    assert Decoder(LogWindow()).decode(text) == [(STDOUT, b"one line\nend")]


def test_content_that_looks_like_a_head_or_a_piece() -> None:
    nested = line(" P ").decode().rstrip("\n")
    assert Decoder(LogWindow()).decode(line(nested)) == [(STDOUT, nested.encode() + b"\n")]


def test_empty_and_binary_lines() -> None:
    binary = line("@").replace(b"@", b"\x00\xff\r\x1b")
    assert Decoder(LogWindow()).decode(line("") + binary) == [(STDOUT, b"\n\x00\xff\r\x1b\n")]


def test_what_is_no_line_of_ours_is_passed_over() -> None:
    text = b"garbage\n\n" + line("a") + b"2026-01-02 stdout F x\n" + line("b")
    assert Decoder(LogWindow()).decode(text) == [(STDOUT, b"a\n"), (STDOUT, b"b\n")]


def test_timestamps_stand_at_the_beginning_of_lines_only() -> None:
    decoder = Decoder(LogWindow(timestamps=True))
    text = (
        line("one ", flag="P") + line("err", stream=STDERR) + line("line", at=1) + line("x", at=2)
    )
    first, second = stamp(BASE_NS) + b"Z ", stamp(BASE_NS + 2) + b"Z "
    assert decoder.decode(text) == [
        (STDOUT, first + b"one "),
        (STDERR, first + b"err\n"),
        (STDOUT, b"line\n" + second + b"x\n"),
    ]


def test_one_stream_only(log: Path) -> None:
    log.write_bytes(line("a") + line("b", stream=STDERR) + line("c"))
    assert read(log, stdout=False) == [(STDERR, b"b\n")]
    assert read(log, stderr=False) == [(STDOUT, b"a\nc\n")]


def test_since_and_until_belong_to_the_window(log: Path) -> None:
    log.write_bytes(b"".join(line(str(n), at=n) for n in range(10)))
    assert read(log, since_ns=BASE_NS + 3, until_ns=BASE_NS + 5) == [(STDOUT, b"3\n4\n5\n")]
    assert read(log, since_ns=BASE_NS + 10) == []
    assert read(log, until_ns=BASE_NS - 1) == []


def test_done_after_until(log: Path) -> None:
    log.write_bytes(line("a") + line("b", at=9))
    cursor = LogCursor.open(str(log), LogWindow(until_ns=BASE_NS + 5))
    assert cursor.read_more() == [(STDOUT, b"a\n")]
    assert cursor.done
    assert cursor.read_more() == []


@pytest.mark.parametrize(
    ("tail", "wanted"), [(0, ""), (1, "9\n"), (3, "7\n8\n9\n"), (10, None), (99, None)]
)
def test_tail(log: Path, tail: int, wanted: str | None) -> None:
    log.write_bytes(b"".join(line(str(n)) for n in range(10)))
    whole = "".join(f"{n}\n" for n in range(10))
    content = b"".join(data for _, data in read(log, tail=tail))
    assert content.decode() == (whole if wanted is None else wanted)


def test_tail_across_rotated_files(log: Path) -> None:
    for number, name in enumerate(("ctr.log.2", "ctr.log.1", "ctr.log")):
        log.with_name(name).write_bytes(line(f"{number}a") + line(f"{number}b"))
    assert read(log, tail=3) == [(STDOUT, b"1b\n2a\n2b\n")]
    assert read(log, tail=99) == [(STDOUT, b"0a\n0b\n1a\n1b\n2a\n2b\n")]
    assert read(log) == read(log, tail=99)


def test_tail_takes_a_line_with_its_pieces(log: Path) -> None:
    log.write_bytes(line("before") + line("a ", flag="P") + line("b ", flag="P") + line("c"))
    assert read(log, tail=1) == [(STDOUT, b"a b c\n")]
    log.write_bytes(line("before") + line("unfinished", flag="P"))
    assert read(log, tail=1) == [(STDOUT, b"unfinished")]


def test_tail_of_lines_longer_than_a_block(log: Path) -> None:
    long = "x" * 100_000
    log.write_bytes(line("a") + line(long) + line(long))
    assert read(log, tail=1) == [(STDOUT, long.encode() + b"\n")]


def test_growth_and_a_line_still_being_written(log: Path) -> None:
    log.write_bytes(line("a"))
    cursor = LogCursor.open(str(log), LogWindow())
    assert cursor.read_more() == [(STDOUT, b"a\n")]
    assert cursor.read_more() == []
    whole = line("b")
    with log.open("ab", buffering=0) as file:
        file.write(whole[:40])
        assert cursor.read_more() == []
        file.write(whole[40:])
    assert cursor.read_more() == [(STDOUT, b"b\n")]


def test_a_log_that_comes_into_being_later(log: Path) -> None:
    cursor = LogCursor.open(str(log), LogWindow(tail=5))
    assert cursor.read_more() == []
    log.write_bytes(line("a"))
    assert cursor.read_more() == [(STDOUT, b"a\n")]


def test_a_cursor_follows_through_several_rotations(log: Path) -> None:
    log.write_bytes(line("0"))
    cursor = LogCursor.open(str(log), LogWindow())
    seen = [data for _, data in cursor.read_more()]
    for number in range(1, 4):
        with log.open("ab") as file:
            file.write(line(f"{number}a"))
        rotate(str(log), 9)
        with log.with_name("ctr.log.1").open("ab") as file:  # written before the log is reopened
            file.write(line(f"{number}b"))
        log.write_bytes(line(f"{number}c"))
    while chunks := cursor.read_more():
        seen += [data for _, data in chunks]
    assert b"".join(seen) == b"0\n1a\n1b\n1c\n2a\n2b\n2c\n3a\n3b\n3c\n"


def test_a_cursor_whose_file_was_removed_goes_on_with_the_oldest(log: Path) -> None:
    log.write_bytes(line("0"))
    cursor = LogCursor.open(str(log), LogWindow())
    assert cursor.read_more() == [(STDOUT, b"0\n")]
    for number in (1, 2, 3):
        rotate(str(log), 2)
        log.write_bytes(line(str(number)))
    assert cursor.read_more() == [(STDOUT, b"2\n")]
    assert cursor.read_more() == [(STDOUT, b"3\n")]


def test_rotation_plan() -> None:
    assert rotation("l", 3, 0) == [("l", "l.1")]
    assert rotation("l", 3, 2) == [("l.2", ""), ("l.1", "l.2"), ("l", "l.1")]
    assert rotation("l", 1, 0) == [("l", "")]


def test_rotate_keeps_so_many(log: Path) -> None:
    for number in range(5):
        log.write_text(str(number))
        rotate(str(log), 3)
    assert sorted(os.listdir(log.parent)) == ["ctr.log.1", "ctr.log.2"]
    assert log.with_name("ctr.log.1").read_text() == "4"


Entry = tuple[int, str, str]
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([STDOUT, STDERR]),
        st.sampled_from("FP"),
        st.text(st.characters(blacklist_characters="\n", codec="utf-8"), max_size=20),
    ),
    max_size=30,
)


@given(ENTRIES)
def test_every_byte_of_each_stream_comes_out(entries: list[Entry]) -> None:
    text = b"".join(line(content, stream=s, flag=f) for s, f, content in entries)
    chunks = Decoder(LogWindow()).decode(text)
    for stream in (STDOUT, STDERR):
        wanted = "".join(c + ("\n" if f == "F" else "") for s, f, c in entries if s == stream)
        assert b"".join(data for s, data in chunks if s == stream).decode() == wanted


@given(st.binary(max_size=300))
def test_any_bytes_decode_to_something(data: bytes) -> None:
    for timestamps in (False, True):
        for stream, _ in Decoder(LogWindow(timestamps=timestamps)).decode(data):
            assert stream in (STDOUT, STDERR)


def test_a_prefix_stands_after_the_stamp(log: Path) -> None:
    log.write_bytes(line("one") + line("two, part", flag="P") + line(" rest") + line("three"))
    assert read(log, prefix=b"a=1 ") == [(STDOUT, b"a=1 one\na=1 two, part rest\na=1 three\n")]
    when = stamp(BASE_NS).decode()
    stamped = read(log, prefix=rb"\1 ", timestamps=True)
    assert stamped[0][1].decode().splitlines()[0] == rf"{when}Z \1 one"


def test_a_carriage_return_ends_no_line(log: Path) -> None:
    log.write_bytes(line("10%\r20%\r", flag="P") + line("30%\r") + line("end\r", at=10))
    when, later = stamp(BASE_NS).decode(), stamp(BASE_NS + 10).decode()
    text = f"{when}Z 10%\r20%\r30%\r\n{later}Z end\r\n".encode()
    assert read(log, timestamps=True) == [(STDOUT, text)]
    assert read(log, since_ns=BASE_NS + 5) == [(STDOUT, b"end\r\n")]
