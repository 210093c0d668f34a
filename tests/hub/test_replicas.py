"""Two replicas of a hub on PostgreSQL and an S3 store: what one is told the other knows."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from tests.hub.replicas import object_store, postgres
from tests.hubserver import Client, Hub, manifest, sha256

SETTINGS = "token_lifetime_s = 300\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    with postgres() as database, object_store() as storage:
        settings = f'database = "{database}"\n{SETTINGS}{storage}'
        hubs = [Hub(tmp_path_factory.mktemp(name), settings) for name in ("first", "second")]
        hubs[0].user("anna", "bob")
        for one in hubs:
            one.start()
        yield hubs[0], hubs[1]
        for one in hubs:
            one.stop()


def both(pair: tuple[Hub, Hub]) -> tuple[Client, Client]:
    """Anna at each."""
    return pair[0].client("anna"), pair[1].client("anna")


def test_pushed_here_pulled_there(pair: tuple[Hub, Hub]) -> None:
    here, there = both(pair)
    big, small = os.urandom(20_000_000), b"small layer"
    digest = here.push_image("anna/app", "latest", [big, small])
    assert sha256(there.call("GET", "/v2/anna/app/manifests/latest").body) == digest
    for data in (big, small):
        path = f"/v2/anna/app/blobs/{sha256(data)}"
        assert there.call("GET", path).body == data
        answer = there.call("GET", path, headers={"Range": "bytes=3-9"})
        assert answer.status == 206 and answer.body == data[3:10]
        assert there.call("GET", path, headers={"Range": "bytes=99000000-"}).status == 416
        assert int(there.call("HEAD", path).headers["Content-Length"]) == len(data)


def test_a_token_of_one_is_good_at_the_other(pair: tuple[Hub, Hub]) -> None:
    here, there = both(pair)
    token = here.raw("GET", "/token?service=gorae-hub", headers=here.basic()).json()["token"]
    assert there.raw("GET", "/v2/", headers={"Authorization": f"Bearer {token}"}).status == 200


def test_chunks_of_one_upload_at_both(pair: tuple[Hub, Hub]) -> None:
    """Parts below and above the object store's least size, by turns; the digest is computed anew at the end."""
    clients, data = both(pair), os.urandom(13_000_000)
    location = clients[0].call("POST", "/v2/anna/parts/blobs/uploads/").headers["Location"]
    cuts = [0, 1000, 6_000_000, 6_000_010, 12_900_000, len(data)]
    for turn, (first, end) in enumerate(zip(cuts, cuts[1:])):
        chunk = {"Content-Range": f"{first}-{end - 1}"}
        answer = clients[turn % 2].call("PATCH", location, data[first:end], chunk)
        assert answer.status == 202 and answer.headers["Range"] == f"0-{end - 1}", answer.body
    status = clients[1].call("GET", location)
    assert status.headers["Range"] == f"0-{len(data) - 1}"
    done = clients[1].call("PUT", f"{location}?digest={sha256(data)}")
    assert done.status == 201, done.body
    assert clients[0].call("GET", done.headers["Location"]).body == data


def test_a_lie_leaves_nothing(pair: tuple[Hub, Hub]) -> None:
    here, _ = both(pair)
    wrong = "sha256:" + "0" * 64
    for size in (10, 9_000_000):
        path = f"/v2/anna/lie/blobs/uploads/?digest={wrong}"
        assert here.call("POST", path, os.urandom(size)).codes == ["DIGEST_INVALID"]
    assert here.call("HEAD", f"/v2/anna/lie/blobs/{wrong}").status == 404


def test_the_same_bytes_at_both_at_once(pair: tuple[Hub, Hub]) -> None:
    data, failed = os.urandom(6_000_000), []

    def push(client: Client, name: str) -> None:
        try:
            client.push_image(name, "latest", [data])
        except BaseException as error:
            failed.append(error)

    threads = [
        threading.Thread(target=push, args=(client, f"anna/same{number}"))
        for number, client in enumerate(both(pair) * 2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failed
    here, _ = both(pair)
    assert here.call("GET", f"/v2/anna/same3/blobs/{sha256(data)}").body == data


def test_the_collector_takes_objects_too(pair: tuple[Hub, Hub]) -> None:
    here, there = both(pair)
    kept, gone = os.urandom(1000), os.urandom(7_000_000)
    here.push_image("anna/kept", "latest", [kept])
    digest = here.push_image("anna/gone", "latest", [gone])
    there.call("DELETE", f"/v2/anna/gone/manifests/{digest}")
    pair[1].admin("gc", unused_after=0)
    assert here.call("GET", f"/v2/anna/gone/blobs/{sha256(gone)}").status == 404
    assert here.call("GET", f"/v2/anna/kept/blobs/{sha256(kept)}").body == kept
    assert here.push_blob("anna/gone", gone) == sha256(gone)
    assert there.call("GET", f"/v2/anna/gone/blobs/{sha256(gone)}").body == gone


def test_the_lists_are_ordered_as_in_sqlite(pair: tuple[Hub, Hub]) -> None:
    here, there = both(pair)
    here.push_blob("anna/tags", b"{}")
    tags = ["Beta", "alpha", "ALPHA2", "1.0", "1.0-rc", "a_b", "a-b", "a.b"]
    for tag in tags:
        here.push_manifest("anna/tags", tag, manifest(b"{}", []))
    wanted = sorted(tags, key=lambda tag: (tag.lower(), tag))
    assert there.call("GET", "/v2/anna/tags/tags/list").json()["tags"] == wanted
    page = there.call("GET", f"/v2/anna/tags/tags/list?n=2&last={wanted[1]}").json()["tags"]
    assert page == wanted[2:4]


def test_accounts_search_and_log(pair: tuple[Hub, Hub]) -> None:
    first, second = pair
    first.admin("org add", "acme", "anna")
    second.admin("org member", "acme", "bob", role="writer")
    second.client("bob").push_image("acme/found", "latest", [b"x"])
    found = first.client().raw("GET", "/v1/search?q=FOUND").json()["results"]
    assert [one["name"] for one in found] == ["acme/found"]
    assert "manifest.push" in first.admin("audit", tail=20)
    secret = first.admin("token add", "bob", scope=["pull"])
    assert secret.startswith("gorae_") and "pull" in second.admin("token ls", "bob")
    second.admin("user set", "bob", quota=10)
    answer = first.client("bob").call(
        "POST", f"/v2/bob/big/blobs/uploads/?digest={sha256(b'y' * 100)}", b"y" * 100
    )
    assert answer.status == 413


def test_blobs_by_redirect(tmp_path: Path) -> None:
    """Clients fetch from the object store themselves, by a URL that is good for a while."""
    with object_store() as storage:
        one = Hub(tmp_path, f"{storage}redirect = true\n")
        one.user("anna")
        one.start()
        try:
            digest = one.client("anna").push_blob("anna/app", b"elsewhere")
            answer = one.client("anna").call("GET", f"/v2/anna/app/blobs/{digest}")
            assert answer.status == 307 and "X-Amz-Signature=" in answer.headers["Location"]
            found = urllib3.request("GET", answer.headers["Location"])
            assert found.status == 200 and found.data == b"elsewhere"
        finally:
            one.stop()
