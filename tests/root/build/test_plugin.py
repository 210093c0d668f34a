"""The real docker CLI with our docker-buildx as its plugin: what people type, right and wrong."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.daemon import SRC
from tests.root.build.conftest import Builder, context

pytestmark = pytest.mark.root
INSTALL = [
    sys.executable,
    "-c",
    f"import sys; sys.gorae_site = {sysconfig.get_path('purelib')!r}\n"
    "sys.argv[1:] = ['system', 'install-docker-plugins']\n"
    "from gorae.cli.main import main; main()",
]
Docker = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def docker(builder: Builder, tmp_path: Path) -> Docker:
    """docker, configured with the plugin as `system install-docker-plugins` puts it in place."""
    folder = tmp_path / "docker"
    env = {**os.environ, "PYTHONPATH": str(SRC), "DOCKER_CONFIG": str(folder)}
    env |= {"DOCKER_HOST": builder.daemon.host, "DOCKER_CLI_HINTS": "false"}
    env.pop("DOCKER_BUILDKIT", None)
    subprocess.run(INSTALL, env=env, check=True, timeout=60)

    def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *words],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_builds_and_their_cache(builder: Builder, docker: Docker, tmp_path) -> None:
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo plugin > /plugin\n"})
    for words in (("build",), ("buildx", "build"), ("builder", "build"), ("image", "build")):
        done = docker(*words, "-q", "-t", "plugged", str(top))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("sha256:")
    assert builder.run("plugged", "cat", "/plugin") == "plugin\n"
    usage = docker("buildx", "du").stdout
    assert "RUN echo plugin > /plugin" in usage and "Total:" in usage
    assert docker("rmi", "plugged").returncode == 0
    done = docker("builder", "prune", "-a", "-f")
    assert done.returncode == 0 and "Total reclaimed space:" in done.stdout
    assert "RUN echo plugin" not in docker("buildx", "du").stdout


def test_a_failed_step_says_where_and_how_to_look(docker: Docker, tmp_path) -> None:
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo words && exit 7\n"})
    done = docker("build", "--progress", "plain", str(top))
    assert done.returncode == 1
    assert "   2 | >>> RUN echo words && exit 7" in done.stderr
    assert "did not complete successfully: exit code: 7" in done.stderr
    assert "gorae build shell" in done.stderr


def test_the_one_builder(docker: Docker) -> None:
    assert docker("buildx", "version").stdout.startswith("gorae/buildx v0.29.1+gorae-")
    lines = docker("buildx", "ls").stdout.splitlines()
    assert lines[0].split() == ["NAME/NODE", "DRIVER/ENDPOINT", "STATUS", "BUILDKIT", "PLATFORMS"]
    assert lines[1].split() == ["default*", "docker"] and "running" in lines[2]
    (node,) = json.loads(docker("buildx", "ls", "--format", "json").stdout)["Nodes"]
    assert node["Status"] == "running" and node["Platforms"][0].startswith("linux/")
    assert "Status:           running" in docker("buildx", "inspect", "--bootstrap").stdout
    assert docker("buildx", "use", "default").returncode == 0
    assert docker("buildx", "--builder", "default", "ls").returncode == 0
    assert "Usage:" in docker("buildx", "ls", "--help").stdout


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ("buildx inspect nosuch", 1, 'no builder "nosuch" found'),
        ("buildx --builder nosuch build .", 1, 'no builder "nosuch" found'),
        ("build --builder nosuch .", 1, 'no builder "nosuch" found'),
        ("buildx use nosuch", 1, 'failed to find instance "nosuch"'),
        ("buildx create --name x", 1, "there is one builder, gorae itself"),
        ("buildx rm x", 1, "there is one builder, gorae itself"),
        ("buildx nosuch", 1, "does not have 'nosuch'"),
        ("buildx ls --nosuch", 125, "unknown flag: --nosuch"),
        ("buildx ls extra", 1, "accepts no arguments"),
        ("buildx build", 1, "'docker buildx build' requires 1 argument"),
        ("buildx build --nosuch .", 125, "unknown flag: --nosuch"),
        ("buildx build /no/such/folder", 1, 'path "/no/such/folder" not found'),
        ("buildx prune -f --filter nosuch=1", 1, "invalid filter 'nosuch'"),
        ("buildx bake", 1, "couldn't find a bake definition"),
    ],
)
def test_wrong_words(docker: Docker, tmp_path, words: str, status: int, sentence: str) -> None:
    done = docker(*words.split(), cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_bake(builder: Builder, docker: Docker, tmp_path) -> None:
    text = """
target "base" { dockerfile-inline = "FROM bb\\nRUN echo base > /base\\n" }
target "app" {
  name = "app-${v}"
  matrix = { v = ["1", "2"] }
  contexts = { b = "target:base" }
  args = { V = v }
  dockerfile-inline = "FROM b\\nARG V\\nRUN echo $V > /v\\n"
  tags = ["baked:${v}"]
}
"""
    top = context(tmp_path / "c", {"docker-bake.hcl": text})
    done = docker("buildx", "bake", "app", cwd=top)
    assert done.returncode == 0, done.stderr
    assert builder.run("baked:1", "cat", "/base", "/v") == "base\n1\n"
    assert builder.run("baked:2", "cat", "/v") == "2\n"
