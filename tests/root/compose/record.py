"""Record what docker compose does with the applications: `python -m tests.root.compose.record unix:///oracle.sock FOLDER [NAME ...]`.

FOLDER is where the engine and we see the same files; DOCKER_CONFIG may name where docker compose is.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.oracle.material import load_images
from tests.oracle.scenario import Engine
from tests.root.compose.applications import APPLICATIONS, NEW
from tests.root.compose.play import play
from tests.root.compose.tool import Tool

HERE = Path(__file__).parent


def main() -> None:
    host, folder, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    path = HERE / "answers.json"
    answers = json.loads(path.read_text()) if path.exists() else {}
    load_images(Engine(host), "compose-bb")
    shutil.copytree(HERE / "applications", folder, dirs_exist_ok=True)
    docker = ["docker", "-H", host]
    subprocess.run(
        [*docker, "volume", "create", "compose-outside"], check=True, capture_output=True
    )
    for one in APPLICATIONS:
        if one.folder in names or not names:
            answers[one.folder] = play(
                Tool(NEW, ("docker", "compose")), host, one, folder / one.folder, recording=True
            )
            print(one.folder, len(answers[one.folder]))
    subprocess.run([*docker, "volume", "rm", "compose-outside"], check=True, capture_output=True)
    for answer in (one for steps in answers.values() for one in steps):
        answer.pop("stderr", None)
    path.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
