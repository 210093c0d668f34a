"""A hub of a test's own: its folder, port and process; and a client that speaks to any registry."""

import base64
import contextlib
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from gorae.hub.main import main

SRC = Path(__file__).parents[1] / "src"
PATIENCE_S = 90
PASSWORD = "correct horse"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Hub:
    """One hub. `settings` are lines of its configuration file."""

    def __init__(self, folder: Path, settings: str = "", port: int = 0) -> None:
        self.folder = folder
        self.root = folder / "hub"
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"
        self.log = folder / "hub.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.config = folder / "hub.toml"
        self.config.write_text(f'log_level = "debug"\n{settings}')

    def _argv(self, command: str, arguments: tuple[str, ...], options: dict[str, Any]) -> list[str]:
        common = {"root": str(self.root), "config": str(self.config)}
        document = {
            "command": command,
            "options": {**common, **options},
            "arguments": list(arguments),
        }
        return [sys.executable, "-I", str(SRC / "gorae" / "hub"), json.dumps(document)]

    def run(
        self, command: str, *arguments: str, stdin: str = "", **options: Any
    ) -> tuple[int, str, str]:
        """A command of administration, here and not in a process: status, output, complaint."""
        document = self._argv(command, arguments, options)[-1]
        out, err, before = io.StringIO(), io.StringIO(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = main([document])
        finally:
            sys.stdin = before
        return status, out.getvalue(), err.getvalue()

    def admin(self, command: str, *arguments: str, stdin: str = "", **options: Any) -> str:
        """One that must succeed; its output."""
        status, out, err = self.run(command, *arguments, stdin=stdin, **options)
        assert status == 0, err
        return out.strip()

    def user(self, *names: str, **options: Any) -> None:
        """Make accounts, all with one password."""
        for name in names:
            self.admin("user add", name, stdin=f"{PASSWORD}\n", password_stdin=True, **options)

    def start(self, env: dict[str, str] | None = None, prefix: tuple[str, ...] = ()) -> None:
        """Start it and wait until it answers."""
        argv = [*prefix, *self._argv("serve", (), {"listen": [self.address]})]
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(env or {})},
            )
        end = time.monotonic() + PATIENCE_S
        while b"listening on" not in self.log.read_bytes()[before:]:
            assert self.process.poll() is None and time.monotonic() < end, self.tail()
            time.sleep(0.05)

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """kill -9: an ordinary event."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        """Ask it to leave."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def client(self, account: str = "", secret: str = PASSWORD) -> "Client":
        """As an account, or as a stranger."""
        return Client(self.url, account, secret if account else "")

    def resident_bytes(self) -> int:
        """The process's memory."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@contextlib.contextmanager
def hub(folder: Path, settings: str = "", users: tuple[str, ...] = ("anna",)) -> Iterator[Hub]:
    """A running hub with these users."""
    one = Hub(folder, settings)
    one.user(*users)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The registry's error codes."""
        return [one["code"] for one in self.json()["errors"]]


@dataclass
class Client:
    """Speaks the distribution API and the token protocol; never retries, never follows."""

    url: str
    account: str = ""
    secret: str = ""
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))
    tokens: dict[str, str] = field(default_factory=dict)

    def basic(self) -> dict[str, str]:
        """The account's header; none for a stranger."""
        if not self.account:
            return {}
        text = base64.b64encode(f"{self.account}:{self.secret}".encode()).decode()
        return {"Authorization": f"Basic {text}"}

    def raw(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request as given."""
        url = path if path.startswith("http") else self.url + path
        response = self.pool.request(
            method, url, body=body, headers=headers or {}, redirect=False, timeout=60
        )
        return Answer(response.status, response.headers, response.data)

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; on a challenge a token is fetched, kept for its scope, and it is sent again."""
        key = path.partition("?")[0].rpartition("/")[0]
        sent = dict(headers or {})
        if key in self.tokens:
            sent["Authorization"] = f"Bearer {self.tokens[key]}"
        answer = self.raw(method, path, body, sent)
        challenge = answer.headers.get("WWW-Authenticate", "")
        if answer.status != 401 or not challenge:
            return answer
        if challenge.startswith("Basic"):
            return self.raw(method, path, body, {**sent, **self.basic()})
        sent["Authorization"] = f"Bearer {self.token(challenge)}"
        again = self.raw(method, path, body, sent)
        if again.status != 401:
            self.tokens[key] = sent["Authorization"].removeprefix("Bearer ")
        return again

    def token(self, challenge: str) -> str:
        """What a challenge asks for."""
        words = dict(
            part.strip().split("=", 1) for part in challenge.removeprefix("Bearer ").split('",')
        )
        words = {key: value.strip('"') for key, value in words.items()}
        query = f"service={words['service']}"
        if "scope" in words:
            query += f"&scope={words['scope']}"
        answer = self.raw("GET", f"{words['realm']}?{query}", headers=self.basic())
        assert answer.status == 200, answer.body
        return str(answer.json()["token"])

    def push_blob(self, name: str, data: bytes) -> str:
        """POST then PUT; the digest."""
        digest = sha256(data)
        started = self.call("POST", f"/v2/{name}/blobs/uploads/", headers={"Content-Length": "0"})
        assert started.status == 202, started.body
        done = self.call(
            "PUT",
            with_query(self.absolute(started.headers["Location"]), f"digest={digest}"),
            data,
            {"Content-Type": "application/octet-stream"},
        )
        assert done.status == 201, done.body
        return digest

    def absolute(self, location: str) -> str:
        """A Location header as an absolute URL."""
        return location if location.startswith("http") else self.url + location

    def push_manifest(self, name: str, reference: str, document: dict[str, Any]) -> str:
        """PUT; the digest."""
        raw = json.dumps(document).encode()
        answer = self.call(
            "PUT",
            f"/v2/{name}/manifests/{reference}",
            raw,
            {"Content-Type": document["mediaType"]},
        )
        assert answer.status == 201, answer.body
        return sha256(raw)

    def push_image(self, name: str, reference: str, layers: list[bytes], **more: Any) -> str:
        """A whole image; the manifest's digest."""
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [sha256(one) for one in layers]},
            }
        ).encode()
        for data in (config, *layers):
            self.push_blob(name, data)
        return self.push_manifest(name, reference, manifest(config, layers, **more))


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    """Of bytes."""
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data)}


def manifest(config: bytes, layers: list[bytes], **more: Any) -> dict[str, Any]:
    """An image manifest."""
    return {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, config),
        "layers": [descriptor(OCI_LAYER, one) for one in layers],
        **more,
    }


def with_query(url: str, query: str) -> str:
    """A URL with one more parameter; what it had stays."""
    return f"{url}{'&' if '?' in url else '?'}{query}"
