"""Debian's docker-registry on a loopback port, over an empty folder: open to all, with a password file, or with tokens.

`enter` is put before its command line: `nsenter ... -n` starts it in another network namespace.
"""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.peers.papers import Pair
from tests.peers.token_server import TokenServer

PATIENCE_S = 20
USER, PASSWORD = "alice", "wonder:land"
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
# bcrypt of the password, cost 5
HTPASSWD = "alice:$2b$05$0Hc/5gpjAuhEb.KTSAZUBeOfVX6F/aS1jWMIJE8DV9BwZL33SZGky\n"


class DockerRegistry:
    """One process. `host` is what stands in an image's name; `log` holds what it said."""

    def __init__(
        self,
        folder: Path,
        *,
        htpasswd: bool = False,
        tokens: TokenServer | None = None,
        port: int = 0,
        enter: Sequence[str] = (),
        address: str = "127.0.0.1",
        tls: Pair | None = None,
        clients: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.address = address
        self.host = f"{address}:{self.port}"
        self.url = f"{'http' if tls is None else 'https'}://{self.host}"
        self._tls = tls
        self._clients = clients
        self._enter = list(enter)
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self._config(htpasswd, tokens)))

    def _config(self, htpasswd: bool, tokens: TokenServer | None) -> dict[str, object]:
        config: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {
                "filesystem": {"rootdirectory": str(self.folder / "data")},
                "delete": {"enabled": True},
            },
            "http": {"addr": self.host},
        }
        if htpasswd:
            (self.folder / "htpasswd").write_text(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "tests", "path": str(self.folder / "htpasswd")}}
        if tokens is not None:
            config["auth"] = {
                "token": {
                    "realm": tokens.url,
                    "service": "tests",
                    "issuer": "tests",
                    "rootcertbundle": str(tokens.certificate),
                }
            }
        if self._tls is not None:
            config["http"] = {
                "addr": self.host,
                "tls": {
                    "certificate": str(self._tls.cert),
                    "key": str(self._tls.key),
                    **({"clientcas": [str(self._clients)]} if self._clients else {}),
                },
            }
        return config

    def start(self) -> None:
        """Serve, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._enter, "docker-registry", "serve", str(self.folder / "config.json")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + PATIENCE_S
        call = f"import socket; socket.create_connection(('{self.address}', {self.port}), 1)"
        probe = [*self._enter, sys.executable, "-IS", "-c", call]
        while subprocess.run(probe, stderr=subprocess.DEVNULL, timeout=PATIENCE_S).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "docker-registry does not answer"
            time.sleep(0.05)

    def freeze(self) -> None:
        """It answers nothing more, and its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it; what it holds stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def empty(self) -> None:
        """Forget all that it holds. It keeps nothing in memory that would tell."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def blobs(self) -> set[str]:
        """The digests of what it holds whole."""
        folder = self.folder / "data/docker/registry/v2/blobs/sha256"
        return {f"sha256:{one.parent.name}" for one in folder.glob("*/*/data")}

    def manifest(self, path: str, reference: str) -> bytes:
        """A manifest's bytes, asked for without any client of ours."""
        asked = urllib.request.Request(f"{self.url}/v2/{path}/manifests/{reference}")
        asked.add_header("Accept", ", ".join(MANIFESTS))
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            data: bytes = answer.read()
        return data


@contextlib.contextmanager
def docker_registry(
    folder: Path,
    *,
    htpasswd: bool = False,
    tokens: TokenServer | None = None,
    port: int = 0,
    enter: Sequence[str] = (),
    address: str = "127.0.0.1",
    tls: Pair | None = None,
    clients: Path | None = None,
) -> Iterator[DockerRegistry]:
    """A running one for the length of the block. `tls`: its certificate; `clients`: whose certificates it wants."""
    one = DockerRegistry(
        folder,
        htpasswd=htpasswd,
        tokens=tokens,
        port=port,
        enter=enter,
        address=address,
        tls=tls,
        clients=clients,
    )
    try:
        one.start()
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
