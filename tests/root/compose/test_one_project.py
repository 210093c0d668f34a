"""docker compose and gorae compose see one project: what one has made, the other leaves alone, and takes down."""

from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.root.compose.applications import APPLICATIONS, NEW, OURS
from tests.root.compose.facts import Engine
from tests.root.compose.tool import Tool

ENV = {"TOKEN": "sesame", "COMPOSE_PROFILES": "debug"}


@pytest.mark.parametrize("name", [one.folder for one in APPLICATIONS])
def test_neither_makes_anew_what_the_other_made(
    name: str, tools: dict[str, Tool], daemon: Goraed, folder: Path
) -> None:
    engine = Engine(daemon.host)
    for first, second in ((NEW, OURS), (OURS, NEW)):
        for one in (first, second):
            done = tools[one](daemon.host, "shared", folder / name, "create", env=ENV)
            assert done.returncode == 0, done.stderr
            if one == first:
                made = {key: found[0] for key, found in engine.ids("shared").items()}
        assert made and made == {key: found[0] for key, found in engine.ids("shared").items()}
        done = tools[second](daemon.host, "shared", folder / name, "down", "-v", env=ENV)
        assert done.returncode == 0, done.stderr
        assert not engine.ids("shared") and not engine.labelled("networks?", "shared")


def test_labels_are_the_same(tools: dict[str, Tool], daemon: Goraed, folder: Path) -> None:
    engine = Engine(daemon.host)
    labels = {}
    for one in (NEW, OURS):
        tools[one](daemon.host, "labels", folder / "conditions", "create")
        labels[one] = {
            what: sorted(
                str(sorted(found["Labels"].items())) for found in engine.labelled(what, "labels")
            )
            for what in ("containers/json?all=1&", "networks?", "volumes?")
        }
        tools[one](daemon.host, "labels", folder / "conditions", "down", "-v")
    assert labels[NEW] == labels[OURS]
