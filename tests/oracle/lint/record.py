"""Record the oracle's answers: `python -m tests.oracle.lint.record unix:///oracle.sock BUILDX [NAME ...]`.

`BUILDX` is the oracle's docker-buildx program, which the docker CLI here is given as its plugin.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.oracle.lint.catalogue import CASES, Case

ANSWERS = Path(__file__).parent / "answers.json"


def main() -> int:
    host, buildx, *wanted = sys.argv[1:]
    recorded = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "cli-plugins"
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(buildx)
        env = {**os.environ, "DOCKER_HOST": host, "DOCKER_CONFIG": folder}
        for case in CASES:
            if case.name in wanted or recorded.get(case.name, {}).get("key") != case.key:
                recorded[case.name] = {"key": case.key, **_ask(case, env)}
    known = {case.name for case in CASES}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known}
    ANSWERS.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} cases recorded")
    return 0


def _ask(case: Case, env: dict[str, str]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"Dockerfile": case.dockerfile, **case.files}.items():
            (Path(folder) / name).write_text(text)
        answers = {}
        for form in ("json", "text"):
            call = "lint,format=json" if form == "json" else "lint"
            argv = ["docker", "buildx", "build", f"--call={call}", "--progress=quiet"]
            done = subprocess.run(
                [*argv, *case.flags, folder], env=env, capture_output=True, text=True, timeout=60
            )
            answers[form] = done
    text = answers["text"]
    return {
        "code": text.returncode,
        "folder": "<FOLDER>/",
        "stdout": text.stdout.replace(folder, "<FOLDER>"),
        "stderr": text.stderr.replace(folder, "<FOLDER>"),
        "json": _without_source(answers["json"].stdout),
    }


def _without_source(text: str) -> dict[str, object] | None:
    """The document without the file's own text and the builder's definition of it."""
    try:
        found: dict[str, object] = json.loads(text)
    except ValueError:
        return None
    found.pop("sources", None)
    return found


if __name__ == "__main__":
    sys.exit(main())
