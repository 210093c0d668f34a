"""Two programs, one engine: a command line carried out by `docker` and by `gorae`, and what both said."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.scenario import normalise

SRC = Path(__file__).parents[2] / "src"
TIMEOUT_S = 60
GORAE = [
    sys.executable,
    "-ISc",
    f"import sys; sys.path.insert(0, {str(SRC)!r}); sys.argv[0] = 'gorae'\n"
    "from gorae.cli.main import main; main()",
]
PROGRAMS = {"docker": ["docker"], "gorae": GORAE}
_AGO = re.compile(r"Less than a second|About an? (minute|hour)|\d+ (second|minute|hour)s?")


@dataclass(frozen=True)
class Said:
    """Exit status and both outputs, normalised."""

    code: int
    stdout: str
    stderr: str


def play(
    program: str, host: str, line: str, *, stdin: str | None = None, names: dict[str, str]
) -> Said:
    """Carry `line` out. `names`: word in braces -> the name that stands for it here."""
    for word, name in names.items():
        line = line.replace(f"{{{word}}}", name)
    done = subprocess.run(
        [*PROGRAMS[program], *shlex.split(line)],
        env=environment(host),
        text=True,
        errors="replace",
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return Said(done.returncode, plain(done.stdout, names), plain(done.stderr, names))


def environment(host: str) -> dict[str, str]:
    """Of both programs: the engine, and no configuration of the machine's."""
    cleared = ("GORAE_HOST", "DOCKER_CONTEXT", "DOCKER_API_VERSION", "DOCKER_TLS_VERIFY")
    kept = {name: value for name, value in os.environ.items() if name not in cleared}
    settings = {"DOCKER_HOST": host, "DOCKER_CLI_HINTS": "false", "DOCKER_CONFIG": "/nonexistent"}
    return {**kept, **settings}


def plain(text: str, names: dict[str, str]) -> str:
    """Without what a second changes, and with one program's name."""
    text = _AGO.sub("<AGO>", text).replace("gorae", "docker")
    # A column is as wide as its longest span.
    return re.sub(r" {2,}", "  ", normalise(text, names))
