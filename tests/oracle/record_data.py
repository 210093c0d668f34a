"""Record the oracle's answers about files: `python -m tests.oracle.record_data unix:///oracle.sock ROOT [NAME ...]`.

ROOT is the daemon's root directory as seen from here: the chroot that the oracle lives in, or /.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.data_catalogue import SCENARIOS
from tests.oracle.data_scenario import IMAGE, FilesEngine
from tests.oracle.material import load_images
from tests.oracle.scenario import Engine

ANSWERS = Path(__file__).parent / "answers"


def main() -> int:
    engine = FilesEngine(Engine(sys.argv[1]), sys.argv[2].rstrip("/"))
    wanted = sys.argv[3:]
    version = engine.engine.docker(["version", "-f", "{{.Server.Version}}"]).stdout.strip()
    path = ANSWERS / f"data-{version.partition('+')[0]}.json"
    recorded = json.loads(path.read_text()) if path.exists() else {}
    load_images(engine.engine, IMAGE)
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
