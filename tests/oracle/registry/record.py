"""Record the oracle's answers: `python -m tests.oracle.registry.record unix:///oracle.sock PID [NAME ...]`.

PID: a process in the oracle's network namespace. A scenario is played twice; what differs is not recorded, and named.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.registry.engine import RegistryEngine
from tests.oracle.registry.peers import registries
from tests.oracle.registry.scenarios import SCENARIOS
from tests.oracle.scenario import Engine

ANSWERS = Path(__file__).parents[1] / "answers"


def main() -> int:
    engine = Engine(sys.argv[1])
    wanted = sys.argv[3:]
    version = engine.docker(["version", "-f", "{{.Server.Version}}"]).stdout.strip()
    path = ANSWERS / f"registry-{version.partition('+')[0]}.json"
    recorded = json.loads(path.read_text()) if path.exists() else {}
    unsteady = []
    with registries(["nsenter", "-t", sys.argv[2], "-n"]) as empty:
        player = RegistryEngine(engine, empty)
        for scenario in SCENARIOS:
            if wanted and scenario.name not in wanted:
                continue
            if not wanted and recorded.get(scenario.name, {}).get("key") == scenario.key:
                continue
            first, second = player.play(scenario), player.play(scenario)
            if first != second:
                unsteady.append(scenario.name)
                recorded.pop(scenario.name, None)
                print(f"unsteady: {scenario.name}\n  {first}\n  {second}")
                continue
            answers = [asdict(one) for one in first]
            recorded[scenario.name] = {"key": scenario.key, "answers": answers}
    known = {one.name for one in SCENARIOS}
    recorded = {name: one for name, one in sorted(recorded.items()) if name in known}
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(recorded)} scenarios recorded, {len(unsteady)} unsteady")
    return 1 if unsteady else 0


if __name__ == "__main__":
    sys.exit(main())
