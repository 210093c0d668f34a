"""What docker compose and gorae compose print of one project: the same, and the same exit statuses."""

import shlex
import shutil
from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.root.compose.applications import NEW, OURS
from tests.root.compose.tool import Tool

SAME = (
    "ps -q", "ps --services", "ps --status exited -q", "ps --format '{{.Name}} {{.Service}} {{.State}} {{.Command}} {{.Ports}}'",
    "ls", "ls -q", "ls --format json", "images -q", "top", "port web 80", "port --protocol udp web 81", "volumes -q",
    "config", "config --format json", "config --services", "config --hash web", "config --volumes", "config -q",
    "exec -T web cat /nosuch", "exec -T db nosuch", "logs --no-log-prefix --no-color web", "-f nosuch.yaml ps",
)  # fmt: skip
FAILING = (
    "up -d nosuch", "exec -T nosuch true", "nosuch", "up --nosuch", "exec web", "port web 90",
    "kill -s NOSUCH web", "scale cache=x", "cp web:/nosuch /tmp/x", "exec --index 9 -T web true", "build nosuch",
    "run --rm nosuch", "restart nosuch",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(
    tools: dict[str, Tool], daemon: Goraed, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """One application that runs while this module's tests look at it."""
    folder = tmp_path_factory.mktemp("words") / "front-and-back"
    shutil.copytree(Path(__file__).parent / "applications" / "front-and-back", folder)
    done = tools[OURS](daemon.host, "words", folder, "up", "-d")
    assert done.returncode == 0, done.stderr
    return folder


def test_the_same_is_printed(tools: dict[str, Tool], daemon: Goraed, project: Path) -> None:
    different = []
    for words in SAME:
        docker, ours = (
            tools[one](daemon.host, "words", project, *shlex.split(words)) for one in (NEW, OURS)
        )
        if (docker.returncode, lines(docker.stdout)) != (ours.returncode, lines(ours.stdout)):
            different.append(f"{words}: {docker}\n   {ours}")
    assert not different, "\n".join(different)


def lines(text: str) -> list[str]:
    """Without regard to blanks at their ends, and to the order of containers."""
    return sorted(line.rstrip() for line in text.rstrip().splitlines())


def test_what_is_wrong_fails_alike(tools: dict[str, Tool], daemon: Goraed, project: Path) -> None:
    different = []
    for words in FAILING:
        docker, ours = (
            tools[one](daemon.host, "words", project, *shlex.split(words)) for one in (NEW, OURS)
        )
        if docker.returncode != ours.returncode or not ours.stderr.strip():
            different.append(f"{words}: {docker}\n   {ours}")
    assert not different, "\n".join(different)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}", "dependency cycle detected: a -> b -> a"),
        ("services: {a: {image: x, depends_on: [z]}}", 'service "a" depends on undefined service "z": invalid compose project'),
        ("services: {a: {image: x, networks: [q]}}", 'service "a" refers to undefined network q: invalid compose project'),
        ("services: {a: {}}", 'service "a" has neither an image nor a build context specified: invalid compose project'),
        ("services: {a: {image: x, environment: {V: '${NO:?say so}'}}}", "services.a.environment.V: required variable NO is missing a value: say so"),
        ("services: {a: {image: x}, a: {image: y}}", 'mapping key "a" already defined at line 1'),
        ("services: {a: {image: [x]}}", "services.a.image must be a string"),
        ("services: {a: {imag: x}}", "services.a additional properties 'imag' not allowed"),
        ("services: {a: {image: x, mem_limit: 1m, deploy: {resources: {limits: {memory: 2m}}}}}",
         "can't set distinct values on 'mem_limit' and 'deploy.resources.limits.memory'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_the_same_words(
    text: str, sentence: str, tools: dict[str, Tool], daemon: Goraed, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    for one in (NEW, OURS):
        done = tools[one](daemon.host, "wrong", tmp_path, "config", "-q")
        assert done.returncode == 1 and sentence in done.stderr, (one, done)
