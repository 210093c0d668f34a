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
                str(sorted((key, _steady(key, value)) for key, value in found["Labels"].items()))
                for found in engine.labelled(what, "labels")
            )
            for what in ("containers/json?all=1&", "networks?", "volumes?")
        }
        tools[one](daemon.host, "labels", folder / "conditions", "down", "-v")
    assert labels[NEW] == labels[OURS]


def _steady(key: str, value: str) -> str:
    """docker compose lists dependencies in no order."""
    return ",".join(sorted(value.split(","))) if key.endswith("depends_on") else value


def test_a_changed_network_is_made_anew_with_who_is_on_it(
    tools: dict[str, Tool], daemon: Goraed, tmp_path: Path
) -> None:
    engine, text = Engine(daemon.host), (
        "services:\n"
        "  on: {image: compose-bb, command: sleep 1000, stop_signal: SIGKILL, networks: [net]}\n"
        "  off: {image: compose-bb, command: sleep 1000, stop_signal: SIGKILL}\n"
        "networks: {net: {labels: {word: WORD}}}\n"
    )  # fmt: skip
    for one in (NEW, OURS):
        kept, words = {}, []
        for word in ("first", "second"):
            (tmp_path / "compose.yaml").write_text(text.replace("WORD", word))
            done = tools[one](daemon.host, "renewed", tmp_path, "up", "-d")
            assert done.returncode == 0, done.stderr
            kept[word] = engine.ids("renewed")
            networks = engine.labelled("networks?", "renewed")
            words += [found["Labels"]["word"] for found in networks if "word" in found["Labels"]]
        assert words == ["first", "second"]
        # docker compose keeps the container, which loses the service's name on the new network
        assert (kept["first"]["on/1"][0] != kept["second"]["on/1"][0]) is (one == OURS)
        assert kept["first"]["off/1"][0] == kept["second"]["off/1"][0]
        assert {found[1] for found in kept["second"].values()} == {"running"}
        tools[one](daemon.host, "renewed", tmp_path, "down", "-t", "0")
