"""Programs: output, input, exits, limits, descriptors."""

import os

import pytest

from gorae.errors import KernelError, Unavailable
from gorae.linux import process


def test_output_and_status() -> None:
    done = process.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout_s=5)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")


def test_input_is_given_and_nothing_means_empty() -> None:
    assert process.run(["cat"], stdin=b"x" * 100_000, timeout_s=5).stdout == b"x" * 100_000
    assert process.run(["cat"], timeout_s=5).stdout == b""


def test_missing_program() -> None:
    with pytest.raises(KernelError) as caught:
        process.run(["/no/such/program"], timeout_s=5)
    assert caught.value.not_found


def test_timeout_kills() -> None:
    with pytest.raises(Unavailable):
        process.run(["sleep", "60"], timeout_s=0.05)


def test_only_passed_descriptors_are_open() -> None:
    kept_r, kept_w = os.pipe()
    other_r, other_w = os.pipe()
    os.set_inheritable(other_w, True)
    listing = process.run(["ls", "/proc/self/fd"], pass_fds=[kept_w], timeout_s=5).stdout.split()
    for fd in (kept_r, kept_w, other_r, other_w):
        os.close(fd)
    assert str(kept_w).encode() in listing
    assert str(other_w).encode() not in listing
