"""Distribution specification 1.1, category content discovery."""

import re

import pytest
from tests.conformance.conftest import Registry
from tests.hubserver import EMPTY, OCI_INDEX, OCI_MANIFEST, descriptor, manifest

TAGS = ["Beta", "alpha", "gamma", "ALPHA2", "1.0", "1.0-rc", "zeta"]
MISSING = "sha256:" + "2" * 64


@pytest.fixture(scope="module")
def name(registry: Registry) -> str:
    where = registry.name + "-tags"
    registry.client.push_blob(where, b"{}")
    for tag in TAGS:
        registry.client.push_manifest(where, tag, manifest(b"{}", []))
    return where


def listed(registry: Registry, name: str, query: str = "") -> list[str]:
    answer = registry.client.call("GET", f"/v2/{name}/tags/list{query}")
    assert answer.status == 200
    document = answer.json()
    assert document["name"] == name
    return document["tags"] or []


def test_all_tags_in_lexical_order(registry: Registry, name: str) -> None:
    """ "the tags MUST be in lexical order (i.e. case-insensitive alphanumeric order)"."""
    found = listed(registry, name)
    assert sorted(found) == sorted(TAGS)
    if registry.is_ours:
        assert found == sorted(TAGS, key=lambda tag: (tag.lower(), tag))


def test_so_many_tags(registry: Registry, name: str) -> None:
    """ "Otherwise, the response MUST include <int> results"."""
    whole = listed(registry, name)
    assert listed(registry, name, "?n=3") == whole[:3]
    assert listed(registry, name, "?n=100") == whole


def test_no_tags(registry: Registry, name: str) -> None:
    """ "When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header"."""
    answer = registry.client.call("GET", f"/v2/{name}/tags/list?n=0")
    if registry.is_ours:
        assert answer.status == 200 and answer.json()["tags"] == [] and "Link" not in answer.headers


def test_tags_after_one(registry: Registry, name: str) -> None:
    """ "<tagname> will not be included in the results, but up to <int> tags after <tagname> will be"."""
    whole = listed(registry, name)
    assert listed(registry, name, f"?n=2&last={whole[1]}") == whole[2:4]
    assert listed(registry, name, f"?last={whole[3]}") == whole[4:]
    assert listed(registry, name, f"?n=2&last={whole[-1]}") == []


def test_links_lead_through_all_tags(registry: Registry, name: str) -> None:
    """ "the Link header MUST be set according to RFC5988 with the Relation Type rel="next""."""
    whole, found, path = listed(registry, name), [], f"/v2/{name}/tags/list?n=2"
    for _ in range(10):
        answer = registry.client.call("GET", path)
        found += answer.json()["tags"]
        link = answer.headers.get("Link")
        if not link:
            break
        matched = re.fullmatch(r'<([^>]+)>; ?rel="next"', link)
        assert matched
        path = matched[1]
    assert found == whole


def test_tags_of_no_repository(registry: Registry) -> None:
    answer = registry.client.call("GET", f"/v2/{registry.name}-nowhere/tags/list")
    assert answer.status == 404 and answer.codes == ["NAME_UNKNOWN"]


@pytest.fixture(scope="module")
def subject(registry: Registry) -> dict[str, object]:
    """A manifest with three referrers: two of one type, one whose type is its config's, and an index."""
    if not registry.is_ours:
        pytest.skip("referrers are judged on our own")
    client, where = registry.client, registry.name + "-subject"
    client.push_blob(where, b"{}")
    base = manifest(b"{}", [])
    digest = client.push_manifest(where, "base", base)
    client.push_manifest(where, "base", base)
    target = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}
    made = {}
    for key, kind in (
        ("one", "application/vnd.example.sbom"),
        ("two", "application/vnd.example.sbom"),
        ("three", ""),
    ):
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(EMPTY if kind else "application/vnd.example.config", b"{}"),
            "layers": [descriptor(EMPTY, b"{}")],
            "subject": target,
            "annotations": {"org.example.key": key},
        }
        if kind:
            document["artifactType"] = kind
        made[key] = client.push_manifest(where, f"ref-{key}", document)
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "subject": target}
    made["index"] = client.push_manifest(where, "ref-index", index)
    return {"name": where, "digest": digest, **made}


def referrers(registry: Registry, subject: dict, query: str = ""):
    path = f"/v2/{subject['name']}/referrers/{subject['digest']}{query}"
    answer = registry.client.call("GET", path)
    assert answer.status == 200 and answer.headers["Content-Type"] == OCI_INDEX
    document = answer.json()
    assert document["schemaVersion"] == 2 and document["mediaType"] == OCI_INDEX
    return answer, {one["digest"]: one for one in document["manifests"]}


def test_referrers(registry: Registry, subject: dict) -> None:
    """artifactType from the manifest, else the config's media type, for an index none; annotations included."""
    _, found = referrers(registry, subject)
    assert set(found) == {subject[key] for key in ("one", "two", "three", "index")}
    assert found[subject["one"]]["artifactType"] == "application/vnd.example.sbom"
    assert found[subject["three"]]["artifactType"] == "application/vnd.example.config"
    assert "artifactType" not in found[subject["index"]]
    assert found[subject["two"]]["annotations"] == {"org.example.key": "two"}
    assert found[subject["index"]]["mediaType"] == OCI_INDEX


def test_referrers_of_a_type(registry: Registry, subject: dict) -> None:
    """ "the response MUST include a header OCI-Filters-Applied: artifactType"."""
    answer, found = referrers(registry, subject, "?artifactType=application/vnd.example.sbom")
    assert set(found) == {subject["one"], subject["two"]}
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    _, none = referrers(registry, subject, "?artifactType=application/vnd.example.other")
    assert none == {}


def test_referrers_by_pages(registry: Registry, subject: dict) -> None:
    """ "A Link header MUST be included in the response when the descriptor list cannot be returned in a single
    manifest"."""
    answer, found = referrers(registry, subject, "?n=3")
    path = answer.headers["Link"].partition(">")[0].removeprefix("<")
    rest = registry.client.call("GET", path)
    digests = {one["digest"] for one in rest.json()["manifests"]}
    assert len(found) == 3 and len(digests) == 1 and not digests & set(found)
    assert "Link" not in rest.headers


def test_no_referrers(registry: Registry, subject: dict) -> None:
    """ "If a query results in no matching referrers, an empty manifest list MUST be returned"."""
    answer = registry.client.call("GET", f"/v2/{subject['name']}/referrers/{MISSING}")
    assert answer.status == 200 and answer.json()["manifests"] == []


def test_referrers_of_what_is_no_digest(registry: Registry, subject: dict) -> None:
    """ "such as a <digest> with an invalid syntax, a 400 Bad Request MUST be returned"."""
    answer = registry.client.call("GET", f"/v2/{subject['name']}/referrers/sha256:nothex")
    assert answer.status == 400


def test_a_deleted_referrer_is_listed_no_more(registry: Registry, subject: dict) -> None:
    path = f"/v2/{subject['name']}/manifests/{subject['index']}"
    assert registry.client.call("DELETE", path).status == 202
    _, found = referrers(registry, subject)
    assert subject["index"] not in found and len(found) == 3
