"""gorae gives the answers that Docker 28 gave: exit status, standard output and standard error of every step."""

import json
from pathlib import Path

import pytest
from tests.oracle.catalogues import everything
from tests.oracle.scenario import Answer, Engine, Scenario

ANSWERS = {
    name: one
    for path in sorted((Path(__file__).parent / "answers").glob("docker-28*.json"))
    for name, one in json.loads(path.read_text()).items()
}


@pytest.mark.oracle
@pytest.mark.parametrize("scenario", everything(), ids=lambda one: one.name.replace(" ", "_"))
def test_scenario(scenario: Scenario, engine: Engine) -> None:
    recorded = ANSWERS.get(scenario.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == scenario.key, "changed since it was recorded on the oracle"
    wanted = [Answer(**one) for one in recorded["answers"]]
    found = engine.play(scenario)
    for step, want, got in zip(scenario.steps, wanted, found, strict=True):
        assert got == want, step.line
