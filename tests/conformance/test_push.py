"""Distribution specification 1.1, category push."""

import json
import os

import pytest
from tests.conformance.conftest import Registry
from tests.hubserver import (
    EMPTY,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Answer,
    descriptor,
    manifest,
    sha256,
    with_query,
)

OCTETS = {"Content-Type": "application/octet-stream"}
MISSING = "sha256:" + "1" * 64


def start(registry: Registry, query: str = "") -> Answer:
    answer = registry.client.call(
        "POST", f"/v2/{registry.name}/blobs/uploads/{query}", headers={"Content-Length": "0"}
    )
    assert answer.status == 202, answer.body
    assert answer.headers["Location"]
    return answer


def location(registry: Registry, answer: Answer, query: str = "") -> str:
    url = registry.client.absolute(answer.headers["Location"])
    return with_query(url, query) if query else url


def pullable(registry: Registry, answer: Answer, data: bytes) -> None:
    """ "MUST have the following header: Location: <blob-location>", "a pullable blob URL"."""
    assert answer.status == 201, answer.body
    found = registry.client.call("GET", registry.client.absolute(answer.headers["Location"]))
    assert found.status == 200 and found.body == data


def test_post_then_put(registry: Registry) -> None:
    data = b"post, then put"
    url = location(registry, start(registry), f"digest={sha256(data)}")
    pullable(registry, registry.client.call("PUT", url, data, OCTETS), data)


def test_a_single_post(registry: Registry) -> None:
    """ "Registries that do not support single request monolithic uploads SHOULD return 202"."""
    data = b"all in one post"
    path = f"/v2/{registry.name}/blobs/uploads/?digest={sha256(data)}"
    answer = registry.client.call("POST", path, data, OCTETS)
    assert answer.status in ((201,) if registry.is_ours else (201, 202))
    if answer.status == 201:
        pullable(registry, answer, data)


def test_an_empty_blob(registry: Registry) -> None:
    url = location(registry, start(registry), f"digest={sha256(b'')}")
    pullable(registry, registry.client.call("PUT", url, b"", OCTETS), b"")


def test_a_wrong_digest(registry: Registry) -> None:
    """code-4 DIGEST_INVALID: "provided digest did not match uploaded content"."""
    url = location(registry, start(registry), f"digest={MISSING}")
    answer = registry.client.call("PUT", url, b"other bytes", OCTETS)
    assert answer.status == 400 and answer.codes == ["DIGEST_INVALID"]
    assert registry.client.call("HEAD", f"/v2/{registry.name}/blobs/{MISSING}").status == 404


def chunk(registry: Registry, url: str, data: bytes, first: int) -> Answer:
    headers = {**OCTETS, "Content-Range": f"{first}-{first + len(data) - 1}"}
    return registry.client.call("PATCH", url, data, headers)


def test_chunks_in_order(registry: Registry) -> None:
    """ "Each successful chunk upload MUST have a 202", with Location and "Range: 0-<end-of-range>"."""
    pieces = [b"first chunk,", b"second,", b"third"]
    answer, sent = start(registry), b""
    for piece in pieces:
        answer = chunk(registry, location(registry, answer), piece, len(sent))
        sent += piece
        assert answer.status == 202, answer.body
        assert answer.headers["Range"] == f"0-{len(sent) - 1}"
    done = registry.client.call("PUT", location(registry, answer, f"digest={sha256(sent)}"))
    pullable(registry, done, sent)


def test_the_last_chunk_in_the_closing_put(registry: Registry) -> None:
    """ "The final chunk MAY be uploaded using a PATCH request or ... in the closing PUT request"."""
    answer = chunk(registry, location(registry, start(registry)), b"head and ", 0)
    url = location(registry, answer, f"digest={sha256(b'head and tail')}")
    headers = {**OCTETS, "Content-Range": "9-12"}
    done = registry.client.call("PUT", url, b"tail", headers)
    pullable(registry, done, b"head and tail")


def test_a_chunk_out_of_order(registry: Registry) -> None:
    """ "If a chunk is uploaded out of order, the registry MUST respond with a 416"; GET tells where to go on."""
    opened = start(registry)
    wrong = chunk(registry, location(registry, opened), b"not the first", 5)
    assert wrong.status == 416
    answer = chunk(registry, location(registry, opened), b"0123456789", 0)
    assert answer.status == 202
    assert chunk(registry, location(registry, answer), b"again", 3).status == 416
    asked = registry.client.call("GET", location(registry, answer))
    assert asked.status == 204 and asked.headers["Range"] == "0-9" and asked.headers["Location"]
    answer = chunk(registry, location(registry, asked), b"abc", 10)
    done = registry.client.call(
        "PUT", location(registry, answer, f"digest={sha256(b'0123456789abc')}")
    )
    pullable(registry, done, b"0123456789abc")


def test_a_stream_without_ranges(registry: Registry) -> None:
    """As docker pushes: one PATCH with a chunked transfer coding, then PUT."""
    data = os.urandom(700_000)
    url = location(registry, start(registry))
    pieces = iter([data[at : at + 50_000] for at in range(0, len(data), 50_000)])
    answer = registry.client.call("PATCH", url, pieces, OCTETS)
    assert answer.status == 202 and answer.headers["Range"] == f"0-{len(data) - 1}"
    done = registry.client.call("PUT", location(registry, answer, f"digest={sha256(data)}"))
    pullable(registry, done, data)


def test_an_upload_can_be_cancelled(registry: Registry) -> None:
    opened = start(registry)
    assert registry.client.call("DELETE", location(registry, opened)).status == 204
    gone = registry.client.call("GET", location(registry, opened))
    assert gone.status == 404 and gone.codes == ["BLOB_UPLOAD_UNKNOWN"]


def test_mount(registry: Registry) -> None:
    """ "The response to a successful mount MUST be 201 Created"."""
    data = b"to be mounted"
    digest = registry.client.push_blob(registry.name, data)
    assert registry.client.call("HEAD", f"/v2/{registry.other}/blobs/{digest}").status == 404
    path = f"/v2/{registry.other}/blobs/uploads/?mount={digest}&from={registry.name}"
    headers = {"Content-Length": "0"}
    if registry.is_ours:
        headers["Authorization"] = f"Bearer {_token_for_both(registry)}"
    pullable(registry, registry.client.raw("POST", path, headers=headers), data)


def _token_for_both(registry: Registry) -> str:
    """As docker asks for it: push here, pull there."""
    scopes = f"repository:{registry.other}:pull,push&scope=repository:{registry.name}:pull"
    query = f"/token?service=gorae-hub&scope={scopes}"
    return registry.client.raw("GET", query, headers=registry.client.basic()).json()["token"]


def test_mount_of_what_is_not_there(registry: Registry) -> None:
    """ "or is unable to mount the requested blob, it SHOULD return a 202"."""
    start(registry, f"?mount={MISSING}&from={registry.other}")
    start(registry, f"?mount={MISSING}")


def test_a_manifest_by_tag_and_by_digest(registry: Registry) -> None:
    """ "MUST store the manifest in the exact byte representation"; "201 Created" and "Location"."""
    client, name = registry.client, registry.name
    config, layer = b'{"os":"linux","architecture":"amd64"}', b"layer"
    for data in (config, layer):
        client.push_blob(name, data)
    raw = json.dumps(manifest(config, [layer]), indent=3).encode() + b"\n"
    for reference in ("exact", sha256(raw)):
        put = client.call(
            "PUT", f"/v2/{name}/manifests/{reference}", raw, {"Content-Type": OCI_MANIFEST}
        )
        assert put.status == 201 and put.headers["Docker-Content-Digest"] == sha256(raw)
        found = client.call("GET", client.absolute(put.headers["Location"]))
        assert found.status == 200 and found.body == raw


def test_parameters_of_the_content_type_do_not_matter(registry: Registry) -> None:
    """ "The registry SHOULD ignore parameters on the Content-Type header"."""
    client, name = registry.client, registry.name
    client.push_blob(name, b"{}")
    raw = json.dumps(manifest(b"{}", [])).encode()
    headers = {"Content-Type": f"{OCI_MANIFEST}; charset=utf-8"}
    put = client.call("PUT", f"/v2/{name}/manifests/parameters", raw, headers)
    assert put.status == (201 if registry.is_ours else put.status)


def test_a_manifest_without_layers(registry: Registry) -> None:
    """ "the list of blobs MAY be empty"."""
    registry.client.push_blob(registry.name, b"{}")
    registry.client.push_manifest(registry.name, "empty", manifest(b"{}", []))


def test_a_manifest_of_blobs_that_are_not_there(registry: Registry) -> None:
    """ "it MUST result in one or more MANIFEST_BLOB_UNKNOWN errors"."""
    raw = json.dumps(manifest(b"never pushed", [b"neither"])).encode()
    path = f"/v2/{registry.name}/manifests/lacking"
    answer = registry.client.call("PUT", path, raw, {"Content-Type": OCI_MANIFEST})
    assert 400 <= answer.status < 500 and set(answer.codes) == {"MANIFEST_BLOB_UNKNOWN"}


@pytest.mark.parametrize(
    "raw",
    [b"", b"no json", b"[]", b"{}", b'{"schemaVersion":2}', b'{"schemaVersion":1,"layers":[]}'],
)
def test_what_is_no_manifest(registry: Registry, raw: bytes) -> None:
    path = f"/v2/{registry.name}/manifests/bad"
    answer = registry.client.call("PUT", path, raw, {"Content-Type": OCI_MANIFEST})
    assert answer.status == 400 and answer.codes == ["MANIFEST_INVALID"]


def test_a_manifest_under_another_digest(registry: Registry) -> None:
    raw = json.dumps(manifest(b"{}", [])).encode()
    path = f"/v2/{registry.name}/manifests/{MISSING}"
    answer = registry.client.call("PUT", path, raw, {"Content-Type": OCI_MANIFEST})
    assert answer.status == 400 and answer.codes == ["DIGEST_INVALID"]


def test_a_manifest_of_four_megabytes(registry: Registry) -> None:
    """ "should expect to be able to support manifest pushes of at least 4 megabytes"; beyond the limit 413."""
    client, name = registry.client, registry.name
    client.push_blob(name, b"{}")
    document = manifest(b"{}", [], padding="")
    document["padding"] = "x" * (4_000_000 - len(json.dumps(document)))
    client.push_manifest(name, "large", document)
    document["padding"] = "x" * 40_000_000
    raw = json.dumps(document).encode()
    put = client.raw(
        "PUT", f"/v2/{name}/manifests/larger", raw, {"Content-Type": OCI_MANIFEST, **client.basic()}
    )
    assert put.status == (413 if registry.is_ours else put.status)


def test_an_index(registry: Registry) -> None:
    client, name = registry.client, registry.name
    digest = client.push_image(name, "for-index", [b"of an index"])
    raw = client.call("GET", f"/v2/{name}/manifests/{digest}").body
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {**descriptor(OCI_MANIFEST, raw), "platform": {"os": "linux", "architecture": "amd64"}}
        ],
    }
    pushed = client.push_manifest(name, "index", index)
    found = client.call("GET", f"/v2/{name}/manifests/index")
    assert sha256(found.body) == pushed and found.headers["Content-Type"] == OCI_INDEX


def test_a_subject_may_come_later(registry: Registry) -> None:
    """ "MUST initially accept an otherwise valid manifest with a subject field that references a manifest that does
    not exist"; "MUST respond with the response header OCI-Subject"."""
    if not registry.is_ours:
        pytest.skip("referrers are judged on our own")
    client, name = registry.client, registry.name
    client.push_blob(name, b"{}")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.example.note",
        "config": descriptor(EMPTY, b"{}"),
        "layers": [descriptor(EMPTY, b"{}")],
        "subject": {"mediaType": OCI_MANIFEST, "digest": MISSING, "size": 1234},
    }
    raw = json.dumps(document).encode()
    put = client.call(
        "PUT", f"/v2/{name}/manifests/{sha256(raw)}", raw, {"Content-Type": OCI_MANIFEST}
    )
    assert put.status == 201 and put.headers["OCI-Subject"] == MISSING


def test_a_foreign_layer_need_not_be_here(registry: Registry) -> None:
    client, name = registry.client, registry.name
    client.push_blob(name, b"{}")
    document = manifest(b"{}", [])
    kind = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
    document["layers"] = [
        {"mediaType": kind, "digest": MISSING, "size": 5, "urls": ["https://example.com/x"]}
    ]
    answer = client.call(
        "PUT",
        f"/v2/{name}/manifests/foreign",
        json.dumps(document).encode(),
        {"Content-Type": OCI_MANIFEST},
    )
    assert answer.status == (201 if registry.is_ours else answer.status)


def test_an_artifact_layer_type_is_kept(registry: Registry) -> None:
    client, name = registry.client, registry.name
    client.push_blob(name, b"{}")
    client.push_blob(name, b"an artifact")
    document = manifest(b"{}", [b"an artifact"])
    document["layers"][0]["mediaType"] = "application/vnd.example.thing"
    assert document["layers"][0]["mediaType"] != OCI_LAYER
    client.push_manifest(name, "artifact", document)
