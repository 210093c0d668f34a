"""A registry on loopback, a front that does wrong before it, and stores to pull into and push from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.peers.docker_registry import DockerRegistry, docker_registry
from tests.peers.faulty import Faulty
from tests.root.registry.lab import Lab, archive, layer_tar, make_waits_short

LAYER_BYTES = 3 << 20


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRegistry]:
    """Open to all."""
    with docker_registry(tmp_path_factory.mktemp("registry")) as one:
        yield one


@pytest.fixture
def faulty(registry: DockerRegistry) -> Iterator[Faulty]:
    """In front of it."""
    with Faulty(registry.port) as one:
        yield one


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Makes stores, each in a folder of its own."""
    made: list[Lab] = []

    def make(**options: object) -> Lab:
        made.append(Lab(tmp_path / f"lab{len(made)}", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


@pytest.fixture(scope="session")
def image() -> bytes:
    """Three layers, as `load` takes it, of the name `sent:1`."""
    return archive("sent:1", [layer_tar(name, LAYER_BYTES) for name in ("a", "b", "c")])


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    make_waits_short(monkeypatch)
