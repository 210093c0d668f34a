"""testcontainers-python: containers that are waited for, alone and on a network of their own."""

from collections.abc import Callable, Iterator

import pytest
from tests.clients.conftest import IMAGE
from tests.daemon import Goraed

from gorae.linux import namespace
from gorae.net.sandbox import in_thread

pytestmark = pytest.mark.root

SERVE = [
    "sh",
    "-c",
    "mkdir /w; sleep 0.3; echo page >/w/f; echo serving; exec httpd -f -p 80 -h /w",
]


@pytest.fixture(autouse=True)
def at_the_house(house: Goraed, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library reads where the engine is, and whether its reaper (an image of its own) is wanted."""
    from testcontainers.core.config import testcontainers_config

    monkeypatch.setenv("DOCKER_HOST", house.host)
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    yield
    house.remove_containers()


def at_its_network(house: Goraed, work: Callable[[], None]) -> None:
    """Run `work` in a thread on the daemon's host, where the published ports are."""

    def inside() -> None:
        with open(f"/proc/{house.netns}/ns/net", "rb") as file:
            namespace.setns(file.fileno(), namespace.CLONE_NEWNET)
        work()

    in_thread(inside)


def test_a_container_and_what_it_says() -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    command = ["sh", "-c", "sleep 0.3; echo ready to serve $WHOM; exec sleep 1000"]
    one = DockerContainer(IMAGE).with_command(command).with_env("WHOM", "you")
    with one.waiting_for(LogMessageWaitStrategy("ready to serve you")):
        assert b"ready" in one.get_logs()[0]
        assert one.exec(["echo", "inside"]).output == b"inside\n"
        wrapped = one.get_wrapped_container()
        assert wrapped.labels["org.testcontainers.lang"] == "python"
    assert wrapped.id not in [found["Id"] for found in _all(one)]


def _all(one) -> list[dict]:
    found: list[dict] = one.get_docker_client().client.api.containers(all=True)
    return found


def test_health_and_status_and_files() -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import (
        CompositeWaitStrategy,
        ContainerStatusWaitStrategy,
        ExecWaitStrategy,
        HealthcheckWaitStrategy,
    )

    check = {"test": ["CMD", "test", "-e", "/tmp/up"], "interval": 200_000_000, "retries": 100}
    command = ["sh", "-c", "sleep 0.3; touch /tmp/up; exec sleep 1000"]
    every = CompositeWaitStrategy(
        ContainerStatusWaitStrategy(),
        ExecWaitStrategy(["test", "-e", "/tmp/up"]),
        HealthcheckWaitStrategy(),
    )
    one = DockerContainer(IMAGE).with_command(command).with_kwargs(healthcheck=check)
    with one.waiting_for(every):
        one.reload()
        assert one.get_wrapped_container().health == "healthy"


def test_a_wait_in_vain_tells_the_log() -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    one = DockerContainer(IMAGE).with_command("echo something else")
    never = LogMessageWaitStrategy("never said").with_startup_timeout(2)
    with pytest.raises((TimeoutError, RuntimeError)):
        one.waiting_for(never).start()
    one.stop()


def test_a_published_port(house: Goraed) -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HttpWaitStrategy

    def work() -> None:
        one = DockerContainer(IMAGE).with_command(SERVE).with_exposed_ports(80)
        with one.waiting_for(HttpWaitStrategy(80, "/f").for_status_code(200)):
            assert int(one.get_exposed_port(80)) > 1024

    at_its_network(house, work)


def test_two_on_a_network() -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.network import Network
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    with Network() as net:
        server = (
            DockerContainer(IMAGE).with_command(SERVE).with_network(net).with_network_aliases("web")
        )
        with server.waiting_for(LogMessageWaitStrategy("serving")):
            asking = [
                "sh",
                "-c",
                "until wget -qO- http://web/f; do sleep 0.1; done; exec sleep 1000",
            ]
            client = DockerContainer(IMAGE).with_command(asking).with_network(net)
            with client.waiting_for(LogMessageWaitStrategy("page")):
                pass


def test_a_volume_and_a_folder(tmp_path) -> None:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    (tmp_path / "f").write_text("from the host\n")
    one = DockerContainer(IMAGE).with_command(["sh", "-c", "cat /in/f; exec sleep 1000"])
    with one.with_volume_mapping(str(tmp_path), "/in", "ro").waiting_for(
        LogMessageWaitStrategy("from the host")
    ):
        one.copy_into_container(b"copied", "/tmp/copied")
        assert one.exec(["cat", "/tmp/copied"]).output == b"copied"
