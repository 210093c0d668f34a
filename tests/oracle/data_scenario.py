"""Scenarios with files: docker command lines, and `! ` lines that a shell runs beside the engine.

A shell line works in a folder of the scenario's own, where `cp` finds its local side. `$H` is a folder that the daemon
knows as `{h}`: the source of bind mounts. What the shell prints is compared as a command's answer is.
"""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.scenario import Answer, Engine, Scenario, Step, normalise

TIMEOUT_S = 60
SETTLE = "! sleep 0.3"
"""This line waits for the container's own last command instead."""
IMAGE = "orcdbb"
"""Of its own, so that nobody else takes it away from an engine that is shared."""


_RULES = [
    (re.compile(r"source \S+/overlay2/[0-9a-f]+/merged(?=/\S+ is not directory)"), "source "),
    (re.compile(r"[^\s'\"]+/volumes/(?=[^\s/]+/_data)"), "<VOLUMES>/"),
    (re.compile(r"[^\s'\"]+/overlay2/[0-9a-f]+/merged"), "<IMAGE>"),
    (re.compile(r"[^\s'\"]+/points/[0-9a-f]+/\d+\.image"), "<IMAGE>"),
    (re.compile(r"^time=.* level=error msg=\"Can't .*\n", re.MULTILINE), ""),
    (re.compile(r"mount src=[^:]+, dst=[^:]+, dstFd=[^:]+: "), ""),
]


@dataclass
class FilesEngine:
    """An engine, and the path of the daemon's root on this side (the oracle lives in a chroot)."""

    engine: Engine
    root: str = ""
    program: str = "docker"
    """Or the path of another command line that is to give the same answers."""

    def play(self, scenario: Scenario) -> list[Answer]:
        """Run a scenario; its answers. Nothing of it is left."""
        stem = "".join(c if c.isalnum() else "-" for c in scenario.name.lower()).strip("-")
        prefix = f"{self.engine.prefix}d-{stem}"
        names = {
            "i": IMAGE,
            "n": f"{prefix}-n",
            "m": f"{prefix}-m",
            "v": f"{prefix}-v",
            "w": f"{prefix}-w",
        }
        inside = f"/tmp/{prefix}"
        host = Path(self.root + inside)
        self._clean(names, host, scenario)
        host.mkdir(parents=True)
        host.chmod(0o755)
        work = tempfile.mkdtemp(prefix="orc-work-")
        try:
            return [
                self._step(step, {**names, "h": inside}, work, str(host)) for step in scenario.steps
            ]
        finally:
            self._clean(names, host, scenario)
            shutil.rmtree(work)

    def _step(self, step: Step, names: dict[str, str], work: str, host: str) -> Answer:
        line = step.line
        for word, name in names.items():
            line = line.replace("{" + word + "}", name)
        env = {**os.environ, "DOCKER_HOST": self.engine.host, "DOCKER_CLI_HINTS": "false"}
        env |= {"DOCKER_CONFIG": "/nonexistent", "H": host, "LC_ALL": "C", "TZ": "UTC"}
        if line == SETTLE:
            self._settle(names["n"])
            return Answer(0)
        shell = line.startswith("! ")
        if shell:
            line = line.replace("docker ", f"{self.program} ")
        done = subprocess.run(
            ["sh", "-c", line[2:]] if shell else [self.program, *shlex.split(line)],
            env=env,
            cwd=work,
            text=True,
            errors="replace",
            input=step.stdin,
            stdin=None if step.stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        if step.quiet:
            return Answer(done.returncode)
        words = {**names, "work": work}
        out = self._normalise(done.stdout, words)
        if step.sort:
            out = "\n".join(sorted(out.splitlines()))
        return Answer(done.returncode, out, self._normalise(done.stderr, words))

    def _normalise(self, text: str, words: dict[str, str]) -> str:
        """Without the engine's own folders, and without what the docker CLI logs of a pipe that it closed itself."""
        for pattern, word in _RULES:
            text = pattern.sub(word, text)
        return normalise(text, words)

    def _settle(self, name: str) -> None:
        """Wait until a container has done its work, which ends in `sleep 1000`."""
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            rows = self.engine.docker(["top", name]).stdout.splitlines()[1:]
            if any(row.split(None, 7)[-1].startswith("sleep 1000") for row in rows):
                return
            time.sleep(0.05)
        raise AssertionError(f"{name} did not come to its sleep")

    def _clean(self, names: dict[str, str], host: Path, scenario: Scenario) -> None:
        docker = self.engine.docker
        docker(["rm", "-f", "-v", names["n"], names["m"]])
        docker(["volume", "rm", "-f", names["v"], names["w"]])
        if scenario.images:
            docker(["rmi", "-f", *scenario.images])
        shutil.rmtree(host, ignore_errors=True)
