"""Record the oracle's answers: `python -m tests.oracle.buildkit.record HOST BUILDX NETNS_PID [NAME ...]`.

`BUILDX` is the oracle's docker-buildx program; `NETNS_PID` a process in dockerd's network namespace. What differs
between two runs of a case is not recorded, and named.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.oracle.buildkit.catalogue import CASES
from tests.oracle.buildkit.play import Builder, base_tree

ANSWERS = Path(__file__).parent / "answers.json"


def main() -> int:
    host, buildx, netns, *wanted = sys.argv[1:]
    recorded = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "cli-plugins"
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(buildx)
        env = {"DOCKER_CONFIG": folder, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        builder = Builder(host, ("docker",), env, int(netns))
        builder.base = base_tree(builder)
        for one in CASES:
            if one.name in wanted or (
                not wanted and recorded.get(one.name, {}).get("key") != one.key
            ):
                answer = builder.play(one).to_document()
                recorded[one.name] = {"key": one.key, **answer}
                _write(recorded)
                print(one.name, answer["code"], answer.get("error", ""), flush=True)
    known = {one.name for one in CASES}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known}
    _write(recorded)
    print(f"{len(recorded)} cases recorded")
    return 0


def _write(recorded: dict[str, object]) -> None:
    """One case a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in sorted(recorded.items())]
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    sys.exit(main())
