"""Platforms: spelling, order, choice."""

import pytest

from gorae.errors import InvalidArgument
from gorae.oci.digest import Digest
from gorae.oci.manifest import Descriptor, Platform
from gorae.oci.platform import ATTESTATION, choose, fits, matches, parse, runnable, show

ZERO = Digest("sha256:" + "0" * 64)


def entry(text: str, **more: str) -> Descriptor:
    return Descriptor("m", ZERO, 1, parse(text), dict(more))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("arm64", "linux/arm64"),
        ("linux", "linux"),
    ],
)
def test_one_spelling(text: str, shown: str) -> None:
    assert show(parse(text)) == shown


@pytest.mark.parametrize("text", ["", "a/b/c/d", "linux/", "linux/am d64", "/"])
def test_no_platform(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse(text)


def test_the_nearest_is_taken() -> None:
    offered = [entry("linux/386"), entry("linux/amd64"), entry("linux/arm64")]
    assert choose(offered, runnable(parse("linux/amd64"))) == offered[1]
    assert choose(offered[:1], runnable(parse("linux/amd64"))) == offered[0]
    arm = [entry("linux/arm/v6"), entry("linux/arm/v7")]
    assert choose(arm, runnable(parse("linux/arm64"))) == arm[1]
    assert choose(arm, runnable(parse("linux/amd64"))) is None


def test_attestations_are_no_images() -> None:
    note = Descriptor("m", ZERO, 1, Platform("unknown", "unknown"), {ATTESTATION: "attestation"})
    bare = Descriptor("m", ZERO, 1)
    assert choose([note], runnable(parse("linux/amd64"))) is None
    assert choose([note, bare], runnable(parse("linux/amd64"))) == bare


def test_what_was_left_out_may_be_anything() -> None:
    assert matches(parse("linux"), parse("linux/amd64"))
    assert not matches(parse("windows"), parse("linux/amd64"))


@pytest.mark.parametrize(
    ("wanted", "found", "answer"),
    [
        ("linux", Platform("amd64", "linux"), True),
        ("linux/amd64/v2", Platform("amd64", "linux"), True),
        ("linux/arm64", Platform("amd64", "linux"), False),
        ("linux/arm/v7", Platform("arm", "linux", "v6"), False),
        ("windows", Platform("amd64", "linux"), False),
        ("linux/arm64", Platform("", "linux"), True),
    ],
)
def test_whether_a_local_image_fits(wanted: str, found: Platform, answer: bool) -> None:
    assert fits(parse(wanted), found) is answer
