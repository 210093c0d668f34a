"""A create that was killed leaves no volume behind; a container that is removed may leave its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from gorae.engine.volumes import Volume, Volumes
from gorae.store.store import Store
from gorae.store.tables import volumes as rows

CONTAINER = "c" * 64


class Silent:
    def publish(self, *_: object) -> None:
        """Nobody listens."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path)
    yield made
    made.close()


def volumes(store: Store) -> Volumes:
    """As the next daemon finds them."""
    found = Volumes(store.db, store.volumes, cast("Any", Silent()), tuple)
    found.load()
    return found


def made_for_a_container(store: Store) -> Volume:
    wanted = Volume("", "", 0, anonymous=True, container_id=CONTAINER)
    made, new = volumes(store).ensure(wanted)
    assert new
    (Path(made.path) / "copied").touch()
    return made


def test_without_its_container_it_goes(store: Store) -> None:
    made = made_for_a_container(store)
    assert volumes(store).all() == ()
    assert not Path(made.path).exists()
    assert store.db.read(rows.all_rows) == []


def test_once_the_container_was_there_it_stays(store: Store) -> None:
    made = made_for_a_container(store)
    store.db.write(lambda tx: rows.settle(tx, CONTAINER))
    (found,) = volumes(store).all()
    assert found.name == made.name
    assert found.anonymous
    assert (Path(found.path) / "copied").exists()


def test_another_container_settles_nothing(store: Store) -> None:
    made_for_a_container(store)
    store.db.write(lambda tx: rows.settle(tx, "d" * 64))
    assert volumes(store).all() == ()


def test_one_of_nobody_stays(store: Store) -> None:
    volumes(store).ensure(Volume("", "", 0, anonymous=True))
    assert len(volumes(store).all()) == 1
