"""Volumes as archives, and copies of volumes: whole, or not there; blocking, long.

Content is gathered beside the place where it goes and renamed into it; the row comes last. A daemon that is killed on
the way leaves a directory without a row, which the next start removes, or makes a volume of when it is complete.
"""

import os
import secrets
from collections.abc import Callable
from typing import BinaryIO

from gorae.engine.copyup import copy_tree, open_inside
from gorae.engine.volumes import Volume, Volumes
from gorae.oci.tar.reader import ForwardReader, members
from gorae.store.archive.apply import Unpacker
from gorae.store.archive.compression import Reader
from gorae.store.archive.live import LivePacker, Sink
from gorae.store.archive.whiteout import NoWhiteouts
from gorae.store.ingest import disk_error


class VolumeArchives:
    """Export, import and clone."""

    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes

    def export(self, name: str, out: Sink) -> None:
        """A volume's content as a tar, its own directory as `./`. Raises: NotFound."""
        holder = secrets.token_hex(8)
        fd = self._open(name, holder)
        try:
            packer = LivePacker(out, nanoseconds=True)
            packer.add_directory(".", fd)
            packer.finish()
        finally:
            os.close(fd)
            self._volumes.release_idle(holder)

    def _open(self, name: str, holder: str) -> int:
        volume = self._volumes.get(name)
        self._volumes.use(name, holder)
        return open_inside(volume.path, "", os.O_RDONLY | os.O_DIRECTORY)

    def import_(self, name: str, source: BinaryIO, labels: dict[str, str]) -> Volume:
        """A new volume of a tar, plain or compressed.

        Raises:
            Conflict: the name is taken. InvalidArgument: a corrupt archive, or a member that leads out.
            Unavailable: the disk is full.
        """

        def fill(root_fd: int) -> None:
            stream = ForwardReader(Reader(source), hashed=False)
            with Unpacker(root_fd, NoWhiteouts()) as unpacker:
                for entry in members(stream):
                    unpacker.unpack(entry, stream)
            stream.finish()

        return self._make(Volume(name, "", 0, labels=labels), self._filler(fill))

    def clone(self, source: str, name: str, labels: dict[str, str]) -> Volume:
        """A copy of a volume under a new name, with the old one's labels and these.

        Raises:
            NotFound: no such volume. Conflict: the name is taken. Unavailable: the disk is full.
        """
        old = self._volumes.get(source)

        def fill(target: str) -> None:
            holder = secrets.token_hex(8)
            fd = self._open(source, holder)
            try:
                copy_tree(fd, self._volumes.directories.filling(target))
            finally:
                os.close(fd)
                self._volumes.release_idle(holder)

        return self._make(Volume(name, "", 0, labels={**old.labels, **labels}), fill)

    def _filler(self, fill: Callable[[int], None]) -> Callable[[str], None]:
        def gather(name: str) -> None:
            path = self._volumes.directories.filling(name)
            try:
                path.mkdir(mode=0o755)
                root_fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError as error:
                raise disk_error(error) from error
            try:
                fill(root_fd)
            finally:
                os.close(root_fd)

        return gather

    def _make(self, wanted: Volume, gather: Callable[[str], None]) -> Volume:
        directories = self._volumes.directories
        with self._volumes.being_made(wanted.name):
            directories.create(wanted.name)
            try:
                gather(wanted.name)
                directories.place(wanted.name)
                return self._volumes.adopt(wanted)
            except BaseException:
                directories.remove(wanted.name)
                raise
