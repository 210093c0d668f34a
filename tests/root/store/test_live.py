"""Living trees into archives: what cannot be read does not break the archive."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from gorae.store.archive.live import LivePacker


def write_only() -> Path:
    """A file of the kernel's that nobody can read."""
    for folder, _, names in os.walk("/sys/kernel"):
        for name in names:
            path = Path(folder, name)
            try:
                path.read_bytes()
            except PermissionError:
                return path
            except OSError:
                continue
    pytest.skip("this kernel shows none")


def test_a_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "before").write_text("b")
    out = io.BytesIO()
    packer = LivePacker(out)
    refused = write_only()
    for path in (tmp_path / "before", refused):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            packer.add(path.name, folder, path.name)
        finally:
            os.close(folder)
    packer.finish()
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        assert archive.getnames() == ["before"]
