"""Record what the oracle says of odd Dockerfiles: `python -m tests.oracle.lint.record_odd unix:///oracle.sock BUILDX`.

Each is only parsed (`--call=targets`): the answer is its stages, or the error and its line.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ODD = Path(__file__).parents[2] / "data" / "odd-dockerfiles"
ANSWERS = Path(__file__).parent / "odd.json"


def main() -> int:
    host, buildx = sys.argv[1:3]
    recorded = {}
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "cli-plugins"
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(buildx)
        env = {**os.environ, "DOCKER_HOST": host, "DOCKER_CONFIG": folder}
        for path in sorted(ODD.iterdir()):
            recorded[path.name] = _ask(path, env)
    ANSWERS.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} files recorded")
    return 0


def _ask(path: Path, env: dict[str, str]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_bytes(path.read_bytes())
        argv = [
            "docker",
            "buildx",
            "build",
            "--call=targets,format=json",
            "--progress=quiet",
            folder,
        ]
        done = subprocess.run(argv, env=env, capture_output=True, timeout=60)
    if done.returncode == 0:
        targets = json.loads(done.stdout)["targets"] or []
        return {"stages": [[one.get("name", ""), one["base"]] for one in targets]}
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    (error,) = [line for line in lines if line.startswith("ERROR: ")]

    message = error.removeprefix("ERROR: ").removeprefix("failed to build: ")
    message = message.removeprefix("failed to solve: ")
    return {"error": message}


if __name__ == "__main__":
    sys.exit(main())
