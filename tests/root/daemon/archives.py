"""Archives as a stranger may send them."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping


def member(name: str, **more: object) -> tarfile.TarInfo:
    """A header; `linkname`, `type` and the like as tarfile calls them."""
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    for key, value in more.items():
        setattr(info, key, value)
    return info


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive of members and their data, in order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for info, data in members:
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def files(content: Mapping[str, bytes]) -> bytes:
    """An archive of plain files."""
    return tar(*((member(name), data) for name, data in content.items()))


def image(
    layer: bytes, *, diff_id: str = "", name: str = "loaded:1", compress: bool = False
) -> bytes:
    """A docker-archive of one layer; `diff_id` says something else than the truth."""
    said = diff_id or f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["true"]},
            "rootfs": {"type": "layers", "diff_ids": [said]},
        }
    ).encode()
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    stored = gzip.compress(layer, mtime=0) if compress else layer
    return files(
        {
            "config.json": config,
            "layer.tar": stored,
            "manifest.json": json.dumps(manifest).encode(),
        }
    )


def noise(size: int) -> bytes:
    """Bytes that no compression makes smaller."""
    return os.urandom(size)
