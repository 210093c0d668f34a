"""The document of a build cache: what is written is read; any bytes give a value or one error."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.oci import cacheconfig, media_type
from gorae.oci.cacheconfig import CacheConfig, CacheLayer, CacheRecord
from gorae.oci.digest import DiffId, digest_of
from gorae.oci.manifest import Descriptor

LAYER = CacheLayer(
    Descriptor(media_type.OCI_LAYER_GZIP, digest_of(b"blob"), 4), DiffId(digest_of(b"plain"))
)
RECORD = CacheRecord(digest_of(b"k"), 0, 12345678901234567, {"version": 1}, (digest_of(b"a"),), 7)


def test_what_is_written_is_read() -> None:
    config = CacheConfig((RECORD,), (LAYER,))
    assert cacheconfig.parse(cacheconfig.dump(config)) == config


def test_inline_counts_the_layers_of_the_image() -> None:
    encoded = cacheconfig.inline(CacheConfig((RECORD,)))
    assert cacheconfig.parse_inline(encoded, [LAYER]).records == (RECORD,)
    with pytest.raises(InvalidArgument, match="names the layer 0 of 0"):
        cacheconfig.parse_inline(encoded, [])


def test_records_of_another_builder_are_counted() -> None:
    theirs = {"records": [{"digest": digest_of(b"x"), "inputs": [[{"link": 0}]]}, {"inputs": []}]}
    found = cacheconfig.parse(json.dumps(theirs).encode())
    assert found.records == () and found.foreign == 2


@pytest.mark.parametrize(
    "document",
    [
        {"records": "x"},
        {"records": [1]},
        {"layers": [{}]},
        {"layers": [{"blob": "sha256:zz", "annotations": {"size": 1}}]},
        {"records": [{"gorae": {}, "layers": []}]},
        {"records": [{"gorae": {}, "layers": [{"layer": -1}]}]},
        {"records": [{}] * (cacheconfig.MAX_RECORDS + 1)},
    ],
)
def test_bad_fields(document) -> None:
    with pytest.raises(InvalidArgument):
        cacheconfig.parse(json.dumps(document).encode())


def test_too_large() -> None:
    with pytest.raises(InvalidArgument, match="at most"):
        cacheconfig.parse(b" " * (cacheconfig.MAX_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    for read in (cacheconfig.parse, lambda data: cacheconfig.parse_inline(_text(data), [LAYER])):
        try:
            read(raw)
        except InvalidArgument:
            continue


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
