"""Manifests and indexes: canonical bytes, and fields that are named when they are bad."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.oci import manifest as manifests
from gorae.oci import media_type
from gorae.oci.digest import digest_of
from gorae.oci.manifest import Descriptor, Index, Manifest, Platform

CONFIG = Descriptor(media_type.DOCKER_CONFIG, digest_of(b"{}"), 2)
LAYER = Descriptor(media_type.DOCKER_LAYER, digest_of(b"layer"), 5)


def test_what_is_made_is_read() -> None:
    made = manifests.make_manifest(CONFIG, (LAYER, LAYER), media_type.DOCKER_MANIFEST)
    assert manifests.parse(made.raw) == made
    assert made.digest == digest_of(made.raw)


def test_an_index_with_platforms() -> None:
    one = Descriptor(
        media_type.OCI_MANIFEST, digest_of(b"m"), 1, Platform("arm64", "linux", "v8"), {"a": "b"}
    )
    made = manifests.make_index((one,))
    back = manifests.parse(made.raw)
    assert isinstance(back, Index) and back.manifests == (one,)


def document(**changes: object) -> bytes:
    good = {"schemaVersion": 2, "config": CONFIG.to_document(), "layers": [LAYER.to_document()]}
    return json.dumps({**good, **changes}).encode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "manifest"),
        (b"[]", "manifest"),
        (b'{"a":', "manifest"),
        (document(config=None), "config: wanted an object"),
        (document(config={"digest": "x", "size": 1}), "invalid digest"),
        (document(config={**CONFIG.to_document(), "size": -1}), '"size"'),
        (document(config={**CONFIG.to_document(), "size": "2"}), "size"),
        (document(layers={}), "layers"),
        (document(layers=[1]), "layer: wanted an object"),
        (document(layers=[LAYER.to_document()] * 1001), "more than 1000 layers"),
        (document(mediaType=3), "mediaType"),
        (b'{"manifests": [null]}', "index: wanted an object"),
    ],
)
def test_bad_fields_are_named(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        manifests.parse(raw)
    assert words in caught.value.message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["config", "layers", "manifests", "digest", "size", "mediaType", "platform"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values)
def test_any_document_is_one_or_is_refused(value: object) -> None:
    try:
        found = manifests.parse(json.dumps(value).encode())
    except InvalidArgument:
        return
    assert isinstance(found, Manifest | Index)
