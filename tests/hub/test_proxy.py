"""A hub that shows another one's images: fetched once, kept, and there while the other is away."""

import contextlib
import http.client
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hubserver import Hub, hub, sha256
from tests.peers.faulty import Faulty


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


SIZE = 4_000_000


@contextlib.contextmanager
def street(tmp_path: Path) -> Iterator[tuple[Hub, Faulty, Hub]]:
    """A hub, a front that does wrong on demand before it, and a hub that sees it through that."""
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    with hub(tmp_path / "there") as other, Faulty(other.port) as front:
        settings = f'[[proxy]]\nnamespace = "mirror"\nurl = "{front.url}"\nmax_age_s = 0\n'
        near = Hub(tmp_path / "here", settings)
        near.start()
        try:
            yield other, front, near
        finally:
            near.stop()


def path_of(data: bytes) -> str:
    return f"/v2/mirror/anna/app/blobs/{sha256(data)}"


def leftovers(near: Hub) -> list[Path]:
    return list((near.root / "hub" / "uploads").iterdir())


def gets(front: Faulty, data: bytes) -> list[str]:
    """The ranges that the other hub was asked for."""
    return [one.headers.get("Range", "") for one in front.made("GET", sha256(data))]


def test_the_first_bytes_come_before_the_last_are_here(tmp_path: Path) -> None:
    """Two read while one fetch is under way, one of them a part; and it is kept."""
    data = os.urandom(SIZE)
    with street(tmp_path) as (other, front, near):
        other.client("anna").push_image("anna/app", "1", [data])
        go_on = threading.Event()
        front.rule(sha256(data), method="GET", pause_at=SIZE // 2, until=go_on)
        first, second = (
            http.client.HTTPConnection("127.0.0.1", near.port, timeout=60) for _ in "12"
        )
        first.request("GET", path_of(data))
        answer = first.getresponse()
        assert answer.status == 200 and answer.headers["Content-Length"] == str(SIZE)
        head = answer.read(SIZE // 4)
        second.request("GET", path_of(data), headers={"Range": f"bytes={SIZE // 8}-"})
        part = second.getresponse()
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {SIZE // 8}-{SIZE - 1}/{SIZE}"
        begun = part.read(SIZE // 8)
        asked = near.client().call("HEAD", path_of(data))
        assert asked.status == 200 and asked.headers["Content-Length"] == str(SIZE)
        assert not go_on.is_set() and not list(near.root.glob("content/blobs/sha256/*/*"))
        go_on.set()
        assert head + answer.read() == data
        assert begun + part.read() == data[SIZE // 8 :]
        first.close()
        second.close()
        assert gets(front, data) == [""]
        other.stop()
        assert near.client().call("GET", path_of(data)).body == data
        assert leftovers(near) == []


def test_wrong_bytes_are_never_a_whole_answer(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with street(tmp_path) as (other, front, near):
        other.client("anna").push_image("anna/app", "1", [data])
        front.rule(sha256(data), method="GET", change=lambda good: good[:-1] + b"x")
        connection = http.client.HTTPConnection("127.0.0.1", near.port, timeout=60)
        connection.request("GET", path_of(data))
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            connection.getresponse().read()
        connection.close()
        assert not list(near.root.glob("content/blobs/sha256/*/*")) and leftovers(near) == []
        assert near.client().call("GET", path_of(data)).body == data


def test_a_cut_on_the_way_here_is_mended(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with street(tmp_path) as (other, front, near):
        other.client("anna").push_image("anna/app", "1", [data])
        front.rule(sha256(data), method="GET", times=2, cut_answer=1_000_000)
        assert near.client().call("GET", path_of(data)).body == data
        first, second, third = gets(front, data)
        assert first == "" and second.startswith("bytes=") and third.startswith("bytes=")


def test_a_reader_that_leaves_ends_nothing(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with street(tmp_path) as (other, front, near):
        other.client("anna").push_image("anna/app", "1", [data])
        go_on = threading.Event()
        front.rule(sha256(data), method="GET", pause_at=SIZE // 2, until=go_on)
        connection = http.client.HTTPConnection("127.0.0.1", near.port, timeout=60)
        connection.request("GET", path_of(data))
        connection.getresponse().read(1000)
        connection.close()
        go_on.set()
        assert near.client().call("GET", path_of(data)).body == data
        assert gets(front, data) == [""]


def test_killed_in_the_middle_of_a_fetch(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with street(tmp_path) as (other, front, near):
        other.client("anna").push_image("anna/app", "1", [data])
        go_on = threading.Event()
        front.rule(sha256(data), method="GET", pause_at=SIZE // 2, until=go_on)
        connection = http.client.HTTPConnection("127.0.0.1", near.port, timeout=60)
        connection.request("GET", path_of(data))
        connection.getresponse().read(1000)
        near.kill()
        connection.close()
        go_on.set()
        near.start()
        assert not list(near.root.glob("content/blobs/sha256/*/*"))
        assert near.client().call("GET", path_of(data)).body == data
