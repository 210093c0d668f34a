"""Daemons for tests of what they survive; images come as bytes that were made once."""

from collections.abc import Iterator

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root


@pytest.fixture(scope="session")
def root_archive() -> bytes:
    """A busybox root file system as a tar."""
    return busybox_root()


@pytest.fixture
def daemon(root_archive: bytes) -> Iterator[Goraed]:
    """A daemon with the image `bb`, which keeps nothing of what was removed."""
    with goraed("--bin-hours", "0") as one:
        import_image(one, root_archive)
        yield one


def import_image(daemon: Goraed, archive: bytes, name: str = "bb") -> None:
    """Import a root file system."""
    daemon.ask("POST", f"/images/create?fromSrc=-&repo={name}&tag=latest", archive)
