"""Distribution specification 1.1, category pull. Each test quotes what it holds the registry to."""

import hashlib
import json

import pytest
from tests.conformance.conftest import Registry
from tests.hubserver import OCI_MANIFEST, sha256

MISSING = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def image(registry: Registry) -> dict[str, str]:
    layers = [b"a layer for pulling", b"another"]
    digest = registry.client.push_image(registry.name, "pull", layers)
    return {"manifest": digest, "blob": sha256(layers[0])}


def test_the_root_answers(registry: Registry) -> None:
    """ "to determine support, a GET request to /v2/ ... 200 OK" (end-1)."""
    assert registry.client.call("GET", "/v2/").status == 200


def test_a_manifest_by_tag(registry: Registry, image: dict[str, str]) -> None:
    """ "MUST provide the expected manifest, with a response code that MUST be 200 OK"."""
    answer = registry.client.call("GET", f"/v2/{registry.name}/manifests/pull")
    assert answer.status == 200
    assert sha256(answer.body) == image["manifest"]
    assert answer.headers["Docker-Content-Digest"] == image["manifest"]


def test_a_manifest_by_digest(registry: Registry, image: dict[str, str]) -> None:
    path = f"/v2/{registry.name}/manifests/{image['manifest']}"
    answer = registry.client.call("GET", path)
    assert answer.status == 200 and sha256(answer.body) == image["manifest"]


def test_the_content_type_is_the_pushed_one(registry: Registry, image: dict[str, str]) -> None:
    """ "SHOULD NOT include parameters", "SHOULD match what the client pushed"."""
    answer = registry.client.call("GET", f"/v2/{registry.name}/manifests/pull")
    assert answer.headers["Content-Type"] == OCI_MANIFEST
    assert json.loads(answer.body)["mediaType"] == OCI_MANIFEST


@pytest.mark.parametrize("reference", ["nosuchtag", MISSING])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_missing_manifest(registry: Registry, image: dict, reference: str, method: str) -> None:
    """ "If the manifest is not found in the repository, the response code MUST be 404"."""
    answer = registry.client.call(method, f"/v2/{registry.name}/manifests/{reference}")
    assert answer.status == 404
    if method == "GET":
        assert answer.codes == ["MANIFEST_UNKNOWN"]


def test_a_blob(registry: Registry, image: dict[str, str]) -> None:
    """ "MUST provide the expected blob"; "Docker-Content-Digest ... MUST be a digest matching"."""
    answer = registry.client.call("GET", f"/v2/{registry.name}/blobs/{image['blob']}")
    assert answer.status == 200
    assert sha256(answer.body) == image["blob"] == answer.headers["Docker-Content-Digest"]


def test_a_missing_blob(registry: Registry, image: dict[str, str]) -> None:
    answer = registry.client.call("GET", f"/v2/{registry.name}/blobs/{MISSING}")
    assert answer.status == 404 and answer.codes == ["BLOB_UNKNOWN"]
    assert registry.client.call("HEAD", f"/v2/{registry.name}/blobs/{MISSING}").status == 404


@pytest.mark.parametrize("noun, key", [("manifests", "manifest"), ("blobs", "blob")])
def test_head(registry: Registry, image: dict[str, str], noun: str, key: str) -> None:
    """ "A HEAD request to an existing blob or manifest URL MUST return 200 OK", with digest and length."""
    path = f"/v2/{registry.name}/{noun}/{image[key]}"
    body = registry.client.call("GET", path).body
    answer = registry.client.call("HEAD", path)
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["Docker-Content-Digest"] == image[key]
    assert int(answer.headers["Content-Length"]) == len(body)


@pytest.mark.parametrize(
    "wanted, first, end", [("bytes=0-3", 0, 4), ("bytes=5-", 5, None), ("bytes=-4", -4, None)]
)
def test_a_range_of_a_blob(
    registry: Registry, image: dict, wanted: str, first: int, end: int
) -> None:
    """ "A registry SHOULD support the Range request header in accordance with RFC 9110"."""
    path = f"/v2/{registry.name}/blobs/{image['blob']}"
    whole = registry.client.call("GET", path).body
    answer = registry.client.call("GET", path, headers={"Range": wanted})
    assert answer.status == 206 and answer.body == whole[first:end]
    at = first % len(whole)
    assert answer.headers["Content-Range"] == f"bytes {at}-{at + len(answer.body) - 1}/{len(whole)}"


def test_a_range_beyond_the_end(registry: Registry, image: dict[str, str]) -> None:
    path = f"/v2/{registry.name}/blobs/{image['blob']}"
    assert registry.client.call("GET", path, headers={"Range": "bytes=1000-"}).status == 416


def test_a_repository_that_is_not_there(registry: Registry) -> None:
    """ "An attempt to pull a nonexistent repository MUST return response code 404"."""
    answer = registry.client.call("GET", f"/v2/{registry.name}-nowhere/manifests/latest")
    assert answer.status == 404


@pytest.mark.parametrize("name", ["Upper/case", "two//slashes", "end-/dash", "a/.hidden", "-x/y"])
def test_names_that_are_none(registry: Registry, name: str) -> None:
    """ "<name> MUST match the following regular expression"."""
    answer = registry.client.call("GET", f"/v2/{name}/manifests/latest")
    assert answer.status in (400, 404)
    assert answer.status != 400 or answer.codes == ["NAME_INVALID"]


def test_a_digest_that_is_none(registry: Registry, image: dict[str, str]) -> None:
    for text in ("sha256:short", "md5:" + "0" * 32, "sha256:" + "G" * 64):
        assert registry.client.call("GET", f"/v2/{registry.name}/blobs/{text}").status in (400, 404)


def test_a_large_blob_streams_whole(registry: Registry) -> None:
    data = hashlib.sha256(b"seed").digest() * 100_000
    digest = registry.client.push_blob(registry.name, data)
    assert registry.client.call("GET", f"/v2/{registry.name}/blobs/{digest}").body == data
