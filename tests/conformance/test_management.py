"""Distribution specification 1.1, category content management."""

import pytest
from tests.conformance.conftest import Registry
from tests.hubserver import manifest, sha256

MISSING = "sha256:" + "3" * 64


@pytest.fixture
def image(registry: Registry) -> dict[str, str]:
    layer = b"to be deleted"
    where = registry.name + "-deleted"
    digest = registry.client.push_image(where, "first", [layer])
    registry.client.push_image(where, "second", [layer])
    return {"name": where, "digest": digest, "layer": sha256(layer)}


def test_a_tag(registry: Registry, image: dict[str, str]) -> None:
    """ "Upon success, the registry MUST respond with a 202 Accepted code. Once deleted, a GET ... will return a 404"."""
    client, name = registry.client, image["name"]
    assert client.call("DELETE", f"/v2/{name}/manifests/first").status == 202
    assert client.call("GET", f"/v2/{name}/manifests/first").status == 404
    assert client.call("GET", f"/v2/{name}/manifests/second").status == 200
    assert client.call("GET", f"/v2/{name}/manifests/{image['digest']}").status == 200
    assert "first" not in client.call("GET", f"/v2/{name}/tags/list").json()["tags"]


def test_a_manifest(registry: Registry, image: dict[str, str]) -> None:
    """ "a GET to ... and any tag pointing to that digest will return a 404"."""
    client, name = registry.client, image["name"]
    assert client.call("DELETE", f"/v2/{name}/manifests/{image['digest']}").status == 202
    for reference in (image["digest"], "first", "second"):
        assert client.call("GET", f"/v2/{name}/manifests/{reference}").status == 404
    assert client.call("GET", f"/v2/{name}/tags/list").json()["tags"] == []


def test_a_blob(registry: Registry, image: dict[str, str]) -> None:
    """end-10; one that a manifest needs is kept, since nothing reachable may be lost."""
    client, name = registry.client, image["name"]
    path = f"/v2/{name}/blobs/{image['layer']}"
    if registry.is_ours:
        assert client.call("DELETE", path).status == 405
        assert client.call("GET", path).status == 200
    client.call("DELETE", f"/v2/{name}/manifests/{image['digest']}")
    assert client.call("DELETE", path).status == 202
    assert client.call("GET", path).status == 404


def test_what_is_not_there(registry: Registry, image: dict[str, str]) -> None:
    client, name = registry.client, image["name"]
    assert client.call("DELETE", f"/v2/{name}/manifests/{MISSING}").status == 404
    assert client.call("DELETE", f"/v2/{name}/blobs/{MISSING}").status == 404
    assert client.call("DELETE", f"/v2/{registry.name}-none/manifests/{MISSING}").status == 404


def test_a_manifest_can_come_again(registry: Registry) -> None:
    client, where = registry.client, registry.name + "-again"
    client.push_blob(where, b"{}")
    for _ in range(2):
        digest = client.push_manifest(where, "again", manifest(b"{}", []))
        assert client.call("GET", f"/v2/{where}/manifests/again").status == 200
        assert client.call("DELETE", f"/v2/{where}/manifests/{digest}").status == 202
