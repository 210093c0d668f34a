"""One daemon for all tests of a module, with the image `bb`, and a folder of the host that must never be touched."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.oracle.material import busybox_root

FILES = {"kept": "mine", "sub/deep": "mine too"}


@pytest.fixture(scope="module")
def house() -> Iterator[Goraed]:
    """A running daemon."""
    with goraed() as one:
        one.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield one


@pytest.fixture
def docker(house: Goraed) -> Callable[..., str]:
    """The real CLI: its output; a failure fails the test."""

    def run(*argv: str) -> str:
        done = house.docker(*argv)
        assert done.returncode == 0, f"{argv}: {done.stderr}"
        return done.stdout.strip()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host; afterwards all it held is there, unchanged."""
    top = tmp_path / "host"
    for name, text in FILES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    yield top
    assert {name: (top / name).read_text() for name in FILES} == FILES
