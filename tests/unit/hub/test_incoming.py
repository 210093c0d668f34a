"""What a registry reads of a manifest."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gorae.errors import GoraeError
from gorae.hub.fault import ManifestInvalid
from gorae.hub.incoming import read
from gorae.oci.media_type import DOCKER_LIST, OCI_INDEX, OCI_MANIFEST

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def image(**more: Any) -> dict[str, Any]:
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": 2}
    return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [], **more}


def test_an_image_with_a_subject() -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": OTHER, "size": 1}
    layers = [{"mediaType": "x/layer", "digest": OTHER, "size": 40}]
    document = image(subject=subject, layers=layers, annotations={"a": "b"})
    found = read(json.dumps(document).encode(), OCI_MANIFEST)
    assert found.subject == OTHER and found.annotations == {"a": "b"}
    assert [one.digest for one in found.children] == [DIGEST, OTHER]
    assert found.total_bytes == 42
    assert found.artifact_type == "application/vnd.oci.image.config.v1+json"


def test_an_index_has_no_type_of_its_config() -> None:
    raw = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    for kind in (OCI_INDEX, DOCKER_LIST):
        found = read(raw, kind)
        assert found.is_index and found.artifact_type == "" and found.media_type == kind


@pytest.mark.parametrize(
    "document, kind",
    [
        (image(), OCI_INDEX),
        (image(mediaType="application/vnd.example"), "application/vnd.example"),
        (image(schemaVersion=1), OCI_MANIFEST),
        (image(annotations={"a": 1}), OCI_MANIFEST),
        (image(layers=[{}]), OCI_MANIFEST),
        (image(subject={"digest": "x"}), OCI_MANIFEST),
        (image(annotations={"a": "x" * 300_000}), OCI_MANIFEST),
    ],
)
def test_what_is_refused(document: dict[str, Any], kind: str) -> None:
    with pytest.raises(ManifestInvalid):
        read(json.dumps(document).encode(), kind)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.one_of(st.binary(max_size=200), _JSON.map(lambda one: json.dumps(one).encode())),
    st.text(max_size=30),
)
def test_any_bytes_give_a_value_or_one_kind_of_error(raw: bytes, kind: str) -> None:
    try:
        read(raw, kind)
    except ManifestInvalid as error:
        assert isinstance(error, GoraeError)
