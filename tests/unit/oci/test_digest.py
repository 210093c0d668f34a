"""Digests and the identity of stacks of layers."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.oci.digest import DiffId, chain_id, chain_ids, digest_of, parse_digest

diff_ids = st.lists(
    st.binary(max_size=8).map(lambda data: DiffId(digest_of(data))), min_size=1, max_size=6
)


def test_of_bytes() -> None:
    assert digest_of(b"") == "sha256:" + hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "a" * 63, "sha256:" + "A" * 64, "md5:" + "a" * 64,
                                  "sha256:" + "a" * 64 + "\n"])  # fmt: skip
def test_what_is_no_digest(text: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid digest"):
        parse_digest(text)


def test_the_chain_of_the_specification() -> None:
    """image-spec: ChainID(L0|L1) = Digest(ChainID(L0) + " " + DiffID(L1))."""
    first, second = DiffId(digest_of(b"1")), DiffId(digest_of(b"2"))
    assert chain_id([first]) == first
    assert chain_id([first, second]) == digest_of(f"{first} {second}".encode())


@given(diff_ids)
def test_each_prefix_has_its_own(found: list[DiffId]) -> None:
    assert chain_ids(found) == [chain_id(found[: n + 1]) for n in range(len(found))]


def test_no_layers_have_none() -> None:
    with pytest.raises(InvalidArgument):
        chain_id([])
