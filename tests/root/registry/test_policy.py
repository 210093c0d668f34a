"""A host's policy holds wherever layers come from a registry: pull, run, create, builds and their caches; for docker too."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import SRC, Goraed, goraed
from tests.peers.docker_registry import DockerRegistry, docker_registry
from tests.root.registry.lab import archive, layer_tar

pytestmark = pytest.mark.root
PATIENCE_S = 120


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policy") / "policy.json"


@pytest.fixture(scope="module")
def daemon(policy: Path) -> Iterator[Goraed]:
    with goraed("--policy", str(policy)) as one:
        yield one


@pytest.fixture(scope="module")
def opened(daemon: Goraed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    enter = ["nsenter", "-t", str(daemon.netns), "-n"]
    with docker_registry(tmp_path_factory.mktemp("open"), enter=enter) as one:
        yield one


def ask(daemon: Goraed, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    gorae = f"import sys; sys.path.insert(0, {str(SRC)!r}); from gorae.cli.main import main; main()"
    argv = ["docker"] if program == "docker" else [sys.executable, "-c", gorae]
    env = {**os.environ, "DOCKER_HOST": daemon.host, "DOCKER_BUILDKIT": "0"}
    return subprocess.run(
        [*argv, *words], env=env, capture_output=True, text=True, timeout=PATIENCE_S
    )


@pytest.fixture
def name(daemon: Goraed, opened: DockerRegistry, policy: Path) -> str:
    """An image that is in the registry and not here, with a build's cache inline."""
    data = archive("held:1", [layer_tar("held", 1 << 16)])
    subprocess.run(["docker", "-H", daemon.host, "load", "-q"], input=data, check=True)
    found = f"{opened.host}/p/held:1"
    policy.unlink(missing_ok=True)
    for words in (("tag", "held:1", found), ("push", found), ("rmi", found, "held:1")):
        assert ask(daemon, "docker", *words).returncode == 0
    return found


def ways(name: str, folder: Path) -> list[tuple[str, ...]]:
    """Every command that fetches the image."""
    for number, line in enumerate((f"FROM {name}", f"FROM scratch\nCOPY --from={name} / /")):
        (folder / str(number)).mkdir()
        (folder / str(number) / "Dockerfile").write_text(line + "\n")
    words: list[tuple[str, ...]] = [
        ("pull", name),
        ("pull", "-a", name.rpartition(":")[0]),
        ("run", "--rm", name, "true"),
        ("create", name),
        ("build", str(folder / "0")),
        ("build", str(folder / "1")),
    ]
    return words


@pytest.mark.parametrize("program", ["docker", "gorae"])
@pytest.mark.parametrize(
    ("rule", "said"),
    [({"reject": True}, "is refused by the policy"), ({"keys": ["KEY"]}, "no signature was found")],
    ids=["reject", "keys"],
)
def test_nothing_comes_in(
    daemon: Goraed,
    opened: DockerRegistry,
    policy: Path,
    name: str,
    tmp_path: Path,
    program: str,
    rule: dict[str, object],
    said: str,
) -> None:
    key = tmp_path / "key.pub"
    private = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ED25519"], capture_output=True, check=True
    )
    subprocess.run(
        ["openssl", "pkey", "-pubout", "-out", str(key)], input=private.stdout, check=True
    )
    filled = {k: [str(key)] if k == "keys" else v for k, v in rule.items()}
    policy.write_text(json.dumps({"registries": {opened.host: filled}}))
    for words in ways(name, tmp_path):
        done = ask(daemon, program, *words)
        assert done.returncode != 0, words
        assert said in done.stdout + done.stderr, (words, done.stdout, done.stderr)
        assert opened.host not in ask(daemon, "docker", "images", "-a").stdout, words
    policy.unlink()
    assert ask(daemon, program, "pull", name).returncode == 0
    ask(daemon, "docker", "rmi", name)


def test_nor_as_a_builds_cache(
    daemon: Goraed, opened: DockerRegistry, policy: Path, tmp_path: Path
) -> None:
    """A cache's layers become an image's: the policy is asked for them too, and the build goes on without."""
    cache = f"{opened.host}/p/cache:1"
    (tmp_path / "own").write_text("bytes")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY own /own\n")
    flags = ("build", "--progress", "plain", "--cache-to", f"type=registry,ref={cache}")
    done = ask(daemon, "gorae", *flags, str(tmp_path))
    assert done.returncode == 0, done.stderr
    policy.write_text(json.dumps({"registries": {opened.host: {"reject": True}}}))
    again = ("build", "--progress", "plain", "--cache-from", cache, str(tmp_path))
    done = ask(daemon, "gorae", *again)
    assert done.returncode == 0, done.stderr
    assert "is refused by the policy" in done.stdout + done.stderr
    policy.unlink()
    done = ask(daemon, "gorae", *again)
    assert "is refused by the policy" not in done.stdout + done.stderr
