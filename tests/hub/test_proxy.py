"""A hub that shows another one's images: fetched once, kept, and there while the other is away."""

from pathlib import Path

from tests.hubserver import Hub, hub, sha256


def test_pulled_through_and_kept(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    with hub(there) as other:
        layers = [b"first layer" * 1000, b"second"]
        digest = other.client("anna").push_image("anna/app", "1", layers)
        settings = f'[[proxy]]\nnamespace = "mirror"\nurl = "{other.url}"\nmax_age_s = 0\n'
        near = Hub(here, settings)
        near.user("bob")
        near.start()
        try:
            stranger = near.client()
            found = stranger.call("GET", "/v2/mirror/anna/app/manifests/1")
            assert found.status == 200 and sha256(found.body) == digest, found.body
            for data in layers:
                path = f"/v2/mirror/anna/app/blobs/{sha256(data)}"
                assert stranger.call("GET", path).body == data
            assert stranger.call("GET", "/v2/mirror/anna/app/tags/list").json()["tags"] == ["1"]
            missing = stranger.call("GET", "/v2/mirror/anna/app/manifests/nope")
            assert missing.status == 404 and missing.codes == ["MANIFEST_UNKNOWN"]
            assert near.client("bob").call("POST", "/v2/mirror/x/blobs/uploads/").status == 401
            newer = other.client("anna").push_image("anna/app", "1", [b"newer"])
            found = stranger.call("GET", "/v2/mirror/anna/app/manifests/1")
            assert sha256(found.body) == newer
            other.stop()
            near.admin("gc", unused_after=0)
            found = stranger.call("GET", "/v2/mirror/anna/app/manifests/1")
            assert sha256(found.body) == newer
            for data in layers:
                path = f"/v2/mirror/anna/app/blobs/{sha256(data)}"
                assert stranger.call("GET", path).body == data
            gone = stranger.call("GET", f"/v2/mirror/anna/app/blobs/{sha256(b'newer')}")
            assert gone.status == 503
        finally:
            near.stop()
