"""gorae handles files as Docker 28 did: mounts, volumes, cp, export, commit, diff."""

import json
import sys
from pathlib import Path

import pytest
from tests.oracle.data_catalogue import SCENARIOS
from tests.oracle.data_scenario import IMAGE, FilesEngine
from tests.oracle.material import load_images
from tests.oracle.scenario import Answer, Engine, Scenario
from tests.oracle.twin import SRC

ANSWERS = {
    name: one
    for path in sorted((Path(__file__).parent / "answers").glob("data-28*.json"))
    for name, one in json.loads(path.read_text()).items()
}

BY_GORAE = ("cp of a whole root file system", "cp in from a link with a slash after it")
"""What the other command line does with local files itself."""


@pytest.fixture(scope="module")
def files(engine: Engine) -> FilesEngine:
    """With the catalogue's own image in it."""
    load_images(engine, IMAGE)
    return FilesEngine(engine)


@pytest.mark.oracle
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name.replace(" ", "_"))
def test_scenario(scenario: Scenario, files: FilesEngine) -> None:
    play(scenario, files)


@pytest.mark.oracle
@pytest.mark.parametrize("name", BY_GORAE)
def test_scenario_by_gorae(name: str, files: FilesEngine, tmp_path: Path) -> None:
    gorae = tmp_path / "gorae"
    start = f"import sys; sys.path.insert(0, {str(SRC)!r}); from gorae.cli.main import main; main()"
    gorae.write_text(f"#!{sys.executable} -IS\n{start}\n")
    gorae.chmod(0o755)
    scenario = next(one for one in SCENARIOS if one.name == name)
    play(scenario, FilesEngine(files.engine, program=str(gorae)))


def play(scenario: Scenario, files: FilesEngine) -> None:
    recorded = ANSWERS.get(scenario.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == scenario.key, "changed since it was recorded on the oracle"
    wanted = [Answer(**one) for one in recorded["answers"]]
    found = files.play(scenario)
    for step, want, got in zip(scenario.steps, wanted, found, strict=True):
        assert got == want, step.line
