"""Cut connections, a full disk, kill -9: nothing half stored is visible, and a retry completes."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hubserver import Client, Hub, hub, manifest, sha256

SIZE = 8_000_000


def token(one: Hub, client: Client, name: str) -> dict[str, str]:
    """A header with the right to push there."""
    challenge = f'Bearer realm="{one.url}/token",service="x",scope="repository:{name}:pull,push"'
    return {"Authorization": f"Bearer {client.token(challenge)}"}


def send_part(one: Hub, location: str, headers: dict[str, str], data: bytes, sent: int) -> None:
    """A PATCH that promises all of `data`, gives `sent` bytes of it, and is cut."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=20) as wire:
        head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        wire.sendall(head.encode() + b"\r\n" + data[:sent])


def arrived(client: Client, location: str, headers: dict[str, str], at_least: int) -> int:
    """How many bytes the hub has, once it has so many."""
    end = time.monotonic() + 90
    while True:
        answer = client.raw("GET", location, headers=headers)
        assert answer.status == 204, answer.body
        found = int(answer.headers["Range"].split("-")[1]) + 1
        if found >= at_least:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def go_on(client: Client, location: str, headers: dict[str, str], data: bytes, first: int) -> None:
    """Send the rest, and only the rest; then the blob is."""
    digest = sha256(data)
    end = time.monotonic() + 60
    while True:
        chunk = {**headers, "Content-Range": f"{first}-{len(data) - 1}"}
        answer = client.raw("PATCH", location, data[first:], chunk)
        if answer.status not in (409, 416):
            break
        assert (
            time.monotonic() < end
        )  # the cut request is still being noticed: ask again where it stands
        time.sleep(0.05)
        first = arrived(client, location, headers, first)
    assert answer.status == 202, answer.body
    done = client.raw("PUT", f"{location}?digest={digest}", headers=headers)
    assert done.status == 201, done.body
    assert client.raw("GET", done.headers["Location"], headers=headers).body == data


def test_a_cut_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with hub(tmp_path) as one:
        anna = one.client("anna")
        headers = token(one, anna, "anna/app")
        location = anna.raw("POST", "/v2/anna/app/blobs/uploads/", headers=headers).headers[
            "Location"
        ]
        send_part(one, location, headers, data, SIZE // 2)
        first = arrived(anna, location, headers, SIZE // 4)  # what was on its way may be lost
        assert first <= SIZE // 2
        assert anna.raw("HEAD", f"/v2/anna/app/blobs/{sha256(data)}", headers=headers).status == 404
        go_on(anna, location, headers, data, first)


def test_a_cut_in_the_middle_of_a_download(tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    with hub(tmp_path) as one:
        anna = one.client("anna")
        digest = anna.push_blob("anna/app", data)
        headers = token(one, anna, "anna/app")
        connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=20)
        connection.request("GET", f"/v2/anna/app/blobs/{digest}", headers=headers)
        head = connection.getresponse().read(SIZE // 3)
        connection.close()
        rest = anna.raw(
            "GET",
            f"/v2/anna/app/blobs/{digest}",
            headers={**headers, "Range": f"bytes={len(head)}-"},
        )
        assert rest.status == 206 and head + rest.body == data


def test_killed_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    """What had come is still here, the digest is computed anew, and the rest alone is sent."""
    data = os.urandom(SIZE)
    with hub(tmp_path) as one:
        anna = one.client("anna")
        whole = anna.push_blob("anna/app", b"arrived whole")
        headers = token(one, anna, "anna/app")
        location = anna.raw("POST", "/v2/anna/app/blobs/uploads/", headers=headers).headers[
            "Location"
        ]
        with socket.create_connection(("127.0.0.1", one.port), timeout=20) as wire:
            head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n"
            head += f"Authorization: {headers['Authorization']}\r\n\r\n"
            wire.sendall(head.encode() + data[: SIZE // 2])
            (path,) = (one.root / "hub" / "uploads").iterdir()
            end = time.monotonic() + 90
            while path.stat().st_size < SIZE // 4:
                assert time.monotonic() < end
                time.sleep(0.01)
            one.kill()
        one.start()
        assert anna.raw("HEAD", f"/v2/anna/app/blobs/{sha256(data)}", headers=headers).status == 404
        assert anna.raw("HEAD", f"/v2/anna/app/blobs/{whole}", headers=headers).status == 200
        first = arrived(anna, location, headers, SIZE // 4)
        assert first <= SIZE // 2
        go_on(anna, location, headers, data, first)


@pytest.mark.parametrize("turn", range(3))
def test_killed_under_load(tmp_path: Path, turn: int) -> None:
    """Pushes, deletes and the collector at work, kill -9 at some moment: what was acknowledged is whole."""
    with hub(tmp_path) as one:
        acknowledged: list[tuple[str, str, list[bytes]]] = []

        def work(number: int) -> None:
            with contextlib.suppress(Exception):
                client = one.client("anna")
                for step in range(1000):
                    layers = [os.urandom(20_000), f"{number} {step}".encode()]
                    name = f"anna/r{number}"
                    digest = client.push_image(name, f"t{step}", layers)
                    acknowledged.append((name, digest, layers))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 90
        while len(acknowledged) < 4 + 3 * turn:
            assert time.monotonic() < end, one.tail()
            time.sleep(0.01)
        one.kill()
        for thread in threads:
            thread.join()
        one.start()
        one.admin("gc", unused_after=0)
        anna = one.client("anna")
        for name, digest, layers in acknowledged:
            found = anna.call("GET", f"/v2/{name}/manifests/{digest}")
            assert sha256(found.body) == digest
            for layer in layers:
                assert anna.call("GET", f"/v2/{name}/blobs/{sha256(layer)}").body == layer
        assert not list((one.root / "hub" / "uploads").iterdir())
        for path in (one.root / "content" / "blobs" / "sha256").glob("*/*"):
            assert sha256(path.read_bytes()) == f"sha256:{path.name}"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)])
    if done.returncode:
        pytest.skip("needs root to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    """The push fails with words, what is here stays, and goes on once there is room."""
    with hub(small_disk) as one:
        anna = one.client("anna")
        kept = anna.push_image("anna/kept", "latest", [os.urandom(1_000_000)])
        big = os.urandom(30_000_000)
        answer = anna.call("POST", f"/v2/anna/big/blobs/uploads/?digest={sha256(big)}", big)
        assert answer.status == 503
        assert (
            answer.json()["errors"][0]["message"]
            == "no space left on device: free some and try again"
        )
        assert anna.call("HEAD", f"/v2/anna/big/blobs/{sha256(big)}").status == 404
        assert anna.call("GET", f"/v2/anna/kept/manifests/{kept}").status == 200
        one.admin("gc", unused_after=0)
        anna.push_image("anna/next", "latest", [os.urandom(1_000_000)])


def test_lies_about_the_digest_and_the_length(tmp_path: Path) -> None:
    with hub(tmp_path) as one:
        anna = one.client("anna")
        headers = token(one, anna, "anna/app")
        wrong = "sha256:" + "0" * 64
        path = f"/v2/anna/app/blobs/uploads/?digest={wrong}"
        answer = anna.raw("POST", path, b"honest bytes", headers)
        assert answer.status == 400 and answer.codes == ["DIGEST_INVALID"]
        location = anna.raw("POST", "/v2/anna/app/blobs/uploads/", headers=headers).headers[
            "Location"
        ]
        chunk = {**headers, "Content-Range": "0-99"}
        assert anna.raw("PATCH", location, b"fewer", chunk).status == 416
        assert not list((one.root / "content" / "blobs" / "sha256").glob("*/*"))
        document = manifest(b"{}", [])
        document["config"]["size"] = 77
        anna.push_blob("anna/app", b"{}")
        raw = json.dumps(document).encode()
        put = anna.raw("PUT", "/v2/anna/app/manifests/x", raw, headers)
        assert put.status == 400 and put.codes == ["MANIFEST_INVALID"]


def test_two_who_push_the_same_bytes_both_succeed(tmp_path: Path) -> None:
    data = os.urandom(SIZE // 4)
    with hub(tmp_path, users=("anna", "bob")) as one:
        threads, failed = [], []

        def push(account: str) -> None:
            try:
                one.client(account).push_image(f"{account}/same", "latest", [data])
            except BaseException as error:
                failed.append(error)

        for account in ("anna", "bob", "anna", "bob"):
            threads.append(threading.Thread(target=push, args=(account,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        assert not failed
        for account in ("anna", "bob"):
            answer = one.client().call("GET", f"/v2/{account}/same/blobs/{sha256(data)}")
            assert answer.body == data
