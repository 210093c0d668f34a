"""Many pulls and pushes at once against one hub; every digest checked, the hub's memory watched.

    PYTHONPATH=src .venv/bin/python -m tests.hub.load --pulls 200 --pushes 20 --megabytes 300

Each puller takes a manifest and all its blobs, each pusher sends all blobs and the manifest into a repository of its
own. Pullers and pushers share few threads: what is measured is the hub.
"""

import argparse
import hashlib
import http.client
import json
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hubserver import OCI_MANIFEST, Client, Hub, hub, sha256

LAYERS = 6
PIECE = 256 << 10


@dataclass
class Image:
    """An image as files: each layer once on the disk, whoever pushes it."""

    folder: Path
    config: bytes = b'{"architecture":"amd64","os":"linux"}'
    layers: list[tuple[str, Path, int]] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path, total_bytes: int) -> "Image":
        one = cls(folder)
        for number in range(LAYERS):
            path = folder / f"layer{number}"
            digest = hashlib.sha256()
            with path.open("wb") as file:
                left = total_bytes // LAYERS
                while left > 0:
                    piece = os.urandom(min(left, 1 << 20))
                    digest.update(piece)
                    file.write(piece)
                    left -= len(piece)
            one.layers.append((f"sha256:{digest.hexdigest()}", path, path.stat().st_size))
        return one

    def manifest(self) -> bytes:
        """Its manifest's bytes."""
        layer = "application/vnd.oci.image.layer.v1.tar"
        config = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": sha256(self.config),
            "size": len(self.config),
        }
        layers = [
            {"mediaType": layer, "digest": digest, "size": size} for digest, _, size in self.layers
        ]
        document: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST}
        return json.dumps({**document, "config": config, "layers": layers}).encode()


def push(hub_: Hub, client: Client, name: str, image: Image) -> None:
    """As docker pushes: POST, PATCH as a stream, PUT; the manifest last."""
    client.push_blob(name, image.config)
    token = client.token(
        f'Bearer realm="{hub_.url}/token",service="gorae-hub",scope="repository:{name}:pull,push"'
    )
    headers = {"Authorization": f"Bearer {token}"}
    for digest, path, size in image.layers:
        connection = http.client.HTTPConnection(
            "127.0.0.1", hub_.port, timeout=600, blocksize=PIECE
        )
        connection.request("POST", f"/v2/{name}/blobs/uploads/", headers=headers)
        location = _done(connection, 202).headers["Location"]
        with path.open("rb") as file:
            sent = {**headers, "Content-Length": str(size)}
            connection.request("PATCH", location, file, sent)
            _done(connection, 202)
        connection.request("PUT", f"{location}?digest={digest}", headers=headers)
        _done(connection, 201)
        connection.close()
    answer = client.call(
        "PUT", f"/v2/{name}/manifests/latest", image.manifest(), {"Content-Type": OCI_MANIFEST}
    )
    assert answer.status == 201, answer.body


def _done(connection: http.client.HTTPConnection, status: int) -> http.client.HTTPResponse:
    response = connection.getresponse()
    body = response.read()
    assert response.status == status, (response.status, body)
    return response


def pull(hub_: Hub, name: str, begin: threading.Barrier | None = None) -> int:
    """Manifest and blobs, each digest checked; the bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", hub_.port, timeout=600)
    if begin is not None:
        connection.connect()
        begin.wait(60)
    connection.request("GET", f"/v2/{name}/manifests/latest")
    response = connection.getresponse()
    document = json.loads(response.read())
    assert response.status == 200
    total = 0
    buffer = bytearray(PIECE)
    view = memoryview(buffer)
    for one in (document["config"], *document["layers"]):
        connection.request("GET", f"/v2/{name}/blobs/{one['digest']}")
        response = connection.getresponse()
        assert response.status == 200, response.read()
        digest = hashlib.sha256()
        while count := response.readinto(buffer):
            digest.update(view[:count])
            total += count
        assert f"sha256:{digest.hexdigest()}" == one["digest"]
    connection.close()
    return total


def run(hub_: Hub, image: Image, pulls: int, pushes: int) -> dict[str, float]:
    """All at once; seconds, bytes pulled, the hub's largest resident memory.

    Raises: whatever any of them met.
    """
    client = hub_.client("anna")
    push(hub_, client, "anna/load", image)
    most, over = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, hub_.resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = threading.Barrier(pulls)
    started = time.monotonic()
    try:
        with ThreadPoolExecutor(pulls + pushes) as pool:
            pushing = [
                pool.submit(push, hub_, hub_.client("anna"), f"anna/push{number}", image)
                for number in range(pushes)
            ]
            pulling = [pool.submit(pull, hub_, "anna/load", begin) for _ in range(pulls)]
            total = sum(one.result() for one in pulling)
            for one in pushing:
                one.result()
    finally:
        over.set()
        watcher.join()
    return {"seconds": time.monotonic() - started, "bytes": total, "resident": most}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pulls", type=int, default=200)
    parser.add_argument("--pushes", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=300)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gorae-load-") as text:
        folder = Path(text)
        image = Image.make(folder, wanted.megabytes * 1_000_000)
        with hub(folder) as one:
            done = run(one, image, wanted.pulls, wanted.pushes)
    print(
        f"{wanted.pulls} pulls and {wanted.pushes} pushes of {wanted.megabytes} MB: {done['seconds']:.1f} s, "
        f"{done['bytes'] / 1e6 / done['seconds']:.0f} MB/s pulled, hub at most {done['resident'] / 1e6:.0f} MB resident"
    )


if __name__ == "__main__":
    main()
