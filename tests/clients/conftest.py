"""A daemon for all of other people's clients, and docker-py at it. What a test made is gone after it."""

from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root

IMAGE = "bb"


@pytest.fixture(scope="session")
def house() -> Iterator[Goraed]:
    """The daemon, with the images `bb` and `busybox`."""
    with goraed("--bin-hours", "0") as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        daemon.ask("POST", "/images/bb/tag?repo=busybox&tag=latest")
        yield daemon


@pytest.fixture(scope="session")
def engine(house: Goraed) -> Iterator[docker.DockerClient]:
    """docker-py, as it comes."""
    client = docker.DockerClient(base_url=house.host, version="auto", timeout=60)
    yield client
    client.close()


@pytest.fixture
def client(engine: docker.DockerClient) -> Iterator[docker.DockerClient]:
    """The same; containers, networks and volumes are gone afterwards."""
    yield engine
    for one in engine.containers.list(all=True):
        one.remove(force=True, v=True)
    engine.networks.prune()
    engine.volumes.prune({"all": True})


@pytest.fixture
def sleeper(client: docker.DockerClient) -> Container:
    """A container that runs."""
    return client.containers.run(IMAGE, ["sleep", "1000"], name="sleeper", detach=True)
