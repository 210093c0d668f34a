"""Record the oracle's answers: `python -m tests.oracle.bake.record BUILDX [NAME ...]`.

`BUILDX` is the oracle's docker-buildx program, which the docker CLI here is given as its plugin; no engine is asked.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.oracle.bake.catalogue import CASES, Case

ANSWERS = Path(__file__).parent / "answers.json"
FOLDER = "<FOLDER>"


def main() -> int:
    buildx, *wanted = sys.argv[1:]
    recorded = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "cli-plugins"
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(buildx)
        env = {**os.environ, "DOCKER_HOST": "unix:///nonexistent", "DOCKER_CONFIG": folder}
        for case in CASES:
            if case.name in wanted or recorded.get(case.name, {}).get("key") != case.key:
                recorded[case.name] = {
                    "key": case.key,
                    **play(case, ["docker", "buildx", "bake"], env),
                }
    known = {case.name for case in CASES}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known}
    ANSWERS.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} cases recorded")
    return 0


def play(case: Case, argv: list[str], env: dict[str, str]) -> dict[str, object]:
    """The status, the document (None when it is none), and the last line of what was complained of."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in case.files.items():
            (Path(folder) / name).write_text(text)
        done = subprocess.run(
            [*argv, "--print", *case.words],
            cwd=folder,
            env={**env, **case.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        try:
            document = json.loads(done.stdout.replace(folder, FOLDER))
        except ValueError:
            document = None
        lines = done.stderr.replace(folder, FOLDER).strip().splitlines()
        return {"code": done.returncode, "document": document, "said": lines[-1] if lines else ""}


if __name__ == "__main__":
    sys.exit(main())
