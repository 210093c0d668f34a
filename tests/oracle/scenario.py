"""One scenario: docker command lines and what of their answers is compared.

A step is a command line as a person types it, without `docker`. `{n}` is a name of the scenario's own, `{m}` a
second one; both are removed afterwards. `{w}` and `{v}` are networks, where the scenario has some. `{1}` is what the
first step said, an id for instance. A step may have standard input and may leave its output out of the
comparison. What differs from run to run (ids, times, addresses) is replaced by a word.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
from dataclasses import asdict, dataclass, field

TIMEOUT_S = 60


@dataclass(frozen=True)
class Step:
    """A command line; `quiet`: only its exit status counts."""

    line: str
    stdin: str | None = None
    quiet: bool = False
    sort: bool = False


@dataclass(frozen=True)
class Scenario:
    """Steps in order, and names to remove afterwards."""

    name: str
    steps: tuple[Step, ...]
    images: tuple[str, ...] = ()
    networks: bool = False

    @property
    def key(self) -> str:
        """Changes when the scenario's text does."""
        text = json.dumps([asdict(one) for one in self.steps])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Answer:
    """What one step gave, normalised."""

    code: int
    stdout: str = ""
    stderr: str = ""


_RULES = [
    (re.compile(r"\b[0-9a-f]{64}\b"), "<ID>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<SHORT>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "<TIME>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} UTC"), "<TIME>"),
    (re.compile(r"\b(172|192|10)\.\d+\.\d+\.\d+\b"), "<IP>"),
    (re.compile(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b"), "<MAC>"),
    (re.compile(r"\b(Less than a second|About a minute|\d+ seconds?|\d+ minutes?)\b"), "<SPAN>"),
    (re.compile(r"\b(runc|crun)\b"), "<RUNTIME>"),
    (re.compile(r"(?<=:)(3[2-9]|[45]\d|60)\d{3}\b"), "<PORT>"),
]


def normalise(text: str, names: dict[str, str]) -> str:
    """The text without what may differ between two engines or two runs."""
    for word, name in names.items():
        text = text.replace(name, f"<{word}>")
    for pattern, word in _RULES:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


@dataclass
class Engine:
    """An engine's address and how its scenarios name things."""

    host: str
    prefix: str = "orc"
    env: dict[str, str] = field(default_factory=dict)

    def docker(
        self, argv: list[str], stdin: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> subprocess.CompletedProcess[str]:
        """One command of the real docker CLI."""
        env = {**os.environ, **self.env, "DOCKER_HOST": self.host, "DOCKER_CLI_HINTS": "false"}
        env["DOCKER_CONFIG"] = "/nonexistent"
        env["DOCKER_BUILDKIT"] = "0"  # the CLI's plugin for the other builder is not everywhere
        return subprocess.run(
            ["docker", *argv],
            env=env,
            text=True,
            errors="replace",
            input=stdin if stdin is not None else None,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
        )

    def play(self, scenario: Scenario) -> list[Answer]:
        """Run a scenario; its answers. Nothing of it is left."""
        stem = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
        names = {"n": f"{self.prefix}-{stem}-n", "m": f"{self.prefix}-{stem}-m"}
        if scenario.networks:
            names |= {"w": f"{self.prefix}-{stem}-w", "v": f"{self.prefix}-{stem}-v"}
        self._clean(names, scenario)
        answers = []
        said: dict[str, str] = {}
        try:
            for number, step in enumerate(scenario.steps, 1):
                line = step.line
                for word, name in {**names, **said}.items():
                    line = line.replace(f"{{{word}}}", name)
                done = self.docker(shlex.split(line), step.stdin)
                said[str(number)] = done.stdout.strip()
                if step.quiet:
                    answers.append(Answer(done.returncode))
                    continue
                out = normalise(done.stdout, names)
                if step.sort:
                    out = "\n".join(sorted(out.splitlines()))
                answers.append(Answer(done.returncode, out, normalise(done.stderr, names)))
        finally:
            self._clean(names, scenario)
        return answers

    def _clean(self, names: dict[str, str], scenario: Scenario) -> None:
        self.docker(["rm", "-f", "-v", names["n"], names["m"]])
        if scenario.networks:
            self.docker(["network", "rm", names["w"], names["v"]])
        if scenario.images:
            self.docker(["rmi", "-f", *scenario.images])
