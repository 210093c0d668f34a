"""One daemon for all applications, and the three programs as its clients."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root
from tests.root.compose.applications import NEW, OLD, OURS
from tests.root.compose.tool import Tool

TOP = Path(__file__).parents[3]
IMAGE = "compose-bb"
OUTSIDE = "compose-outside"
PLUGIN = "cli-plugins/docker-compose"
OLD_ENV = {"COMPOSE_API_VERSION": "1.41", "COMPOSE_DOCKER_CLI_BUILD": "0"}
"""docker-compose 1.29 reads an image's `ContainerConfig`, which later versions of the API do not have."""


@pytest.fixture(scope="session")
def daemon() -> Iterator[Goraed]:
    """A daemon with the image and the volume that the applications find there."""
    with goraed() as one:
        one.ask(
            "POST",
            f'/images/create?fromSrc=-&repo={IMAGE}&tag=latest&changes=CMD+["sh"]',
            busybox_root(),
        )
        yield one


@pytest.fixture
def folder(tmp_path: Path, daemon: Goraed) -> Iterator[Path]:
    """The applications' files, a copy of the test's own; nothing of an application outlives the test."""
    daemon.ask("POST", "/volumes/create", {"Name": OUTSIDE})
    target = tmp_path / "applications"
    shutil.copytree(Path(__file__).parent / "applications", target)
    yield target
    daemon.remove_containers()
    daemon.request("DELETE", f"/volumes/{OUTSIDE}")
    daemon.request("DELETE", "/images/compose-chosen")


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tool]:
    """By name. docker compose builds through our own buildx plugin."""
    config = tmp_path_factory.mktemp("docker-config")
    plugin = _plugin()
    (config / "cli-plugins").mkdir()
    (config / PLUGIN).symlink_to(plugin)
    gorae = (str(Path(sys.executable).parent / "gorae"),)
    subprocess.run(
        [*gorae, "system", "install-docker-plugins", "--dir", str(config / "cli-plugins")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = [
        Tool(NEW, ("docker", "compose"), {"DOCKER_CONFIG": str(config)}),
        Tool(OURS, (*gorae, "compose")),
    ]
    old = shutil.which("docker-compose")
    if old and _version(old).startswith("docker-compose version 1."):
        found.append(Tool(OLD, (old,), OLD_ENV))
    return {one.name: one for one in found}


def _plugin() -> Path:
    """docker compose 2.40, where setup.sh has put it, or docker's own folders have it."""
    places = (
        TOP / ".venv-tools",
        Path("/usr/libexec/docker"),
        Path("/usr/lib/docker"),
        Path("/usr/local/lib/docker"),
    )
    for place in places:
        if (place / PLUGIN).exists():
            return place / PLUGIN
    raise AssertionError(
        f"no docker compose in {', '.join(map(str, places))}: run packaging/setup.sh --test"
    )


def _version(program: str) -> str:
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=60, env=dict(os.environ)
    )
    return done.stdout
