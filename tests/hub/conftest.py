"""A running hub with a few accounts, shared by the tests of one module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hubserver import Hub, hub


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """With anna, bob and carol; the organisation acme is anna's."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with hub(folder, users=("anna", "bob", "carol")) as found:
        found.admin("org add", "acme", "anna")
        yield found
