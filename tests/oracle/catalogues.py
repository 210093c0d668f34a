"""All catalogues of this folder: `catalogue.py`, and `<topic>_catalogue.py` with answers in a file of their own."""

import importlib
from pathlib import Path

from tests.oracle.scenario import Scenario

HERE = Path(__file__).parent


def catalogues() -> dict[str, list[Scenario]]:
    """Topic -> its scenarios; the first one's topic is empty."""
    found = {}
    for path in sorted(HERE.glob("*catalogue.py")):
        topic = path.stem.removesuffix("catalogue").rstrip("_")
        found[topic] = importlib.import_module(f"tests.oracle.{path.stem}").SCENARIOS
    return found


def everything() -> list[Scenario]:
    """All scenarios of all topics."""
    return [one for scenarios in catalogues().values() for one in scenarios]
