"""gorae says of pulls, pushes and logins what Docker 28 said: with docker-registry, and with a hub of ours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.registry import hub_scenarios, scenarios
from tests.oracle.registry.engine import RegistryEngine
from tests.oracle.registry.peers import harbour, registries
from tests.oracle.scenario import Answer, Engine, Scenario

ANSWERS = {
    name: one
    for book in ("registry", "hub")
    for path in sorted((Path(__file__).parents[1] / "answers").glob(f"{book}-28*.json"))
    for name, one in json.loads(path.read_text()).items()
}
Play = Callable[[Scenario], list[Answer]]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Goraed]:
    with goraed() as one:
        yield one


@pytest.fixture(scope="module")
def player(daemon: Goraed) -> Iterator[RegistryEngine]:
    """A daemon, and registries in its network namespace."""
    with registries(["nsenter", "-t", str(daemon.netns), "-n"]) as empty:
        yield RegistryEngine(Engine(daemon.host), empty)


@pytest.fixture(scope="module")
def seafarer(daemon: Goraed) -> Iterator[RegistryEngine]:
    """The same with a hub."""
    with harbour(["nsenter", "-t", str(daemon.netns), "-n"]) as empty:
        yield RegistryEngine(Engine(daemon.host), empty)


def compare(scenario: Scenario, play: Play) -> None:
    recorded = ANSWERS.get(scenario.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == scenario.key, "changed since it was recorded on the oracle"
    wanted = [Answer(**one) for one in recorded["answers"]]
    for step, want, got in zip(scenario.steps, wanted, play(scenario), strict=True):
        assert got == want, step.line


@pytest.mark.oracle
@pytest.mark.parametrize(
    "scenario", scenarios.SCENARIOS, ids=lambda one: one.name.replace(" ", "_")
)
def test_scenario(scenario: Scenario, player: RegistryEngine) -> None:
    compare(scenario, player.play)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "scenario", hub_scenarios.SCENARIOS, ids=lambda one: one.name.replace(" ", "_")
)
def test_hub_scenario(scenario: Scenario, seafarer: RegistryEngine) -> None:
    compare(scenario, seafarer.play)
