"""Ports as `set --unpublish` names them."""

import pytest

from gorae.api.routes.insight import unpublished
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "found"),
    [("9000", (9000, 0, "")), ("9000:80", (9000, 80, "")), (":80/udp", (0, 80, "udp"))],
)
def test_unpublished(text: str, found: tuple[int, int, str]) -> None:
    assert unpublished(text) == found


@pytest.mark.parametrize("text", ["", ":", "x", "1:x", "80/odd", "/tcp"])
def test_no_port(text: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid port"):
        unpublished(text)
