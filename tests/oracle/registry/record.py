"""Record the oracle's answers: `python -m tests.oracle.registry.record unix:///oracle.sock PID [NAME ...]`.

PID: a process in the oracle's network namespace. A scenario is played twice; what differs is not recorded, and named.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.oracle.registry import hub_scenarios, scenarios
from tests.oracle.registry.engine import RegistryEngine
from tests.oracle.registry.peers import harbour, registries
from tests.oracle.scenario import Engine

ANSWERS = Path(__file__).parents[1] / "answers"
BOOKS = {
    "registry": (scenarios.SCENARIOS, registries),
    "hub": (hub_scenarios.SCENARIOS, harbour),
}
"""File of answers -> the scenarios, and what serves them."""


def main() -> int:
    engine = Engine(sys.argv[1])
    enter = ["nsenter", "-t", sys.argv[2], "-n"]
    wanted = sys.argv[3:]
    version = engine.docker(["version", "-f", "{{.Server.Version}}"]).stdout.strip()
    unsteady: list[str] = []
    for book, (known, serve) in BOOKS.items():
        path = ANSWERS / f"{book}-{version.partition('+')[0]}.json"
        recorded = json.loads(path.read_text()) if path.exists() else {}
        todo = [
            one
            for one in known
            if (one.name in wanted if wanted else recorded.get(one.name, {}).get("key") != one.key)
        ]
        if todo:
            with serve(enter) as empty:
                unsteady += play(RegistryEngine(engine, empty), todo, recorded)
        names = {one.name for one in known}
        recorded = {name: one for name, one in sorted(recorded.items()) if name in names}
        path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
        print(f"{book}: {len(recorded)} scenarios recorded")
    return 1 if unsteady else 0


def play(player: RegistryEngine, todo: list[scenarios.Scenario], recorded: dict) -> list[str]:
    """Each into `recorded`; the names of those that answered twice and not alike."""
    unsteady = []
    for scenario in todo:
        first, second = player.play(scenario), player.play(scenario)
        if first != second:
            unsteady.append(scenario.name)
            recorded.pop(scenario.name, None)
            print(f"unsteady: {scenario.name}\n  {first}\n  {second}")
            continue
        answers = [asdict(one) for one in first]
        recorded[scenario.name] = {"key": scenario.key, "answers": answers}
    return unsteady


if __name__ == "__main__":
    sys.exit(main())
