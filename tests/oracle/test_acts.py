"""`gorae X` does what `docker X` does: the same acts on things of each program's own, told alike."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.oracle.acts import ACTS, MISTAKES, REFUSED, Act
from tests.oracle.scenario import Engine
from tests.oracle.twin import PROGRAMS, Said, play

BOTH = ThreadPoolExecutor(2)
WORKER = "run -d --name {w} bb sh -c 'trap exit TERM; sleep 1000 & wait'"


def perform(program: str, engine: Engine, act: Act) -> list[Said]:
    """Every line's answer; nothing of the act is left."""
    names = {word: f"tw-{word}-{program[0]}{program[-1]}" for word in ("n", "m", "w")}

    text = " ".join(act.lines)
    leftovers = {"rm -f -v {n} {w}": "{", "network rm {n}": "network create"}
    leftovers |= {"volume rm {n}": "volume create", "rmi -f {m} {m}:1 {m}:2": "{m}"}

    def clear() -> None:
        for line, sign in leftovers.items():
            if sign in text:
                play("docker", engine.host, line, names=names)

    try:
        if any("{w}" in line for line in act.lines):
            assert play("docker", engine.host, WORKER, names=names).code == 0
        return [play(program, engine.host, one, stdin=act.stdin, names=names) for one in act.lines]
    finally:
        clear()


@pytest.mark.oracle
@pytest.mark.parametrize("act", ACTS, ids=lambda one: one.lines[0])
def test_both_act_alike(act: Act, engine: Engine) -> None:
    # two who commit the same bytes at once share a layer: who removes his image last removes it
    at_once = not any("--subnet" in line or line.startswith("commit ") for line in act.lines)
    docker, gorae = (BOTH.map if at_once else map)(lambda one: perform(one, engine, act), PROGRAMS)
    for line, wanted, found in zip(act.lines, docker, gorae, strict=True):
        assert found == wanted, line


@pytest.mark.oracle
@pytest.mark.parametrize("flags", REFUSED.strip().splitlines())
def test_options_of_run_are_taken_or_refused_alike(flags: str, engine: Engine) -> None:
    line = f"run --rm {flags} bb true"
    docker, gorae = BOTH.map(lambda one: play(one, engine.host, line, names={}), PROGRAMS)
    assert gorae == docker


@pytest.mark.oracle
@pytest.mark.parametrize("line", MISTAKES.strip().splitlines())
def test_mistakes_are_told_alike(line: str, engine: Engine) -> None:
    docker, gorae = BOTH.map(lambda one: play(one, engine.host, line, names={}), PROGRAMS)
    assert gorae == docker
