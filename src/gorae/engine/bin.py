"""The bin: what prune, `rm` and `volume rm` took, to be brought back for a day.

Going in is one transaction that moves a row: the container's, the volume's or the image's row goes, the bin's comes.
Files stay where they are (a volume's folder is renamed), so that a removal is as quick as ever. Blocking.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from gorae.engine.binrules import Rules
from gorae.engine.images import Image, Images
from gorae.engine.model import Container
from gorae.engine.networks import NetworkRecord, Networks
from gorae.engine.volumes import Volume, Volumes, row_of, volume_names
from gorae.errors import Conflict, InvalidArgument, NotFound
from gorae.store import document, tree
from gorae.store.db import Tx
from gorae.store.space import Space, space
from gorae.store.store import Store
from gorae.store.tables import bin as rows
from gorae.store.tables import containers as container_rows
from gorae.store.tables import images as image_rows
from gorae.store.tables import volumes as volume_rows
from gorae.store.tables.bin import BinRow
from gorae.store.tables.containers import ContainerRow


class Bin:
    """The service; `discard_container` removes a container's files for good."""

    def __init__(
        self,
        store: Store,
        volumes: Volumes,
        images: Images,
        networks: Networks,
        rules: Rules,
        discard_container: Callable[[str], None],
    ) -> None:
        self._store = store
        self._volumes = volumes
        self._images = images
        self._networks = networks
        self._discard_container = discard_container
        self._lock = threading.Lock()
        self.rules = rules
        self.changed: Callable[[], None] = lambda: None
        """Called when something went in: it is to be measured, and older things may have to go."""

    def space(self) -> Space:
        """Of the file system that holds the store."""
        return space(self._store.root)

    def entries(self) -> list[BinRow]:
        """What lies in it, oldest first."""
        return self._store.db.read(rows.all_rows)

    # in ---------------------------------------------------------------------------------------

    def takes(self, *, pruned: bool = False) -> bool:
        """Whether what is removed now is kept."""
        found = self.space()
        return self.rules.takes_pruned(found) if pruned else self.rules.takes(found)

    def put_container(self, batch: str, row: ContainerRow) -> Callable[[Tx], object]:
        """What is to be written in the transaction that deletes a container's row."""
        return lambda tx: self._insert(tx, batch, "container", row.id, row.name, asdict(row))

    def put_volume(self, batch: str) -> Callable[[Tx, Volume], str]:
        """The same for a volume's row; gives the token by which its folder is kept."""

        def write(tx: Tx, volume: Volume) -> str:
            name = volume.name
            return self._insert(tx, batch, "volume", name, name, asdict(row_of(volume)))

        return write

    def put_image(self, batch: str, image: Image) -> Callable[[Tx], object]:
        """The same for an image's rows."""

        def write(tx: Tx) -> None:
            row = image_rows.get(tx, image.id)
            if row is not None:
                found = {
                    "row": asdict(row),
                    "names": list(image.names),
                    "digests": list(image.digests),
                }
                name = image.familiar_names[0] if image.names else image.short_id
                self._insert(tx, batch, "image", image.id, name, found, row.size_bytes)

        return write

    def put_network(self, batch: str) -> Callable[[Tx, NetworkRecord], object]:
        """The same for a network's row."""
        return lambda tx, one: self._insert(
            tx, batch, "network", one.id, one.name, asdict(one), size_bytes=0
        )

    def _insert(
        self,
        tx: Tx,
        batch: str,
        kind: str,
        key: str,
        name: str,
        found: object,
        size_bytes: int | None = None,
    ) -> str:
        token = secrets.token_hex(8)
        text = document.encode(found)
        self.changed()
        rows.insert(tx, BinRow(token, batch, kind, key, name, text, size_bytes, time.time_ns()))
        return token

    # out --------------------------------------------------------------------------------------

    def restore_volume(self, row: BinRow, name: str = "") -> str:
        """Bring a volume back; its name. Raises: Conflict: the name is taken. NotFound: it is gone from the bin."""
        kept = document.decode(volume_rows.VolumeRow, row.document)
        name = name or kept.name
        volume = Volume(
            name=name,
            path="",
            created_ns=kept.created_ns,
            driver=kept.driver,
            labels=document.decode(dict[str, str], kept.labels),
            options=document.decode(dict[str, str], kept.options),
            anonymous=bool(kept.anonymous),
            container_id=kept.container_id or "",
            image_id=kept.image_id or "",
        )
        self._volumes.restore(volume, row.token, lambda tx: self._taken(tx, row))
        return name

    def restore_image(self, row: BinRow) -> str:
        """Bring an image back, with those of its names that no other image has now; what it is called."""
        kept = document.decode(dict[str, object], row.document)
        image = document.decode(image_rows.ImageRow, document.encode(kept["row"]))
        names = document.decode(list[str], document.encode(kept["names"]))

        def write(tx: Tx) -> None:
            self._taken(tx, row)
            image_rows.insert(tx, image)
            for name in names:
                if image_rows.by_name(tx, name) is None:
                    image_rows.set_name(tx, name, image.id)

        self._store.db.write(write)
        self._images.announce("import", self._images.resolve(image.id))
        return row.name

    def restore_network(self, row: BinRow, name: str = "") -> str:
        """Make a network again; its name. Raises: as `Networks.restore`. NotFound: it is gone from the bin."""
        kept = document.decode(NetworkRecord, row.document)
        return self._networks.restore(kept, name, lambda tx: self._taken(tx, row))

    def container_row(self, row: BinRow, name: str) -> ContainerRow:
        """A container's row as it was, under a name."""
        kept = document.decode(ContainerRow, row.document)
        return ContainerRow(
            kept.id,
            name or kept.name,
            kept.image_id,
            kept.created_ns,
            kept.spec,
            kept.request,
            kept.state,
        )

    def volumes_of(self, row: BinRow) -> set[str]:
        """The volumes of a container in the bin."""
        kept = document.decode(ContainerRow, row.document)
        return volume_names(document.decode(Container, kept.spec))

    def restore_container(self, tx: Tx, row: BinRow, kept: ContainerRow) -> None:
        """The transaction that brings a container back. Raises: NotFound: it is gone from the bin."""
        self._taken(tx, row)
        container_rows.insert(tx, kept)

    def _taken(self, tx: Tx, row: BinRow) -> None:
        if not rows.delete(tx, row.token):
            raise NotFound(f'"{row.name}" is not in the bin any more')

    # away -------------------------------------------------------------------------------------

    def tidy(self) -> int:
        """Measure what came in, remove what the rules do not keep any more; bytes freed."""
        with self._lock:
            self._measure_new()
            doomed = self.rules.expired(self.entries(), self.space(), time.time_ns())
            return self._remove(doomed)

    def make_room(self) -> None:
        """Before something is stored: when the room is short, the bin has to give way."""
        if not self.rules.takes(self.space()) and self._store.db.read(rows.all_rows):
            self.empty()

    def empty(self) -> int:
        """Remove everything for good; bytes freed."""
        with self._lock:
            self._measure_new()
            return self._remove(self.entries())

    def _measure_new(self) -> None:
        for row in self.entries():
            if row.size_bytes is None:
                self._measure(row)

    def _measure(self, row: BinRow) -> None:
        found = tree.measure(self._files(row)) if self._files(row).is_dir() else None
        size = found.size_bytes if found else 0
        self._store.db.write(lambda tx: rows.set_size(tx, row.token, size), durable=False)

    def _files(self, row: BinRow) -> Path:
        if row.kind == "volume":
            return self._store.volumes.in_bin(row.token)
        try:
            return self._store.snapshots.upper(row.key)
        except NotFound:
            return Path("/nonexistent")

    def _remove(self, doomed: list[BinRow]) -> int:
        """Rows first: files without one are garbage, which the next start finds."""
        freed = 0
        collect = False
        for row in doomed:
            if not self._store.db.write(lambda tx, row=row: rows.delete(tx, row.token)):  # type: ignore[misc]
                continue
            if row.kind == "volume":
                self._store.volumes.empty_bin(row.token)
            elif row.kind == "container":
                self._discard_container(row.key)
            collect = collect or row.kind in ("container", "image")
            freed += (row.size_bytes or 0) if row.kind != "image" else 0
        if collect:
            freed += self._store.collector.collect().bytes
        return freed

    # at start ---------------------------------------------------------------------------------

    def recover(self) -> None:
        """Finish what the last daemon was killed in: a volume whose row is in the bin and whose folder is not."""
        directories = self._store.volumes
        tokens = directories.bin_tokens()
        known = self._store.db.read(volume_rows.all_rows)
        names = {row.name for row in known}
        for row in self.entries():
            if row.kind == "volume" and row.token not in tokens and row.key not in names:
                directories.put_in_bin(row.key, row.token)
        for token in tokens - {row.token for row in self.entries()}:
            directories.empty_bin(token)


def chosen(entries: list[BinRow], asked: str) -> list[BinRow]:
    """Which of the bin is meant: without a word all that the last command took; else by name, id or token. Pure.

    Raises:
        NotFound: nothing of that name. Conflict: an empty bin. InvalidArgument: it means several things.
    """
    if not entries:
        raise Conflict("nothing to undo: the bin is empty")
    if not asked:
        return [row for row in entries if row.batch == entries[-1].batch]
    found = [row for row in entries if asked in (row.name, row.token, row.key)]
    if not found:
        found = [row for row in entries if len(asked) >= 4 and row.key.startswith(asked)]
    if not found:
        raise NotFound(f'"{asked}" is not in the bin: see "gorae system undo --list"')
    if len({row.key for row in found}) > 1 or len({row.kind for row in found}) > 1:
        tokens = ", ".join(f"{row.token} ({row.kind})" for row in found)
        raise InvalidArgument(
            f'"{asked}" means several things in the bin: {tokens}; give one token'
        )
    return [found[-1]]
