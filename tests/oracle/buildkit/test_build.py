"""gorae builds what Docker 28 with BuildKit builds: status, sentence, config, history and files agree."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import SRC, goraed
from tests.oracle.buildkit.case import Case
from tests.oracle.buildkit.catalogue import CASES
from tests.oracle.buildkit.play import Builder, base_tree

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
GORAE = (sys.executable, "-c", "from gorae.cli.main import main; main()")
OURS = {
    "bad: pattern": '"*[": syntax error in pattern',
    "bad: context is a file": "is not a folder",
    "bad: chmod word": "invalid chmod parameter: 'zz'",
    "bad: secret without an id": "has no id: say id=NAME",
    "bad: secret file that is not there": "no such file",
    "copy chown by name on scratch": "unable to find user daemon",
    "copy a folder onto a file": "not a directory",
    "copy a file below a file": "not a directory",
    "add url that is not there": "invalid response status 404",
    "entitlement for insecure": "security.insecure is not allowed",
    "remote context that is not there": "invalid response status 404",
    "bad: output type": "output type 'nosuch' is not supported",
}
"""Where our sentence says more than docker's, or docker's is older, and what must stand in it."""


@pytest.fixture(scope="session")
def builder() -> Iterator[Builder]:
    """A goraed of one's own with the base image, and the CLI."""
    with goraed() as daemon:
        made = Builder(daemon.host, GORAE, {"PYTHONPATH": str(SRC)}, daemon.netns)
        made.base = base_tree(made)
        yield made


@pytest.mark.oracle
@pytest.mark.root
@pytest.mark.parametrize("one", CASES, ids=lambda one: re.sub(r"\s", "_", one.name))
def test_build(one: Case, builder: Builder) -> None:
    wanted = dict(ANSWERS[one.name])
    assert wanted.pop("key") == one.key, "changed since it was recorded on the oracle"
    found = json.loads(json.dumps(builder.play(one).to_document()))
    said, sentence = found.pop("error", ""), wanted.pop("error", "")
    assert found == wanted
    assert OURS.get(one.name, telling(sentence)) in telling(said)


def telling(sentence: str) -> str:
    """What of a sentence says why: not which of the builder's parts came upon it, nor what a name server said."""
    sentence = re.sub(r"^failed to compute cache key: .*?(?=\"/)", "", sentence)
    sentence = re.sub(r"^lstat (\S+): no such file or directory$", r'"\1": not found', sentence)
    return re.sub(r"(failed to resolve source metadata for \S+?): .*", r"\1", sentence)
