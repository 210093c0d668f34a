"""The hub against docker-registry for the same client: push and pull of one image, medians.

    PYTHONPATH=src .venv/bin/python -m tests.hub.pace --rounds 5 --megabytes 300

Each round begins with an empty store; three blobs travel at once, as docker has it.
"""

import argparse
import http.client
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from tests.hub.load import Image
from tests.hubserver import OCI_MANIFEST, hub, sha256
from tests.peers.docker_registry import docker_registry

AT_ONCE = 3
PIECE = 256 << 10


class Wire:
    """One registry on loopback; `token` empty: it asks for none."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def _ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, blocksize=PIECE, timeout=600
        )
        connection.request(method, path, body, {**self._headers, **headers})  # type: ignore[arg-type]
        response = connection.getresponse()
        assert response.status < 300, (response.status, response.read())
        return response

    def _send(self, name: str, digest: str, body: object, size: int) -> None:
        opened = self._ask("POST", f"/v2/{name}/blobs/uploads/", **{"Content-Length": "0"})
        where = _local(opened.headers["Location"])
        sent = self._ask("PATCH", where, body, **{"Content-Length": str(size)})
        where = _local(sent.headers["Location"])
        joiner = "&" if "?" in where else "?"
        self._ask("PUT", f"{where}{joiner}digest={digest}", **{"Content-Length": "0"}).read()

    def push(self, name: str, image: Image) -> float:
        """Seconds for all blobs and the manifest."""
        started = time.monotonic()

        def layer(one: tuple[str, Path, int]) -> None:
            digest, path, size = one
            with path.open("rb") as file:
                self._send(name, digest, file, size)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(layer, image.layers))
        self._send(name, sha256(image.config), image.config, len(image.config))
        kind = {"Content-Type": OCI_MANIFEST}
        self._ask("PUT", f"/v2/{name}/manifests/latest", image.manifest(), **kind).read()
        return time.monotonic() - started

    def pull(self, name: str, image: Image) -> float:
        """Seconds for all blobs."""
        started = time.monotonic()

        def layer(one: tuple[str, Path, int]) -> None:
            response = self._ask("GET", f"/v2/{name}/blobs/{one[0]}")
            buffer = bytearray(PIECE)
            while response.readinto(buffer):
                pass

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(layer, image.layers))
        return time.monotonic() - started


def _local(location: str) -> str:
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=300)
    wanted = parser.parse_args()
    seen: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="gorae-pace-") as text:
        image = Image.make(Path(text), wanted.megabytes * 1_000_000)
        for number in range(wanted.rounds):
            folder = Path(text) / str(number)
            folder.mkdir()
            with hub(folder) as ours:
                anna = ours.client("anna")
                scope = "repository:anna/pace:pull,push"
                token = anna.token(f'Bearer realm="{ours.url}/token",service="x",scope="{scope}"')
                wire = Wire(ours.port, token)
                seen.setdefault("hub push", []).append(wire.push("anna/pace", image))
                seen.setdefault("hub pull", []).append(wire.pull("anna/pace", image))
            with docker_registry(folder / "registry") as theirs:
                wire = Wire(theirs.port, "")
                seen.setdefault("docker-registry push", []).append(wire.push("anna/pace", image))
                seen.setdefault("docker-registry pull", []).append(wire.pull("anna/pace", image))
    medians = {key: statistics.median(values) for key, values in seen.items()}
    for key, value in medians.items():
        print(f"{key:22} {value:6.2f} s   {', '.join(f'{one:.2f}' for one in seen[key])}")
    for act in ("push", "pull"):
        print(
            f"{act}: {medians[f'hub {act}'] / medians[f'docker-registry {act}']:.2f} of docker-registry"
        )


if __name__ == "__main__":
    main()
