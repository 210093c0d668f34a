"""What a container asks for and what its image says, made one by docker's rules."""

import pytest

from gorae.engine import merge
from gorae.engine.model import ContainerSpec, HealthCheck
from gorae.errors import InvalidArgument
from gorae.oci.config import ImageHealthcheck, RunConfig

IMAGE = RunConfig(
    entrypoint=("/entry",),
    cmd=("run", "it"),
    env=("PATH=/image", "A=1"),
    working_dir="/w",
    user="app",
    labels={"x": "1", "y": "1"},
    stop_signal="INT",
    volumes=("/data",),
    exposed_ports=("80/tcp",),
    healthcheck=ImageHealthcheck(test=("CMD", "true"), interval_ns=5, retries=3),
)


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "argv"),
    [
        (None, None, ("/entry", "run", "it")),
        (None, ("other",), ("/entry", "other")),
        (("/mine",), None, ("/mine",)),  # the image's CMD was for its own entrypoint
        (("/mine",), ("x",), ("/mine", "x")),
        (("",), ("x",), ("x",)),  # --entrypoint '' clears it
    ],
)
def test_commands(
    entrypoint: tuple[str, ...] | None, cmd: tuple[str, ...] | None, argv: tuple[str, ...]
) -> None:
    spec = merge.merge(ContainerSpec("bb", entrypoint=entrypoint, cmd=cmd), IMAGE)
    assert merge.argv(spec) == argv


@pytest.mark.parametrize("entrypoint", [None, ("",)])
def test_no_command_at_all(entrypoint: tuple[str, ...] | None) -> None:
    with pytest.raises(InvalidArgument, match="no command specified"):
        merge.merge(ContainerSpec("bb", entrypoint=entrypoint), RunConfig())


def test_the_containers_own_wins_and_the_rest_is_the_images() -> None:
    spec = merge.merge(
        ContainerSpec("bb", env=("A=2", "B=3"), labels={"y": "2"}, user="root", volumes=("/v",)),
        IMAGE,
    )
    assert spec.env == ("A=2", "B=3", "PATH=/image")
    assert spec.labels == {"x": "1", "y": "2"}
    assert (spec.user, spec.working_dir, spec.stop_signal) == ("root", "/w", "INT")
    assert spec.volumes == ("/v", "/data") and spec.exposed_ports == ("80/tcp",)


def test_a_health_check_is_filled_field_by_field() -> None:
    assert merge.merge(ContainerSpec("bb"), IMAGE).health == HealthCheck(
        ("CMD", "true"), 5, retries=3
    )
    own = merge.merge(ContainerSpec("bb", health=HealthCheck(interval_ns=9)), IMAGE).health
    assert own == HealthCheck(("CMD", "true"), 9, retries=3)
    none = merge.merge(ContainerSpec("bb", health=HealthCheck(("NONE",))), IMAGE).health
    assert none is not None and none.test == ("NONE",)


def test_the_environment_of_the_first_process() -> None:
    spec = ContainerSpec("bb", env=("A=1", "PATH=/mine", "HOME", "A=2"), tty=True)
    got = merge.environment(spec, hostname="h", links=("DB_PORT=x",))
    assert got == ("PATH=/mine", "HOSTNAME=h", "TERM=xterm", "DB_PORT=x", "A=2")


def test_a_name_alone_takes_a_variable_away() -> None:
    spec = ContainerSpec("bb", env=("PATH", "HOSTNAME"))
    assert merge.environment(spec, hostname="h") == ()
