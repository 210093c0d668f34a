"""The three programs that bring applications up: docker-compose 1.29, docker compose 2.40, gorae compose."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 120


@dataclass(frozen=True)
class Tool:
    """`argv` is the program up to its own options; `name` is how tests call it."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, host: str, project: str, folder: Path, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One command on the project whose files are in `folder`, against the engine at `host`."""
        files = [word for word in words if word.startswith("-f=")]
        own = [part for word in files for part in ("-f", str(folder / word[3:]))]
        rest = [word for word in words if word not in files]
        return subprocess.run(
            [*self.argv, "-p", project, *own, *rest],
            cwd=folder,
            env={**os.environ, **self.env, "PWD": str(folder), "DOCKER_HOST": host, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
