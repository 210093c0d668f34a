"""What is known of context folders' files, kept between builds and daemons: a file that looks as it did is not read."""

import threading
from collections import OrderedDict

import msgspec

from gorae.build.folder import Known, Stamp
from gorae.store.db import Database
from gorae.store.tables import builds as rows

MAX_FOLDERS = 8
MAX_FILES = 1_000_000


class KnownFiles:
    """One for each folder, by device and inode; the last few in memory."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._recent: OrderedDict[str, Known] = OrderedDict()
        self._lock = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(dict[str, tuple[Stamp, bytes]])

    def of(self, root: str) -> Known:
        """What is known of a folder."""
        with self._lock:
            found = self._recent.get(root)
            if found is None:
                found = self._recent[root] = self._load(root)
            self._recent.move_to_end(root)
            while len(self._recent) > MAX_FOLDERS:
                self._recent.popitem(last=False)
            return found

    def _load(self, root: str) -> Known:
        data = self._db.read(lambda tx: rows.stat_data(tx, root))
        if data is None:
            return Known()
        try:
            return Known(self._decoder.decode(data))
        except msgspec.MsgspecError:  # of another version: read the files anew
            return Known()

    def keep(self, root: str, known: Known) -> None:
        """Write down what was learned, if anything was."""
        with self._lock:
            if not known.changed or len(known.files) > MAX_FILES:
                return
            known.changed = False
            data = msgspec.msgpack.encode(dict(known.files))
        self._db.write(lambda tx: rows.put_stat_data(tx, root, data), durable=False)
