"""Annotations as they are said: which of them go where."""

import pytest

from gorae.errors import InvalidArgument
from gorae.oci.annotation import Annotations, read


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a", Annotations({"a": "v"})),
        ("manifest:a", Annotations({"a": "v"})),
        ("index:a", Annotations(index={"a": "v"})),
        ("manifest-descriptor:a", Annotations(descriptor={"a": "v"})),
        ("index,manifest:a", Annotations({"a": "v"}, {"a": "v"})),
        ("manifest[linux/amd64]:a", Annotations({"a": "v"})),
        ("manifest[linux/arm64]:a", Annotations()),
    ],
)
def test_types(name: str, found: Annotations) -> None:
    assert read({name: "v"}, {}, "linux/amd64") == found


def test_of_an_output() -> None:
    output = {
        "type": "oci",
        "annotation.a": "1",
        "annotation-index.b": "2",
        "annotation-manifest[linux/arm64].c": "3",
    }
    assert read({}, output, "linux/amd64") == Annotations({"a": "1"}, {"b": "2"})


@pytest.mark.parametrize("name", ["layer:a", "", "index-descriptor:a"])
def test_what_is_none(name: str) -> None:
    with pytest.raises(InvalidArgument):
        read({name: "v"}, {}, "linux/amd64")


def test_far_too_many() -> None:
    with pytest.raises(InvalidArgument, match="more than"):
        read({str(number): "" for number in range(1001)}, {}, "linux/amd64")
