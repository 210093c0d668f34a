"""docker 28, the program: every command that it has is given to gorae at least once.

Most of them are scenarios whose answers were recorded on Docker 28 (`tests/oracle`). Here are those that keep
something on the client's side or talk to a registry, and those by which gorae differs from a Docker that could
become a swarm.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.commands import all_commands, given
from tests.daemon import Goraed
from tests.oracle import data_catalogue
from tests.oracle.catalogues import everything
from tests.peers.docker_registry import DockerRegistry

pytestmark = pytest.mark.root

PORT = 5099
REGISTRY = f"127.0.0.1:{PORT}"
HERE: tuple[tuple[str, int, str], ...] = (
    # a client's own contexts
    ("context ls -q", 0, "default"),
    ("context create other --docker host={host} --description words", 0, "other"),
    ("context inspect -f '{{.Name}} {{json .Metadata}}' other", 0, '"Description":"words"'),
    ("--context other version -f '{{.Server.Os}}'", 0, "linux"),
    ("context update other --description changed", 0, "other"),
    ("context export other {folder}/other.tar", 0, ""),
    ("context import again {folder}/other.tar", 0, "again"),
    ("context use again", 0, "again"),
    ("context show", 0, "default"),  # DOCKER_HOST is stronger
    ("context use default", 0, "default"),
    ("context rm again other", 0, "again"),
    # a registry
    ("login -u alice -p wonder:land {registry}", 0, "Login Succeeded"),
    ("login -u alice -p wrong {registry}", 1, "401 Unauthorized"),
    ("login -u alice -p wonder:land {registry}", 0, "Login Succeeded"),
    ("tag bb {registry}/one:1", 0, ""),
    ("push {registry}/one:1", 0, "digest: sha256:"),
    ("image push -q {registry}/one:1", 0, "{registry}/one:1"),
    ("manifest create --insecure {registry}/many:1 {registry}/one:1", 0, "Created manifest list"),
    ("manifest annotate --arch arm64 {registry}/many:1 {registry}/one:1", 0, ""),
    ("manifest inspect --insecure {registry}/many:1", 0, "arm64"),
    ("manifest push --insecure --purge {registry}/many:1", 0, "sha256:"),
    ("manifest create --insecure {registry}/gone:1 {registry}/one:1", 0, "Created"),
    ("manifest rm {registry}/gone:1", 0, ""),
    ("rmi {registry}/one:1", 0, "Untagged"),
    ("pull {registry}/one:1", 0, "Downloaded newer image"),
    ("image pull -q {registry}/one:1", 0, "{registry}/one:1"),
    ("search {registry}/one", 1, "Error response"),
    ("rmi {registry}/one:1", 0, "Untagged"),
    ("logout {registry}", 0, "Removing login credentials"),
    ("pull {registry}/one:1", 1, "no basic auth credentials"),
    # what a prune takes
    ("container create --name pruned bb true", 0, ""),
    ("system prune -f", 0, "Deleted Containers:"),
    ("builder prune -a -f", 0, "Total"),
    ("system info -f '{{.Containers}}'", 0, "0"),
    # no swarm can be made, no plugin be installed
    ("swarm init", 1, "not supported"),
    ("swarm join --token x 127.0.0.1:1", 1, "not supported"),
    ("plugin install --grant-all-permissions 127.0.0.1:1/x", 1, "not supported"),
    ("plugin create x {folder}/plugin", 1, "not supported"),
)
NOT_GIVEN = {"trust": "signs with a Notary server; there is none without TLS and an account"}
"""Groups of commands, and why no test gives them."""


def test_every_command_is_given_by_some_test() -> None:
    scenarios = [*everything(), *data_catalogue.SCENARIOS]
    lines = [step.line for one in scenarios for step in one.steps if not step.line.startswith("!")]
    words = given([*lines, *(line for line, _, _ in HERE)])
    found = all_commands()
    assert len(found) > 150, "the CLI's help was read"
    left = [one.path for one in found if not one.is_in(words)]
    assert [one for one in left if one.split()[0] not in NOT_GIVEN] == []


@pytest.fixture(scope="module")
def registry(house: Goraed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """With a password, on the daemon's loopback."""
    enter = ["nsenter", "-t", str(house.netns), "-n"]
    one = DockerRegistry(tmp_path_factory.mktemp("registry"), htpasswd=True, port=PORT, enter=enter)
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client's configuration and files."""
    made = tmp_path_factory.mktemp("client")
    (made / "plugin/rootfs").mkdir(parents=True)
    (made / "plugin/config.json").write_text("{}")
    return made


@pytest.mark.usefixtures("registry")
def test_commands_that_keep_something(house: Goraed, folder: Path) -> None:
    """One after the other: each stands on those before it."""
    named = {"{host}": house.host, "{folder}": str(folder), "{registry}": REGISTRY}
    for line, code, words in HERE:
        for word, meaning in named.items():
            line, words = line.replace(word, meaning), words.replace(word, meaning)
        done = _docker(house, folder, line)
        assert done.returncode == code, f"docker {line}: {done.stdout}{done.stderr}"
        assert words in done.stdout + done.stderr, f"docker {line}"


def _docker(house: Goraed, folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """On the daemon's host, where the registry is."""
    env = {**os.environ, "DOCKER_CONFIG": str(folder), "DOCKER_CLI_HINTS": "false"}
    if not line.startswith("--context"):
        env["DOCKER_HOST"] = house.host
    enter = ["nsenter", "-t", str(house.netns), "-n"]
    return subprocess.run(
        [*enter, "sh", "-c", f"docker {line}"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
