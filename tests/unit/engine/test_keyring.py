"""The keys of a distribution: the host's own first; what is missing is said in one line."""

from pathlib import Path

import pytest

from gorae.engine import keyring
from gorae.errors import NotFound


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """A host without any key."""
    found = {"debian": tmp_path / "usr/debian.gpg", "ubuntu": tmp_path / "usr/ubuntu.gpg"}
    (tmp_path / "usr").mkdir()
    monkeypatch.setattr(keyring, "FILES", found)
    monkeypatch.setattr(keyring, "DEBIAN", found["debian"])
    return found


def test_the_hosts_own(files: dict[str, Path], tmp_path: Path) -> None:
    files["ubuntu"].touch()
    assert keyring.find("ubuntu", tmp_path) == files["ubuntu"]


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
def test_nothing_to_trust_by(files: dict[str, Path], tmp_path: Path, distribution: str) -> None:
    with pytest.raises(NotFound) as caught:
        keyring.find(distribution, tmp_path)
    message = caught.value.message
    assert "\n" not in message
    assert f"apt-get install {keyring.PACKAGES[distribution]}, or give --allow-unsigned" in message


def test_a_failed_fetch_says_why(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files["debian"].write_bytes(b"no key at all")
    monkeypatch.setattr(
        keyring, "SOURCE", "deb [signed-by={}] http://127.0.0.1:9/none stable main\n"
    )
    with pytest.raises(NotFound) as caught:
        keyring.find("ubuntu", tmp_path)
    message = caught.value.message
    assert "\n" not in message
    assert "fetching it from Debian's stable release failed: " in message
    assert "127.0.0.1" in message
