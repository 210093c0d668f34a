"""Odd Dockerfiles are read as Docker 28 reads them: the same stages, or the same sentence."""

import json
from pathlib import Path

import pytest

from gorae.dockerfile.stages import read
from gorae.errors import SyntaxFault

ODD = Path(__file__).parents[2] / "data" / "odd-dockerfiles"
ANSWERS = json.loads((Path(__file__).parent / "odd.json").read_text())
OURS = {
    "arg-only": "dockerfile contains no stages to build",
    "copy-unknown-flag": "dockerfile parse error on line 2: unknown flag: --chwon (did you mean chown?)",
    "invalid-utf8-keyword": "dockerfile parse error on line 2: unknown instruction: L\ufffd",
    "run-bad-security": 'dockerfile parse error on line 2: security "foo" is not valid',
}
"""Where docker lists no stages, takes one of two equally near names by chance, breaks its connection, or is older."""


@pytest.mark.oracle
@pytest.mark.parametrize("path", sorted(ODD.iterdir()), ids=lambda one: one.name)
def test_odd(path: Path) -> None:
    try:
        stages = read(path.read_bytes(), "Dockerfile").stages
        found = {"stages": [[stage.name, stage.from_.image] for stage in stages]}
    except SyntaxFault as fault:
        found = {"error": fault.message}
        assert fault.line >= 1 or path.name == "arg-only"
    wanted = {"error": OURS[path.name]} if path.name in OURS else ANSWERS[path.name]
    assert found == wanted
