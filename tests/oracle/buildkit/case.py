"""One build: a context as data, a Dockerfile, flags, and what is looked at of the result."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

EPOCH = 1_600_000_000


@dataclass(frozen=True)
class File:
    """A file of a context: content (a folder without), mode, owner; or a link, or a named pipe."""

    content: str | None = ""
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)
    link: str = ""
    hard: str = ""
    mtime: int = EPOCH


def folder(mode: int = 0o755) -> File:
    """An empty folder."""
    return File(None, mode)


def link(target: str) -> File:
    """A symbolic link."""
    return File(link=target)


@dataclass(frozen=True)
class Case:
    """`output`: image, or what `--output` writes: local, tar. `{out}`, `{ctx}`, `{web}` stand in flags and files.

    `first`: builds (Dockerfile, tag) made before, for base images. `stdin`: dockerfile, or tar for the context.
    `times`: paths whose time of change is looked at too. `web`: files that a server on the engine's side gives.
    """

    name: str
    dockerfile: str | None
    files: dict[str, File] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    output: str = "image"
    first: tuple[tuple[str, str], ...] = ()
    stdin: str = ""
    times: tuple[str, ...] = ()
    web: dict[str, File] = field(default_factory=dict)
    context: str = "{ctx}"
    env: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Changes when the case does."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def case(
    name: str,
    dockerfile: str | None,
    files: dict[str, File | str] | None = None,
    *flags: str,
    **others: object,
) -> Case:
    """A case; files given as texts are plain ones."""
    web = {path: _file(one) for path, one in dict(others.pop("web", {})).items()}  # type: ignore[call-overload]
    made = {path: _file(one) for path, one in (files or {}).items()}
    return Case(name, dockerfile, made, flags, web=web, **others)  # type: ignore[arg-type]


def _file(one: File | str) -> File:
    return File(one) if isinstance(one, str) else one


def write(files: dict[str, File], top: Path, later_s: int = 0) -> None:
    """Make the files, folders last so that their times stay.

    `later_s` is added to all times: BuildKit takes a file of the same name, size and time for one that it has seen.
    """
    top.mkdir(parents=True, exist_ok=True)
    for name, one in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if one.link:
            path.symlink_to(one.link)
            os.chown(path, *one.owner, follow_symlinks=False)
            os.utime(path, (one.mtime + later_s,) * 2, follow_symlinks=False)
            continue
        if one.hard:
            path.hardlink_to(top / one.hard)
            continue
        if one.content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(one.content.encode("utf-8", "surrogateescape"))
        os.chown(path, *one.owner)
        path.chmod(one.mode)
    for path in [*sorted(top.rglob("*"), reverse=True), top]:
        if not path.is_symlink():
            name = str(path.relative_to(top))
            mtime = files[name].mtime if name in files else EPOCH
            os.utime(path, (mtime + later_s,) * 2)


def remove(top: Path) -> None:
    """All of it, whatever its modes."""
    shutil.rmtree(top, ignore_errors=True)
