"""One daemon for all builds of a module, and ways to ask it for one."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root


class Builder:
    """Builds by the real docker CLI through the classic API."""

    def __init__(self, daemon: Goraed) -> None:
        self.daemon = daemon

    def build(
        self, context: Path, *flags: str, timeout_s: float = 60
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "build", *flags, str(context)],
            env={**os.environ, "DOCKER_HOST": self.daemon.host, "DOCKER_BUILDKIT": "0"},
            stdin=subprocess.DEVNULL,
            text=True,
            capture_output=True,
            timeout=timeout_s,
        )

    def inspect(self, image: str) -> dict:
        found: dict = json.loads(self.daemon.docker("image", "inspect", image).stdout)[0]
        return found

    def run(self, image: str, *argv: str) -> str:
        done = self.daemon.docker("run", "--rm", "--net=none", image, *argv)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def builder() -> Iterator[Builder]:
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield Builder(daemon)


def context(folder: Path, files: dict[str, str]) -> Path:
    """A folder with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
