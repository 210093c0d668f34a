"""`cp`: files between a container and this machine."""

from __future__ import annotations

import os
import stat

from gorae.cli import transfer
from gorae.cli.container.copypath import (
    Info,
    plan,
    renamed_by_link,
    split_argument,
    split_entry,
    with_ending,
)
from gorae.cli.options import Command, Option
from gorae.cli.units import human_size
from gorae.client.session import quote
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from gorae.cli.invocation import Invocation

STAT_HEADER = "x-docker-container-path-stat"
GO_DIRECTORY = 1 << 31
GO_SYMLINK = 1 << 27
GO_SPECIAL = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19
MAX_LINKS = 10


def run(call: Invocation) -> int:
    """Copy in one direction."""
    source, target = call.arguments
    if not source:
        raise InvalidArgument("source can not be empty")
    if not target:
        raise InvalidArgument("destination can not be empty")
    from_container, source_path = split_argument(source)
    to_container, target_path = split_argument(target)
    if from_container and to_container:
        raise InvalidArgument("copying between containers is not supported")
    if from_container:
        return copy_out(call, from_container, source_path, target_path)
    if to_container:
        return copy_in(call, to_container, source_path, target_path)
    raise InvalidArgument("must specify at least one container source")


def archive_path(container: str) -> str:
    """The API's path of a container's files."""
    return f"/containers/{quote(container)}/archive"


def container_stat(call: Invocation, container: str, path: str) -> dict[str, Any] | None:
    """What the engine tells of a path; None when it tells nothing."""
    try:
        response = call.session.call("HEAD", archive_path(container), {"path": path})
    except GoraeError:
        return None
    return read_stat(response.headers.get(STAT_HEADER, ""))


def read_stat(header: str) -> dict[str, Any] | None:
    """The document in the header."""
    import binascii

    from gorae.client import jsontext

    try:
        text = binascii.a2b_base64(header).decode("utf-8", "surrogateescape")
        document: dict[str, Any] = jsontext.decode(text.encode("utf-8", "surrogateescape"))
    except (ValueError, GoraeError):
        return None
    return document


# out ------------------------------------------------------------------------------------------------


def copy_out(call: Invocation, container: str, source: str, target: str) -> int:
    """From the container to a local path, or as a tar to standard output."""
    if target != "-":
        target = local_path(target)
        check_target(target)
    rename = ""
    if call.options.flag("follow-link"):
        found = container_stat(call, container, source)
        if found is not None and found["mode"] & GO_SYMLINK:
            source, rename = renamed_by_link(source, found.get("linkTarget", ""))
    response = call.session.call("GET", archive_path(container), {"path": source})
    if target == "-":
        transfer.write_response(response, call.console, "")
        return 0
    from gorae.cli.archive.unpack import unpack

    found = read_stat(response.headers.get(STAT_HEADER, ""))
    is_dir = found is not None and bool(found["mode"] & GO_DIRECTORY)
    info = Info(source, exists=True, is_dir=is_dir, rename=rename)
    folder, old, new = plan(info, local_target(target))
    _, in_archive = split_entry(source)
    counted = Counted(call, response.chunks(), "Copying from container")
    unpack(counted, folder or ".", in_archive or "/", new if new != old else rename or in_archive)
    counted.tell(target)
    return 0


def local_path(path: str) -> str:
    """Absolute and clean, its ending kept."""
    return with_ending(os.path.abspath(path), path)


def check_target(path: str) -> None:
    """Raises: InvalidArgument: its folder is missing, or it is a device; in docker's words."""
    folder = os.path.dirname(os.path.normpath(path))
    if not os.path.exists(folder):
        raise InvalidArgument(f'invalid output path: directory "{folder}" does not exist')
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise InvalidArgument(
            f'invalid output path: "{path}" must be a directory or a regular file: got a device'
        )


def local_target(path: str) -> Info:
    """What is at a local target; links are followed to where a file would be made.

    Raises:
        InvalidArgument: the folder that it would lie in is none.
    """
    for _ in range(MAX_LINKS):
        try:
            info = os.lstat(path)
        except OSError:
            break
        if not stat.S_ISLNK(info.st_mode):
            return Info(path, exists=True, is_dir=stat.S_ISDIR(info.st_mode))
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    else:
        raise InvalidArgument("too many symbolic links encountered")
    folder, _ = split_entry(path)
    if not os.path.isdir(folder or "."):
        raise InvalidArgument("not a directory")
    return Info(path, exists=False, is_dir=False)


# in -------------------------------------------------------------------------------------------------


def copy_in(call: Invocation, container: str, source: str, target: str) -> int:
    """From a local path, or a tar on standard input, into the container."""
    options = call.options
    if source != "-":
        source = local_path(source)
    info = container_target(call, container, target)
    pieces: Iterable[bytes]
    if source == "-":
        if not info.is_dir:
            raise InvalidArgument(f'destination "{container}:{target}" must be a directory')
        folder, pieces = info.path, transfer.read_descriptor(call.console.input_descriptor)
    else:
        from gorae.cli.archive.pack import pieces as pack

        local = local_source(source, follow=options.flag("follow-link"))
        folder, _, name = plan(local, info)
        pieces = pack(packed_path(local.path), name)
    counted = Counted(call, pieces, "Copying to container")
    query = {"path": folder.rstrip("/") or "/", "noOverwriteDirNonDir": "true"}
    if options.flag("archive"):
        query["copyUIDGID"] = "true"
    heads = (("Content-Type", "application/x-tar"),)
    call.session.call("PUT", archive_path(container), query, body=counted, headers=heads).read()
    counted.tell(f"{container}:{info.path}")
    return 0


def container_target(call: Invocation, container: str, path: str) -> Info:
    """What is at the target; a link is followed. Raises: InvalidArgument: a device or the like."""
    found = container_stat(call, container, path)
    asked = path
    if found is not None and found["mode"] & GO_SYMLINK:
        path = found.get("linkTarget", "")
        found = container_stat(call, container, path)
    if found is None:
        return Info(path, exists=False, is_dir=False)
    if found["mode"] & GO_SPECIAL:
        kind = "a device" if found["mode"] & 1 << 26 else "an irregular file"
        raise InvalidArgument(
            f'destination "{container}:{asked}" must be a directory or a regular file: got {kind}'
        )
    return Info(path, exists=True, is_dir=bool(found["mode"] & GO_DIRECTORY))


def packed_path(path: str) -> str:
    """Where to read a source from: a trailing slash means the folder that a link leads to."""
    return f"{path}." if path.endswith("/") else path


def local_source(path: str, *, follow: bool) -> Info:
    """What is at a local source; `follow`: at what a link there leads to.

    Raises:
        InvalidArgument: there is nothing.
    """
    rename = ""
    try:
        if follow:
            target = os.path.realpath(path, strict=True)
            path, rename = renamed_by_link(path, target)
        info = os.lstat(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if isinstance(error, NotADirectoryError):
            raise InvalidArgument(reason) from None
        shown = "/" + (error.filename or path).lstrip("/")
        raise InvalidArgument(f"lstat {shown}: {reason}") from None
    return Info(path, exists=True, is_dir=stat.S_ISDIR(info.st_mode), rename=rename)


class Counted:
    """Pieces on their way; on a terminal their sum is shown."""

    def __init__(self, call: Invocation, pieces: Iterable[bytes], doing: str) -> None:
        quiet = call.options.flag("quiet") or not call.console.out.is_terminal
        self._err = None if quiet else call.console.err
        self._pieces = pieces
        self._doing = doing
        self._shown = 0
        self._sum = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._sum += len(piece)
            if self._err is not None and self._sum - self._shown > 1 << 20:
                self._shown = self._sum
                self._err.write(f"\r\x1b[K{self._doing} - {human_size(self._sum, 3)}")
                self._err.flush()
            yield piece

    def tell(self, target: str) -> None:
        """The last line."""
        if self._err is not None:
            size = human_size(self._sum, 3)
            self._err.write(f"\r\x1b[KSuccessfully copied {size} to {target}\n")
            self._err.flush()


COMMAND = Command(
    "container cp",
    "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tgorae cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    "copy files between a container and this machine",
    run,
    (
        Option("a archive", "bool", "owners in the container become its user's"),
        Option("L follow-link", "bool", "copy what a link in SRC_PATH leads to"),
        Option("q quiet", "bool", "do not show progress"),
    ),
    arguments=(2, 2),
)
