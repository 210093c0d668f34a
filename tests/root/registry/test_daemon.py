"""The whole way: gorae's command line, a daemon, a registry in its network namespace; and a daemon that is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import SRC, Goraed, goraed
from tests.peers.docker_registry import DockerRegistry, docker_registry
from tests.root.registry.lab import archive, layer_tar

pytestmark = pytest.mark.root
PATIENCE_S = 180
HELPER = """#!/bin/sh
kept="$(dirname "$0")/kept"
case $1 in
get) cat "$kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
store) cat >"$kept" ;;
erase) rm "$kept" ;;
esac
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Goraed]:
    with goraed() as one:
        yield one


@pytest.fixture(scope="module")
def locked(daemon: Goraed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    enter = ["nsenter", "-t", str(daemon.netns), "-n"]
    with docker_registry(tmp_path_factory.mktemp("locked"), htpasswd=True, enter=enter) as one:
        yield one


@pytest.fixture(scope="module")
def opened(daemon: Goraed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    enter = ["nsenter", "-t", str(daemon.netns), "-n"]
    with docker_registry(tmp_path_factory.mktemp("open"), enter=enter) as one:
        yield one


class Client:
    """gorae's command line with a configuration folder of its own."""

    def __init__(self, daemon: Goraed, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "DOCKER_HOST": daemon.host,
            "DOCKER_CONFIG": str(folder),
            "PATH": f"{folder}:{os.environ['PATH']}",
        }
        code = (
            f"import sys; sys.path.insert(0, {str(SRC)!r}); from gorae.cli.main import main; main()"
        )
        self.argv = [sys.executable, "-IS", "-c", code]

    def __call__(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.argv, *argv],
            env=self.env,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=PATIENCE_S,
        )


@pytest.fixture
def client(daemon: Goraed, tmp_path: Path) -> Client:
    return Client(daemon, tmp_path)


def load(daemon: Goraed, name: str, *seeds: str, size: int = 1 << 20) -> None:
    data = archive(name, [layer_tar(seed, size) for seed in seeds])
    subprocess.run(
        ["docker", "-H", daemon.host, "load", "-q"], input=data, check=True, capture_output=True
    )


def test_login_push_logout_pull(client: Client, daemon: Goraed, locked: DockerRegistry) -> None:
    load(daemon, "cli:1", "x")
    name = f"{locked.host}/c/x:1"
    assert client("tag", "cli:1", name).returncode == 0
    assert "no basic auth credentials" in client("push", name).stderr
    refused = client("login", "-u", "alice", "--password-stdin", locked.host, stdin="wrong")
    assert "failed with status: 401 Unauthorized" in refused.stderr
    assert not (client.folder / "config.json").exists()
    done = client("login", "-u", "alice", "--password-stdin", locked.host, stdin="wonder:land\n")
    assert done.stdout.endswith("Login Succeeded\n")
    assert (client.folder / "config.json").stat().st_mode & 0o777 == 0o600
    again = client("login", locked.host)
    assert "Authenticating with existing credentials... [Username: alice]" in again.stdout
    assert client("push", "-q", name).stdout == f"{name}\n"
    assert client("logout", locked.host).returncode == 0
    assert "no basic auth credentials" in client("pull", name).stderr


def test_a_credential_helper(client: Client, daemon: Goraed, locked: DockerRegistry) -> None:
    helper = client.folder / "docker-credential-tests"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    config = client.folder / "config.json"
    config.write_text(json.dumps({"credHelpers": {locked.host: "tests"}}))
    done = client("login", "-u", "alice", "--password-stdin", locked.host, stdin="wonder:land")
    assert done.stdout == "Login Succeeded\n" and not done.stderr
    assert "wonder" not in config.read_text()
    assert json.loads((client.folder / "kept").read_text())["Secret"] == "wonder:land"
    load(daemon, "helper:1", "h")
    name = f"{locked.host}/c/helper:1"
    client("tag", "helper:1", name)
    assert client("push", "-q", name).returncode == 0
    client("logout", locked.host)
    assert not (client.folder / "kept").exists()
    assert client("pull", name).returncode == 1
    config.write_text(json.dumps({"credsStore": "nosuchhelper"}))
    assert "docker-credential-nosuchhelper" in client("pull", name).stderr


def test_an_index_is_made_of_images(client: Client, daemon: Goraed, opened: DockerRegistry) -> None:
    load(daemon, "one:1", "m1")
    load(daemon, "two:1", "m2")
    names = [f"{opened.host}/m/{one}:1" for one in ("one", "two")]
    for source, name in zip(("one:1", "two:1"), names, strict=True):
        client("tag", source, name)
        assert client("push", "-q", name).returncode == 0
    index = f"{opened.host}/m/all:1"
    assert client("manifest", "create", index, *names).stdout == f"Created manifest list {index}\n"
    again = client("manifest", "create", index, names[0])
    assert "refusing to amend an existing manifest list with no --amend flag" in again.stderr
    client("manifest", "annotate", "--arch", "arm64", index, names[1])
    pushed = client("manifest", "push", "-p", index)
    assert pushed.stdout.startswith("sha256:")
    shown = json.loads(client("manifest", "inspect", index).stdout)
    assert [one["platform"]["architecture"] for one in shown["manifests"]] == ["amd64", "arm64"]
    assert client("pull", "-q", "--platform", "linux/arm64", index).returncode == 0
    assert client("manifest", "push", index).returncode == 1  # it was purged


def test_killed_in_the_middle_of_a_pull(
    daemon: Goraed, opened: DockerRegistry, client: Client
) -> None:
    """Nothing half-stored is to be seen; the next pull completes."""
    load(daemon, "large:1", *(f"big{n}" for n in range(4)), size=12 << 20)
    name = f"{opened.host}/k/large:1"
    client("tag", "large:1", name)
    assert client("push", "-q", name).returncode == 0
    assert client("rmi", "large:1", name).returncode == 0
    for delay_s in (0.1, 0.4, 0.8):
        pull = subprocess.Popen(
            ["docker", "-H", daemon.host, "pull", "-q", name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay_s)
        daemon.kill()
        pull.wait(PATIENCE_S)
        daemon.start()
        if client("image", "inspect", name).returncode == 0:  # it was done before it was killed
            client("rmi", name)
    assert client("pull", "-q", name).returncode == 0
    checked = client("system", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("program", ["docker", "gorae"])
def test_ctrl_c_in_the_middle_of_a_pull(
    daemon: Goraed, opened: DockerRegistry, client: Client, program: str
) -> None:
    """The client leaves while the registry is silent: no part stays, no layer, no name; the next pull completes."""
    load(daemon, "left:1", *(f"left{n}" for n in range(3)), size=24 << 20)
    name = f"{opened.host}/c/left:1"
    client("tag", "left:1", name)
    assert client("push", "-q", name).returncode == 0
    assert client("rmi", "left:1", name).returncode == 0
    ingest = daemon.data_root / "content" / "ingest"
    argv = {"docker": ["docker", "-H", daemon.host], "gorae": [*client.argv]}[program]
    for _ in range(10):
        pull = subprocess.Popen(
            [*argv, "pull", name], env=client.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        end = time.monotonic() + PATIENCE_S
        while not _has_part(ingest):
            if pull.poll() is not None:
                break
            assert time.monotonic() < end
        opened.freeze()
        try:
            pull.send_signal(signal.SIGINT)
            pull.communicate(timeout=PATIENCE_S)
        finally:
            opened.thaw()
        if pull.returncode:
            break
        client("rmi", name)  # it was done before the signal came
    assert pull.returncode != 0
    end = time.monotonic() + PATIENCE_S
    while list(ingest.iterdir()):
        assert time.monotonic() < end, [one.name for one in ingest.iterdir()]
        time.sleep(0.05)
    assert client("image", "inspect", name).returncode == 1
    assert client("pull", "-q", name).returncode == 0
    checked = client("system", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    client("rmi", name)


def _has_part(ingest: Path) -> bool:
    """Whether some bytes of a blob have come."""
    for one in ingest.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if one.stat().st_size:
                return True
    return False


def test_killed_in_the_middle_of_a_push(
    daemon: Goraed, opened: DockerRegistry, client: Client
) -> None:
    load(daemon, "sent:1", *(f"sent{n}" for n in range(4)), size=12 << 20)
    name = f"{opened.host}/k/sent:1"
    client("tag", "sent:1", name)
    push = subprocess.Popen(
        ["docker", "-H", daemon.host, "push", "-q", name],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(0.4)
    daemon.kill()
    push.wait(PATIENCE_S)
    arrived = opened.blobs()
    daemon.start()
    said = client("push", name)
    assert said.returncode == 0, said.stderr
    layers = {one["digest"] for one in _manifest(opened, daemon, "k/sent")["layers"]}
    assert said.stdout.count("Layer already exists") >= len(layers & arrived)
    checked = client("system", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _manifest(
    registry: DockerRegistry, daemon: Goraed, path: str
) -> dict[str, list[dict[str, str]]]:
    folder = registry.folder / "data/docker/registry/v2"
    link = folder / "repositories" / path / "_manifests/tags/1/current/link"
    digest = link.read_text().partition(":")[2]
    found: dict[str, list[dict[str, str]]] = json.loads(
        (folder / "blobs/sha256" / digest[:2] / digest / "data").read_bytes()
    )
    return found
