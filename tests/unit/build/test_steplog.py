"""A step's output: values hidden across writes, clipped at the limit, its end shown when the step failed."""

from gorae.build import steplog
from gorae.build.steplog import CLIPPED, StepLog
from gorae.dockerfile.secretguard import Guard, Secret


def told(pieces: list[bytes], *, failed: bool = False, limit: int = 100, masker=None) -> bytes:
    said: list[bytes] = []
    log = StepLog(said.append, masker, limit)
    for piece in pieces:
        log.write(piece)
    log.end(failed=failed)
    return b"".join(said)


def test_what_fits_is_told_whole():
    assert told([b"a" * 60, b"b" * 40], failed=True) == b"a" * 60 + b"b" * 40


def test_beyond_the_limit_one_sentence_stands_for_the_rest():
    assert told([b"a" * 60, b"b" * 60, b"c" * 60]) == b"a" * 60 + b"b" * 40 + CLIPPED
    assert told([b"a" * 100, b"b"]) == b"a" * 100 + CLIPPED
    assert told([b"a" * 1000], limit=0) == b"a" * 1000


def test_a_failure_shows_the_end(monkeypatch):
    monkeypatch.setattr(steplog, "KEPT_BYTES", 10)
    lines = [b"%03d\n" % number for number in range(200)]
    assert told(lines, failed=True, limit=8) == b"000\n001\n" + CLIPPED + b"7\n198\n199\n"


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(steplog, "KEPT_BYTES", 10)
    log = StepLog(lambda _: None, None, 1)
    for _ in range(1000):
        log.write(b"x" * 7)
        assert log._end is None or len(log._end) <= 27


def test_a_value_in_two_writes_is_hidden():
    guard = Guard([Secret("secret", "s", b"correct horse")], forms=False)
    pieces = [b"before c", b"orrect h", b"orse after, c", b"ode"]
    assert told(pieces, masker=guard.masker()) == b"before **** after, code"
    assert told([b"ends with correct"], masker=guard.masker()) == b"ends with correct"
