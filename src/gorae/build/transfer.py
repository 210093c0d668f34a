"""COPY, ADD and WORKDIR carried out in a workspace."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from gorae.build import selection
from gorae.build.chmod import Change
from gorae.build.copying import Writer
from gorae.build.remote import is_git, is_url
from gorae.build.selection import Taken
from gorae.build.session import Session
from gorae.build.tree import Tree
from gorae.build.vertex import TransferAction, WorkdirAction
from gorae.build.workspace import Workspace
from gorae.dockerfile.ignore import ROOT, Ignore, State, of_patterns
from gorae.errors import InvalidArgument, KernelError
from gorae.linux.fd import openat2
from gorae.oci.tar.reader import ForwardReader, members
from gorae.runtime import user
from gorae.store.archive.apply import Unpacker
from gorae.store.archive.compression import Reader

HEREDOC_MODE = 0o644


@dataclass(slots=True)
class Selected:
    """What a COPY or ADD takes, in the order of its sources: found once, for the key and for the copy.

    `unpack`: of each, whether an archive is to be unpacked.
    """

    taken: list[tuple[Tree, Taken, bool]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The listing's name."""
        return selection.digest_of(self.lines)


Fetch = Callable[[TransferAction, str], tuple[Tree, Taken, str]]
"""A source from elsewhere: its tree, what is taken of it, and a line that names it in the listing."""


def select(action: TransferAction, tree: Callable[[], Tree], fetch: Fetch) -> Selected:
    """Find the sources; `tree` is where those are that are not from elsewhere.

    Raises:
        NotFound, InvalidArgument, Conflict. Unavailable: a server.
    """
    excluded = _Exclusion(of_patterns(action.exclude)) if action.exclude else None
    found = Selected()
    for source in action.sources:
        if action.add and (is_url(source) or is_git(source)):
            there, taken, line = fetch(action, source)
            found.taken.append((there, taken, bool(action.unpack)))
            found.lines.append(line)
            continue
        here = tree()
        some = selection.select(here, [source], excluded=excluded, parents=action.parents)
        unpack = action.add and action.unpack is not False
        found.taken += [(here, one, unpack) for one in some]
        found.lines += selection.listing(here, some)
    return found


def select_mount(source: str, tree: Tree) -> Selected:
    """What a bind mount of a context shows. Raises: as `select`."""
    taken = selection.select(tree, [source or "/"])
    return Selected([(tree, one, False) for one in taken], selection.listing(tree, taken))


class _Exclusion:
    """--exclude, whose patterns are an ignore file's, relative to each source."""

    def __init__(self, ignore: Ignore) -> None:
        self._ignore = ignore
        self._states: dict[str, State] = {"": ROOT}

    def __call__(self, path: str, is_dir: bool) -> bool:
        parent = self._states.get(path.rpartition("/")[0], ROOT)
        ignored, self._states[path] = self._ignore.step(path, parent)
        return ignored


def copy(action: TransferAction, selected: Selected, place: Workspace, session: Session) -> None:
    """Write what was selected, and the heredocs. Raises: as `Writer.copy`."""
    writer = writer_of(action, place, session)
    try:
        for tree, taken, unpack in selected.taken:
            if not (unpack and _unpack(action, tree, taken, writer)):
                writer.copy(tree, taken, action.dest)
        for one in action.files:
            dest = action.dest + one.name if action.dest.endswith("/") else action.dest
            data = one.data.encode("utf-8", "surrogateescape")
            writer.write(dest, data, HEREDOC_MODE, time_ns=_now_ns(session))
    finally:
        writer.close()


def writer_of(action: TransferAction, place: Workspace, session: Session) -> Writer:
    """A writer with the owner and the modes that were asked for. Raises: InvalidArgument."""
    owner = owner_of(place.root_fd, action.chown) if action.chown else None
    change = Change.parse(action.chmod) if action.chmod else None
    return Writer(place.root_fd, owner, change, check=session.cancel.check)


def owner_of(root_fd: int, wanted: str) -> tuple[int, int]:
    """`USER[:GROUP]`; a number alone is the group's too, a name that is not in the files is root's, as in BuildKit.

    Raises:
        InvalidArgument: a name, and there are no files to find it in.
    """
    name, colon, group = wanted.partition(":")
    try:
        found = user.lookup(root_fd, wanted)
    except InvalidArgument:
        if not _has_users(root_fd):
            raise
        uid = _number_of(root_fd, name)
        return uid, _number_of(root_fd, f"0:{group}", of_group=True) if colon else 0
    return found.uid, found.uid if wanted.isdecimal() else found.gid


def _number_of(root_fd: int, wanted: str, *, of_group: bool = False) -> int:
    try:
        found = user.lookup(root_fd, wanted)
    except InvalidArgument:
        return 0
    return found.gid if of_group else found.uid


def _has_users(root_fd: int) -> bool:
    try:
        os.close(openat2(root_fd, user.PASSWD, os.O_PATH))
    except KernelError:
        return False
    return True


def _now_ns(session: Session) -> int:
    return time.time_ns() if session.epoch is None else session.epoch * 10**9


def _unpack(action: TransferAction, tree: Tree, taken: Taken, writer: Writer) -> bool:
    """Unpack a local archive below the destination; False when the source is none."""
    if not taken.top.is_file or taken.top.size < 6:
        return False
    fd, offset = tree.open(taken.top)
    with open(fd, "rb", buffering=0) as file:
        reader = _Range(file.fileno(), offset, taken.top.size)
        try:
            stream = ForwardReader(Reader(reader))  # type: ignore[arg-type]
            found = members(stream)
            first = next(found, None)
        except InvalidArgument:
            return False
        if first is None:
            return False
        writer.make_dirs(action.dest)
        with Unpacker(writer.root_fd, prefix=action.dest) as unpacker:
            while first is not None:
                if writer.owner is not None:
                    first.uid, first.gid = writer.owner
                if writer.change is not None and not first.issym():
                    first.mode = writer.change.apply(first.mode, is_dir=first.isdir())
                unpacker.unpack(first, stream)
                writer.check()
                first = next(found, None)
    return True


def is_archive(file: BinaryIO) -> bool:
    """Whether a file is a tar, compressed or not; read from its beginning, left there."""
    try:
        return next(members(ForwardReader(Reader(file))), None) is not None
    except InvalidArgument:
        return False
    finally:
        file.seek(0)


class _Range:
    """A part of a file, read in order."""

    def __init__(self, fd: int, offset: int, size: int) -> None:
        self._fd = fd
        self._at = offset
        self._left = size

    def read(self, size: int) -> bytes:
        piece = os.pread(self._fd, min(size, self._left), self._at)
        self._at += len(piece)
        self._left -= len(piece)
        return piece


def workdir(action: WorkdirAction, place: Workspace) -> None:
    """Make the directory. Raises: InvalidArgument: something else is in its way, or the user is unknown."""
    owner = owner_of(place.root_fd, action.user) if action.user else None
    writer = Writer(place.root_fd, owner)
    try:
        writer.make_dirs(action.path)
    except KernelError as error:
        if error.errno not in (errno.ENOTDIR, errno.EEXIST):
            raise
        raise InvalidArgument(f"mkdir {action.path}: not a directory") from None
    finally:
        writer.close()
