"""`gorae X` behaves as `docker X` does: the same command lines on the same engine, said by both alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.oracle.scenario import Engine
from tests.oracle.twin import PROGRAMS, play
from tests.oracle.twins import TWINS

STAGE = (
    "network create --label a=b --subnet 10.99.7.0/24 lan",
    "volume create --label v=1 data",
    "run -d --name web --label app=web --label 'odd=a\"b<c>&d' -p 127.0.0.1:18080:80"
    " -p 127.0.0.1:18443:443/udp -e A=1 -v data:/data --network lan --network-alias w"
    " --restart unless-stopped --stop-timeout 0 -m 64m bb sh -c 'echo out; echo err >&2; sleep 1000'",
    "run --name done --label app=done -e 'X=é' bb sh -c 'echo one; echo two; echo three >&2; exit 3'",
    "create --name made --entrypoint /bin/true bb a b",
    "run -d --name paused bb sleep 1000",
    "pause paused",
)

BOTH = ThreadPoolExecutor(2)


@pytest.fixture(scope="module")
def stage(engine: Engine) -> Iterator[Engine]:
    """The engine with the things that the lines speak of."""
    clear(engine)
    for line in STAGE:
        said = play("docker", engine.host, line, names={})
        assert said.code == (3 if "--name done" in line else 0), (line, said)
    yield engine
    clear(engine)


def clear(engine: Engine) -> None:
    for line in ("rm -f -v web done made paused", "network rm lan", "volume rm data"):
        play("docker", engine.host, line, names={})


@pytest.mark.oracle
@pytest.mark.parametrize("line", TWINS)
def test_both_say_the_same(line: str, stage: Engine) -> None:
    docker, gorae = BOTH.map(lambda one: play(one, stage.host, line, names={}), PROGRAMS)
    assert gorae == docker
