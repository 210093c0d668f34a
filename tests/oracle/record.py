"""Record the oracle's answers: `python -m tests.oracle.record unix:///oracle.sock [NAME ...]`.

Every scenario is played twice; answers that differ between the two are not recorded, and named.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.catalogue import SCENARIOS
from tests.oracle.material import load_images
from tests.oracle.scenario import Engine

ANSWERS = Path(__file__).parent / "answers"


def main() -> int:
    engine = Engine(sys.argv[1])
    wanted = sys.argv[2:]
    version = engine.docker(["version", "-f", "{{.Server.Version}}"]).stdout.strip()
    path = ANSWERS / f"docker-{version.partition('+')[0]}.json"
    recorded = json.loads(path.read_text()) if path.exists() else {}
    load_images(engine)
    unsteady = []
    for scenario in SCENARIOS:
        if wanted and scenario.name not in wanted:
            continue
        if not wanted and recorded.get(scenario.name, {}).get("key") == scenario.key:
            continue
        first, second = engine.play(scenario), engine.play(scenario)
        if first != second:
            unsteady.append(scenario.name)
            recorded.pop(scenario.name, None)
            print(f"unsteady: {scenario.name}\n  {first}\n  {second}")
            continue
        recorded[scenario.name] = {"key": scenario.key, "answers": [asdict(one) for one in first]}
    known = {one.name for one in SCENARIOS}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known}
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} scenarios recorded, {len(unsteady)} unsteady")
    return 1 if unsteady else 0


if __name__ == "__main__":
    sys.exit(main())
