"""The collector while serving: nothing reachable is lost, what nothing reaches goes."""

import json
import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.hubserver import Hub, hub, manifest, sha256

NOW = {"unused_after": 0}


def files(one: Hub) -> set[str]:
    """The digests of the blobs on the disk."""
    found = (one.root / "content" / "blobs" / "sha256").glob("*/*")
    return {f"sha256:{path.name}" for path in found}


def test_what_a_deleted_manifest_alone_needed_goes(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        anna = one.client("anna")
        kept = anna.push_image("anna/app", "kept", [b"shared", b"kept"])
        gone = anna.push_image("anna/app", "gone", [b"shared", b"gone"])
        anna.call("DELETE", f"/v2/anna/app/manifests/{gone}")
        one.admin("gc", **NOW)
        here = files(one)
        assert {kept, sha256(b"shared"), sha256(b"kept")} <= here
        assert not {gone, sha256(b"gone")} & here
        assert anna.call("GET", "/v2/anna/app/blobs/" + sha256(b"gone")).status == 404
        assert anna.call("GET", "/v2/anna/app/blobs/" + sha256(b"shared")).body == b"shared"
        one.admin("repo rm", "anna/app")
        one.admin("gc", **NOW)
        assert files(one) == set()


def test_a_push_under_way_is_kept(tmp_path: Path) -> None:
    """Blobs come first, the manifest last: between the two only their links' age keeps them."""
    with hub(tmp_path) as one:
        anna = one.client("anna")
        for data in (b"{}", b"early layer"):
            anna.push_blob("anna/app", data)
        opened = anna.call("POST", "/v2/anna/app/blobs/uploads/").headers["Location"]
        one.admin("gc")
        assert sha256(b"early layer") in files(one)
        assert anna.call("GET", opened).status == 204
        anna.push_manifest("anna/app", "latest", manifest(b"{}", [b"early layer"]))
        one.admin("gc", **NOW)
        assert anna.call("GET", "/v2/anna/app/blobs/" + sha256(b"early layer")).status == 200
        assert anna.call("GET", opened).status == 404


def test_what_an_index_and_a_subject_need_stays(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        anna = one.client("anna")
        child = anna.push_image("anna/multi", "child", [b"of the child"])
        raw = anna.call("GET", f"/v2/anna/multi/manifests/{child}").body
        kind = "application/vnd.oci.image.manifest.v1+json"
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"mediaType": kind, "digest": child, "size": len(raw)}],
        }
        anna.push_manifest("anna/multi", "latest", index)
        anna.call("DELETE", "/v2/anna/multi/manifests/child")
        subject = {"mediaType": kind, "digest": child, "size": len(raw)}
        signature = anna.push_image("anna/multi", "sig", [b"signature"], subject=subject)
        anna.call("DELETE", "/v2/anna/multi/manifests/sig")
        one.admin("gc", **NOW, untagged_after=0)
        for digest in (child, signature):
            assert anna.call("GET", f"/v2/anna/multi/manifests/{digest}").status == 200
        anna.call("DELETE", "/v2/anna/multi/manifests/latest")
        for _ in range(3):  # the index first, then what only it and its child's referrer kept
            one.admin("gc", **NOW, untagged_after=0)
        assert files(one) == set()


def test_collecting_while_many_push_and_delete(tmp_path: Path) -> None:
    """Every image that was pushed and not deleted can be pulled whole, whatever the collector did meanwhile."""
    with hub(tmp_path) as one:
        over = threading.Event()
        passes = 0

        def collect() -> None:
            nonlocal passes
            while not over.is_set():
                one.admin("gc", unused_after=30_000_000_000)
                passes += 1

        def work(number: int) -> None:
            anna, shared = one.client("anna"), b"shared by all"
            for turn in range(6):
                own = f"layer {number} {turn}".encode() * 100
                digest = anna.push_image(f"anna/r{number}", "latest", [shared, own])
                assert anna.call("GET", f"/v2/anna/r{number}/blobs/{sha256(own)}").body == own
                if turn % 2 == 0:
                    gone = anna.call("DELETE", f"/v2/anna/r{number}/manifests/{digest}")
                    assert gone.status == 202

        collector = threading.Thread(target=collect)
        collector.start()
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        over.set()
        collector.join()
        one.admin("gc", **NOW)
        anna = one.client("anna")
        assert passes > 0
        for number in range(6):
            document = anna.call("GET", f"/v2/anna/r{number}/manifests/latest").json()
            for child in (document["config"], *document["layers"]):
                answer = anna.call("GET", f"/v2/anna/r{number}/blobs/{child['digest']}")
                assert sha256(answer.body) == child["digest"]
        # turns 1, 3 and 5 of each: manifest, config, own layer; the layer shared by all
        wanted = 6 * 3 * 3 + 1
        assert len(files(one)) == wanted


def test_a_blob_that_is_seen_again_outlives_its_age(tmp_path: Path) -> None:
    """Who may push and finds a blob there need not send it: its link is then as if made now."""
    with hub(tmp_path) as one:
        anna = one.client("anna")
        digest = anna.push_blob("anna/app", b"old blob")
        age = int(2 * 3600e9)
        _shift_links(one, age)
        path = f"/v2/anna/app/blobs/{digest}"
        assert one.client().call("HEAD", path).status == 401
        token = anna.token(
            f'Bearer realm="{one.url}/token",service="x",scope="repository:anna/app:pull,push"'
        )
        assert anna.raw("HEAD", path, headers={"Authorization": f"Bearer {token}"}).status == 200
        one.admin("gc", unused_after=int(3600e9))
        assert digest in files(one)
        _shift_links(one, age)
        one.admin("gc", unused_after=int(3600e9))
        assert digest not in files(one)


def _shift_links(one: Hub, age_ns: int) -> None:
    """Make every link older."""
    import sqlite3

    with sqlite3.connect(one.root / "gorae.db", timeout=10) as db:
        db.execute("UPDATE link SET created_ns = created_ns - ?", (age_ns,))


def test_metrics_and_health(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        one.client("anna").push_image("anna/app", "latest", [os.urandom(1000)])
        text = one.client().raw("GET", "/metrics").body.decode()
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert values["gorae_hub_repositories"] == "1" and values["gorae_hub_blobs"] == "3"
        assert float(values["gorae_hub_received_bytes_total"]) > 1000
        assert values['gorae_hub_requests_total{method="PUT",noun="manifests",status="201"}'] == "1"
        assert one.client().raw("GET", "/healthz").body == b"ok\n"


def test_a_webhook_is_told(tmp_path: Path) -> None:
    import hashlib
    import hmac
    from http.server import BaseHTTPRequestHandler, HTTPServer

    got: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with hub(tmp_path, "webhooks_to_private = true\n") as one:
            url = f"http://127.0.0.1:{server.server_address[1]}/hook"
            secret = one.admin("webhook add", "anna", url)
            one.client("anna").push_image("anna/app", "v1", [b"x"])
            end = time.monotonic() + 90
            while not got:
                assert time.monotonic() < end, one.tail()
                time.sleep(0.05)
    finally:
        server.shutdown()
    headers, body = got[0]
    assert json.loads(body)["event"] == "push" and json.loads(body)["tag"] == "v1"
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["Gorae-Signature"] == f"sha256={wanted}"


def test_a_webhook_into_the_private_network_is_not_sent(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        one.admin("webhook add", "anna", f"{one.url}/token")
        one.client("anna").push_image("anna/app", "v1", [b"x"])
        end = time.monotonic() + 90
        while "private network" not in one.tail():
            assert time.monotonic() < end, one.tail()
            time.sleep(0.05)


@pytest.mark.parametrize("gone", [1, 40, 80])
def test_killed_while_collecting(tmp_path: Path, gone: int) -> None:
    """A collector that died after so many files: what is reachable is whole, what was dead comes back or goes."""
    with hub(tmp_path) as one:
        anna = one.client("anna")
        layers = [os.urandom(1000) for _ in range(3)]
        kept = anna.push_image("anna/kept", "1", layers)
        dead = [os.urandom(1000) for _ in range(100)]
        for data in dead:
            anna.push_blob("anna/dead", data)
        before = len(files(one))
        argv = one._argv("gc", (), NOW)
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as work:
            while work.poll() is None and len(files(one)) > before - gone:
                time.sleep(0.001)
            work.kill()
        again = anna.push_image("anna/again", "1", dead[::10])
        one.kill()
        one.start()
        for name, digest, own in (("kept", kept, layers), ("again", again, dead[::10])):
            found = anna.call("GET", f"/v2/anna/{name}/manifests/{digest}")
            assert sha256(found.body) == digest
            for data in own:
                assert anna.call("GET", f"/v2/anna/{name}/blobs/{sha256(data)}").body == data
        one.admin("gc", **NOW)
        config = anna.call("GET", f"/v2/anna/kept/manifests/{kept}").json()["config"]["digest"]
        other = anna.call("GET", f"/v2/anna/again/manifests/{again}").json()["config"]["digest"]
        wanted = {kept, again, config, other, *map(sha256, (*layers, *dead[::10]))}
        assert files(one) == wanted


def test_a_database_of_another_folder_takes_nothing_away(tmp_path: Path) -> None:
    """Whoever starts a hub on a new database by mistake finds the blobs when he gives back the right one."""
    with hub(tmp_path) as one:
        digest = one.client("anna").push_image("anna/app", "1", [b"layer"])
        one.stop()
        before = files(one)
        kept = tmp_path / "kept"
        kept.mkdir()
        for path in one.root.glob("gorae.db*"):
            path.rename(kept / path.name)
        one.start()
        one.stop()
        assert files(one) == before
        for path in one.root.glob("gorae.db*"):
            path.unlink()
        for path in kept.iterdir():
            path.rename(one.root / path.name)
        one.start()
        assert one.client().call("GET", f"/v2/anna/app/manifests/{digest}").status == 200
