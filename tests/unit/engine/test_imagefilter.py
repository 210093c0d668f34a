"""Which images a list's filters take."""

import time

import pytest

from gorae.engine.imagefilter import ImageFilter, matches, until_ns
from gorae.engine.images import Image
from gorae.errors import InvalidArgument, NotFound
from gorae.oci.config import ImageConfig, RunConfig

A = "docker.io/library/a:1"


def image(name: str = "", *, made: int = 0, **labels: str) -> Image:
    config = ImageConfig.make(architecture="amd64", os="linux", config=RunConfig(labels=labels))
    names = (name,) if name else ()
    return Image("sha256:" + "0" * 64, config, "", 0, "", 0, names, (f"{made}",) if made else ())


def made(one: Image) -> int:
    return int(one.digests[0]) if one.digests else 0


def takes(one: Image, **filters: list[str]) -> bool:
    def find(ref: str) -> Image:
        if ref == "nosuch":
            raise NotFound("No such image: nosuch")
        return image(made=int(ref))

    named = {key.replace("label_not", "label!"): value for key, value in filters.items()}
    return ImageFilter(named, find, made).narrowed(one) is not None


def test_dangling() -> None:
    assert takes(image(), dangling=["true"]) and not takes(image(A), dangling=["1"])
    assert takes(image(A), dangling=["false"]) and not takes(image(), dangling=["0"])
    with pytest.raises(InvalidArgument, match="invalid filter"):
        takes(image(), dangling=["maybe"])


def test_labels() -> None:
    one = image(x="1")
    assert takes(one, label=["x"]) and takes(one, label=["x=1"])
    assert not takes(one, label=["x=2"]) and not takes(one, label=["x", "y"])
    assert takes(one, label_not=["y"]) and not takes(one, label_not=["x"])


def test_before_and_since_are_without_the_one_named() -> None:
    assert takes(image(made=4), before=["5"]) and not takes(image(made=5), before=["5"])
    assert takes(image(made=6), since=["5"]) and not takes(image(made=5), since=["5"])
    with pytest.raises(NotFound):
        takes(image(), before=["nosuch"])


def test_an_unknown_filter() -> None:
    with pytest.raises(InvalidArgument, match="invalid filter 'nosuch'"):
        takes(image(), nosuch=["1"])


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("a", True), ("a:1", True), ("a:*", True), ("a:2", False), ("*", True), ("b*", False),
     ("docker.io/library/a:1", True), ("x/a", False), ("[a-c]", True)],
)  # fmt: skip
def test_patterns(pattern: str, fits: bool) -> None:
    assert matches(A, pattern) is fits


def test_moments() -> None:
    now = time.time_ns()
    assert until_ns("1700000000") == 1_700_000_000 * 10**9
    assert until_ns("2023-11-14T22:13:20Z") == 1_700_000_000 * 10**9
    assert abs(now - 5400 * 10**9 - until_ns("1h30m")) < 10**9
    assert abs(now - 10**7 - until_ns("10ms")) < 10**9


@pytest.mark.parametrize(
    "text", ["", "x", "1x", "1.2.3h", ".", ".h", "h", "24h5", "-1h", "²", "1" * 99, "1 h"]
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid time"):
        until_ns(text)
