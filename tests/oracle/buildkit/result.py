"""What is looked at of a build: the image's config and history, and its flattened files less those of the base."""

import hashlib
import io
import json
import stat
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Tree = dict[str, list[Any]]
"""path -> [type, mode, uid, gid, size or link's target, digest of the content]; times only where asked for."""


@dataclass
class Result:
    """`files`: those that the base does not have so; `gone`: those of the base that are no more."""

    code: int
    error: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[list[Any]] = field(default_factory=list)
    layers: int = 0
    files: Tree = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    output: str = ""

    def to_document(self) -> dict[str, Any]:
        """Without what is empty."""
        return {key: value for key, value in vars(self).items() if value not in ("", [], {}, 0)} | {
            "code": self.code
        }


def of_archive(data: bytes, times: tuple[str, ...] = ()) -> tuple[dict[str, Any], int, Tree]:
    """An image as `docker save` writes it: config document, number of layers, files."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        (entry,) = json.loads(_read(archive, "manifest.json"))
        config = json.loads(_read(archive, entry["Config"]))
        tree: Tree = {}
        for name in entry["Layers"]:
            apply_layer(_read(archive, name), tree, times)
    return config, len(entry["Layers"]), tree


def of_tar(data: bytes, times: tuple[str, ...] = ()) -> Tree:
    """The files of one archive."""
    tree: Tree = {}
    apply_layer(data, tree, times)
    return tree


def of_folder(top: Path) -> Tree:
    """The files below a folder of this machine."""
    tree: Tree = {}
    for path in sorted(top.rglob("*")):
        info = path.lstat()
        name = str(path.relative_to(top))
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        target = str(path.readlink()) if path.is_symlink() else ""
        kind = "link" if target else "dir" if path.is_dir() else "file"
        tree[name] = _entry(kind, info.st_mode, info.st_uid, info.st_gid, target, content)
    return tree


def apply_layer(data: bytes, tree: Tree, times: tuple[str, ...] = ()) -> None:
    """Put a layer on top, whiteouts included."""
    contents: dict[str, list[Any]] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as layer:
        for member in layer:
            path = member.name.strip("/").removeprefix("./")
            folder, _, name = path.rpartition("/")
            if name == ".wh..wh..opq":
                _remove(tree, folder, below=True)
                tree.update(
                    {one: old for one, old in contents.items() if one.startswith(f"{folder}/")}
                )
                continue
            if name.startswith(".wh."):
                _remove(tree, f"{folder}/{name[4:]}".lstrip("/"))
                continue
            if path in ("", "."):
                continue
            entry = _of_member(layer, member, tree)
            if path in times:
                entry.append(int(member.mtime))
            if path in tree and entry[0] != "dir":
                _remove(tree, path)
            tree[path] = contents[path] = entry


def _of_member(layer: tarfile.TarFile, member: tarfile.TarInfo, tree: Tree) -> list[Any]:
    if member.islnk():
        first = tree[member.linkname.strip("/").removeprefix("./")]
        return [*first[:2], member.uid, member.gid, *first[4:]]
    kind = (
        "dir"
        if member.isdir()
        else "link"
        if member.issym()
        else "file"
        if member.isfile()
        else "node"
    )
    content = b""
    if member.isfile():
        file = layer.extractfile(member)
        assert file is not None
        content = file.read()
    return _entry(kind, member.mode, member.uid, member.gid, member.linkname, content)


def _entry(kind: str, mode: int, uid: int, gid: int, target: str, content: bytes) -> list[Any]:
    octal = "" if kind == "link" else f"{mode & 0o7777:04o}"
    digest = hashlib.sha256(content).hexdigest()[:12] if kind == "file" and content else ""
    return [kind, octal, uid, gid, target if kind == "link" else len(content), digest]


def _remove(tree: Tree, path: str, *, below: bool = False) -> None:
    for one in [one for one in tree if one.startswith(f"{path}/") or (not below and one == path)]:
        del tree[one]


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def difference(tree: Tree, base: Tree) -> tuple[Tree, list[str]]:
    """What is other than in the base, and what is gone."""
    other = {path: one for path, one in sorted(tree.items()) if base.get(path, [])[:6] != one}
    return other, sorted(set(base) - set(tree))
