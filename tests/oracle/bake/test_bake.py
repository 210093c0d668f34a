"""gorae's bake reads definition files as buildx 0.29 does."""

import json
import os
import sys
from pathlib import Path

import pytest
from tests.daemon import SRC
from tests.oracle.bake.catalogue import CASES, Case
from tests.oracle.bake.record import play

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
GORAE = [sys.executable, "-c", "from gorae.cli.main import main; main()", "bake"]


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name.replace(" ", "_"))
def test_the_same_definition(case: Case) -> None:
    recorded = ANSWERS.get(case.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == case.key, "changed since it was recorded on the oracle"
    found = play(case, GORAE, {**os.environ, "PYTHONPATH": str(SRC)})
    assert (found["code"], found["document"]) == (recorded["code"], recorded["document"])
    if recorded["code"]:
        assert str(found["said"]).startswith("ERROR: ")
