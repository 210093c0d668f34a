"""gorae says of pulls, pushes and logins what Docker 28 said."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import goraed
from tests.oracle.registry.engine import RegistryEngine
from tests.oracle.registry.peers import registries
from tests.oracle.registry.scenarios import SCENARIOS
from tests.oracle.scenario import Answer, Engine, Scenario

ANSWERS = {
    name: one
    for path in sorted((Path(__file__).parents[1] / "answers").glob("registry-28*.json"))
    for name, one in json.loads(path.read_text()).items()
}


@pytest.fixture(scope="module")
def player() -> Iterator[RegistryEngine]:
    """A daemon, and registries in its network namespace."""
    with goraed() as daemon, registries(["nsenter", "-t", str(daemon.netns), "-n"]) as empty:
        yield RegistryEngine(Engine(daemon.host), empty)


@pytest.mark.oracle
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name.replace(" ", "_"))
def test_scenario(scenario: Scenario, player: RegistryEngine) -> None:
    recorded = ANSWERS.get(scenario.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == scenario.key, "changed since it was recorded on the oracle"
    wanted = [Answer(**one) for one in recorded["answers"]]
    found = player.play(scenario)
    for step, want, got in zip(scenario.steps, wanted, found, strict=True):
        assert got == want, step.line
