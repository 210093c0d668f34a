"""The command line's own time: `ps` at most twice docker's, `run` at most 30 ms more, on the same engine.

Processor time counts, not the clock's: other work of the machine is in neither.
"""

import resource
import statistics
import subprocess

import pytest
from tests.oracle.scenario import Engine
from tests.oracle.twin import PROGRAMS, environment

ROUNDS = 7


def spent_s(program: str, host: str, *words: str) -> float:
    """Processor time that the program itself took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [*PROGRAMS[program], *words],
        env={**environment(host), "PYTHONDONTWRITEBYTECODE": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(engine: Engine, *words: str) -> tuple[float, float]:
    """(docker, gorae), after a round that warms both up."""
    found: dict[str, list[float]] = {program: [] for program in PROGRAMS}
    for _ in range(ROUNDS + 1):
        for program, times in found.items():
            times.append(spent_s(program, engine.host, *words))
    docker, gorae = (statistics.median(times[1:]) for times in found.values())
    return docker, gorae


@pytest.mark.oracle
def test_ps_takes_at_most_twice_dockers_time(engine: Engine) -> None:
    docker, gorae = medians(engine, "ps")
    assert gorae <= 2 * docker, f"docker {docker * 1e3:.0f} ms, gorae {gorae * 1e3:.0f} ms"


@pytest.mark.oracle
def test_run_takes_at_most_thirty_milliseconds_more(engine: Engine) -> None:
    docker, gorae = medians(engine, "run", "--rm", "bb", "true")
    assert gorae <= docker + 0.030, f"docker {docker * 1e3:.0f} ms, gorae {gorae * 1e3:.0f} ms"
