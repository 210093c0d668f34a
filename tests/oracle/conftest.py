"""The engine under judgement: a goraed of its own, or the one that GORAE_TEST_HOST names."""

import os
from collections.abc import Iterator

import pytest
from tests.daemon import goraed
from tests.oracle.material import load_images
from tests.oracle.scenario import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """With the images `bb` and `bbempty` in it."""
    given = os.environ.get("GORAE_TEST_HOST")
    if given:
        found = Engine(given)
        load_images(found)
        yield found
        return
    with goraed() as daemon:
        made = Engine(daemon.host)
        load_images(made)
        yield made
