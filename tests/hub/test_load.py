"""Many clients at once: no error, every digest right, memory flat."""

from pathlib import Path

from tests.hub import load
from tests.hubserver import hub


def test_many_pulls_and_pushes_at_once(tmp_path: Path) -> None:
    image = load.Image.make(tmp_path, 30_000_000)
    with hub(tmp_path) as one:
        done = load.run(one, image, pulls=40, pushes=6)
    assert done["resident"] < 200e6
