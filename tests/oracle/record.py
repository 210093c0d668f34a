"""Record the oracle's answers: `python -m tests.oracle.record unix:///oracle.sock [NAME ...]`.

Every scenario is played twice; answers that differ between the two are not recorded, and named. Each catalogue has
a file of answers. Without names only what was never recorded, or changed since, is played.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.catalogues import catalogues
from tests.oracle.material import load_images
from tests.oracle.scenario import Engine, Scenario

ANSWERS = Path(__file__).parent / "answers"


def main() -> int:
    engine = Engine(sys.argv[1])
    version = engine.docker(["version", "-f", "{{.Server.Version}}"]).stdout.partition("+")[0]
    load_images(engine)
    unsteady = 0
    for topic, scenarios in catalogues().items():
        name = (
            f"docker-{version.strip()}-{topic}.json" if topic else f"docker-{version.strip()}.json"
        )
        unsteady += record(engine, scenarios, ANSWERS / name, sys.argv[2:])
    return 1 if unsteady else 0


def record(engine: Engine, scenarios: list[Scenario], path: Path, wanted: list[str]) -> int:
    """Play what is wanted and keep its answers in `path`; how many were unsteady."""
    recorded = json.loads(path.read_text()) if path.exists() else {}
    unsteady = 0
    for scenario in scenarios:
        known = recorded.get(scenario.name, {}).get("key") == scenario.key
        if scenario.name not in wanted if wanted else known:
            continue
        first, second = engine.play(scenario), engine.play(scenario)
        if first != second:
            unsteady += 1
            recorded.pop(scenario.name, None)
            print(f"unsteady: {scenario.name}\n  {first}\n  {second}")
            continue
        recorded[scenario.name] = {"key": scenario.key, "answers": [asdict(one) for one in first]}
    known_names = {one.name for one in scenarios}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known_names}
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{path.name}: {len(recorded)} scenarios recorded, {unsteady} unsteady")
    return unsteady


if __name__ == "__main__":
    sys.exit(main())
