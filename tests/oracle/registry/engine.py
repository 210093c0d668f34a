"""An engine with registries beside it, playing scenarios: `scenario.Engine` with logins and raw requests of its own."""

import contextlib
import hashlib
import http.client
import io
import json
import re
import shlex
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.registry.peers import HUB, LOCKED, OPEN, TOKENS
from tests.oracle.scenario import Answer, Engine, Scenario, Step, normalise

HOSTS = {
    "o": f"127.0.0.1:{OPEN}",
    "p": f"127.0.0.1:{LOCKED}",
    "t": f"127.0.0.1:{TOKENS}",
    "h": f"127.0.0.1:{HUB}",
}
COUNTING = ("Downloading", "Extracting", "Pushing", "Waiting", "Verifying Checksum")
"""States that come or not, as the machine is quick."""
_SIZE = re.compile(r"(?<=size: )\d+|(?<=\"Size\":)\d+|(?<=\"size\":)\d+")


@dataclass
class RegistryEngine:
    """`fresh` empties the registries, so that each scenario begins alike."""

    engine: Engine
    fresh: Callable[[], None] = lambda: None

    def play(self, scenario: Scenario) -> list[Answer]:
        """The answers; images and logins are gone afterwards."""
        stem = re.sub(r"[^a-z0-9]+", "-", scenario.name)
        names = {"n": f"{self.engine.prefix}-{stem}-n", "m": f"{self.engine.prefix}-{stem}-m"}
        self._clean(names)
        with tempfile.TemporaryDirectory() as config:
            try:
                for name, count in (("reg-one", 2), ("reg-two", 3)):
                    self._load(name, count)
                return [self._step(step, names, config) for step in scenario.steps]
            finally:
                self._clean(names)

    def _step(self, step: Step, names: dict[str, str], config: str) -> Answer:
        line = step.line
        for word, value in {**names, **HOSTS}.items():
            line = line.replace("{" + word + "}", value)
        if line.startswith("API "):
            answer = self._request(*line.split()[1:])
        else:
            done = self.engine.docker(["--config", config, *shlex.split(line)], step.stdin)
            answer = Answer(done.returncode, done.stdout, done.stderr)
        if step.quiet:
            return Answer(answer.code)
        names = {**names, **HOSTS, "config": config}
        lines = [
            _SIZE.sub("<SIZE>", one)
            for one in normalise(answer.stdout, names).splitlines()
            if not any(word in one for word in COUNTING)
        ]
        if step.sort:
            lines.sort()
        err = [
            one
            for one in normalise(answer.stderr, names).splitlines()
            if not any(word in one for word in COUNTING)
        ]
        if step.sort:
            err.sort()
        return Answer(answer.code, "\n".join(lines), "\n".join(err))

    def _request(self, method: str, path: str) -> Answer:
        connection = http.client.HTTPConnection("docker")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        connection.sock.connect(self.engine.host.removeprefix("unix://"))
        with contextlib.closing(connection):
            connection.request(method, f"/v1.51{path}", headers={"X-Registry-Auth": "e30="})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode())

    def _load(self, name: str, layers: int) -> None:
        subprocess.run(
            ["docker", "-H", self.engine.host, "load", "-q"],
            input=_archive(name, layers),
            check=True,
            capture_output=True,
            timeout=60,
        )

    def _clean(self, names: dict[str, str]) -> None:
        self.engine.docker(["rm", "-f", *names.values()])
        listed = self.engine.docker(["images", "--format", "{{.Repository}} {{.ID}}"]).stdout
        ours = {
            one.split()[1]
            for one in listed.splitlines()
            if one.startswith(("reg-one ", "reg-two ", "127.0.0.1:"))
        }
        if ours:
            self.engine.docker(["rmi", "-f", *sorted(ours)])
        self.fresh()


def _archive(name: str, count: int) -> bytes:
    layers = [_layer(number) for number in range(count)]
    digests = [hashlib.sha256(one).hexdigest() for one in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2023-11-14T22:13:20Z",
        "config": {"Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one}" for one in digests]},
        "history": [{"created_by": "tests"} for _ in digests],
    }
    raw = json.dumps(config).encode()
    files = [(f"{digest}/layer.tar", layer) for digest, layer in zip(digests, layers, strict=True)]
    index = [
        {
            "Config": "config.json",
            "RepoTags": [f"{name}:latest"],
            "Layers": [one for one, _ in files],
        }
    ]
    files += [("config.json", raw), ("manifest.json", json.dumps(index).encode())]
    return _tar(files)


def _layer(number: int) -> bytes:
    return _tar([(f"file{number}", f"the layer number {number}\n".encode() * 100)])


def _tar(files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data in files:
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(data), 1_700_000_000
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()
