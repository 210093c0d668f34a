"""The registry under judgement: a hub of our own, or the one that GORAE_REGISTRY names.

GORAE_REGISTRY=http://host:port GORAE_REGISTRY_NAMES=repository,other [GORAE_REGISTRY_USER=name:secret] judges another.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hubserver import Client, hub


class Registry:
    """A client with the right to push into two repositories."""

    def __init__(self, client: Client, name: str, other: str, *, is_ours: bool) -> None:
        self.client = client
        self.name = name
        self.other = other
        self.is_ours = is_ours


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    given = os.environ.get("GORAE_REGISTRY")
    if given:
        names = os.environ.get("GORAE_REGISTRY_NAMES", "conformance/one,conformance/two")
        account, _, secret = os.environ.get("GORAE_REGISTRY_USER", "").partition(":")
        yield Registry(Client(given, account, secret), *names.split(","), is_ours=False)
        return
    folder: Path = tmp_path_factory.mktemp("conformance")
    with hub(folder) as ours:
        yield Registry(ours.client("anna"), "anna/one", "anna/two", is_ours=True)
