"""Ten applications by docker-compose 1.29, docker compose 2.40 and gorae compose: the same result.

The answers were recorded by docker compose 2.40 on Docker 28.5.2 (`record.py`).
"""

import json
import re
from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.root.compose.applications import ALL, APPLICATIONS, BY_FOLDER, OLD
from tests.root.compose.play import differences, play
from tests.root.compose.tool import Tool

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
OLDS_OWN = (
    (r"facts\.networks\.\w+\.Attachable", "it makes every network attachable"),
    (r"facts\.volumes\.data:", "it makes volumes that no service uses"),
    (r"\.CapAdd:", "it leaves names of capabilities as they are written"),
    (r"\.Env: .*affinity:container", "it tells a scheduler of long ago where a container was"),
    (r"\.Env: .*EXPANDED=\$FROM_DOT_ENV", "it does not expand variables in environment files"),
    (r"containers\.after-broken/1: found null", "it makes a container only when its dependency has ended well"),
    (r"stderr: ", "it says it in its own words"),
    (r"containers\.reader/1: found \"running\"", "it keeps a container whose volumes come from one that was made anew"),
)  # fmt: skip
"""Where 1.29 differs from 2.40 whatever the engine: what is found, and why it is so."""


@pytest.mark.parametrize("tool_name", ALL)
@pytest.mark.parametrize("name", [one.folder for one in APPLICATIONS])
def test_an_application(
    name: str, tool_name: str, tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    application = BY_FOLDER[name]
    if tool_name not in application.tools:
        pytest.skip(f"its format is not that of {tool_name}")
    if tool_name not in tools:
        pytest.skip("docker-compose 1 is not of this distribution")
    found = play(tools[tool_name], daemon.host, application, folder / name)
    lines = differences(found, ANSWERS[name])
    if tool_name == OLD:
        lines = [line for line in lines if not any(re.search(one, line) for one, _ in OLDS_OWN)]
    assert not lines, "\n".join(lines)
