"""gorae handles files as Docker 28 did: mounts, volumes, cp, export, commit, diff."""

import json
from pathlib import Path

import pytest
from tests.oracle.data_catalogue import SCENARIOS
from tests.oracle.data_scenario import IMAGE, FilesEngine
from tests.oracle.material import load_images
from tests.oracle.scenario import Answer, Engine, Scenario

ANSWERS = {
    name: one
    for path in sorted((Path(__file__).parent / "answers").glob("data-28*.json"))
    for name, one in json.loads(path.read_text()).items()
}


@pytest.fixture(scope="module")
def files(engine: Engine) -> FilesEngine:
    """With the catalogue's own image in it."""
    load_images(engine, IMAGE)
    return FilesEngine(engine)


@pytest.mark.oracle
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name.replace(" ", "_"))
def test_scenario(scenario: Scenario, files: FilesEngine) -> None:
    recorded = ANSWERS.get(scenario.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == scenario.key, "changed since it was recorded on the oracle"
    wanted = [Answer(**one) for one in recorded["answers"]]
    found = files.play(scenario)
    for step, want, got in zip(scenario.steps, wanted, found, strict=True):
        assert got == want, step.line
