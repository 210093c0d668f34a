"""Volumes: named and anonymous, all of the local driver. Rows in the store, directories beside it."""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from gorae.engine.events import Events
from gorae.engine.model import Container
from gorae.engine.names import NAME_RULE
from gorae.errors import Conflict, InvalidArgument, NotFound
from gorae.store import document
from gorae.store.db import Database
from gorae.store.tables import volumes as rows
from gorae.store.volumes import VolumeDirectories

MAX_NAME = 255
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume's record; `path` is its `_data`."""

    name: str
    path: str
    created_ns: int
    driver: str = "local"
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    anonymous: bool = False
    container_id: str = ""
    image_id: str = ""


def check_name(name: str) -> str:
    """Raises: InvalidArgument: not a volume's name."""
    fits = 2 <= len(name) <= MAX_NAME and set(name) <= _LETTERS and name[0] not in "_.-"
    if not fits:
        raise InvalidArgument(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            f'"{NAME_RULE}" are allowed. If you intended to pass a host directory, use absolute path'
        )
    return name


class Volumes:
    """All volumes of this daemon; blocking, thread-safe."""

    def __init__(
        self,
        db: Database,
        directories: VolumeDirectories,
        events: Events,
        containers: Callable[[], Iterable[Container]],
    ) -> None:
        self._db = db
        self._directories = directories
        self._events = events
        self._containers = containers
        self._by_name: dict[str, Volume] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """Read the rows."""
        for row in self._db.read(rows.all_rows):
            self._by_name[row.name] = Volume(
                name=row.name,
                path=str(self._directories.data(row.name)),
                created_ns=row.created_ns,
                driver=row.driver,
                labels=document.decode(dict[str, str], row.labels),
                options=document.decode(dict[str, str], row.options),
                anonymous=bool(row.anonymous),
                container_id=row.container_id or "",
                image_id=row.image_id or "",
            )

    def all(self) -> tuple[Volume, ...]:
        """Every volume, by name."""
        return tuple(sorted(self._by_name.values(), key=lambda one: one.name))

    def get(self, name: str) -> Volume:
        """Raises: NotFound."""
        try:
            return self._by_name[name]
        except KeyError:
            raise NotFound(f"get {name}: no such volume") from None

    def ensure(self, wanted: Volume) -> tuple[Volume, bool]:
        """The volume of that name (made if missing; an empty name makes an anonymous one), and whether it is new.

        Raises:
            InvalidArgument: the name or the driver. Conflict: it is there with another driver or options.
        """
        with self._lock:
            name = wanted.name and check_name(wanted.name)
            found = self._by_name.get(name)
            if found is not None:
                if wanted.options and wanted.options != found.options:
                    raise Conflict(
                        f'volume "{name}" exists with other options: remove it, or give it another name'
                    )
                return found, False
            if wanted.driver not in ("", "local"):
                raise NotFound(
                    f'error looking up volume plugin {wanted.driver}: plugin "{wanted.driver}" not found'
                )
            return self._make(replace(wanted, name=name or secrets.token_hex(32))), True

    def _make(self, wanted: Volume) -> Volume:
        path = self._directories.create(wanted.name)
        made = replace(wanted, path=str(path), driver="local", created_ns=time.time_ns())
        row = rows.VolumeRow(
            name=made.name,
            driver=made.driver,
            labels=document.encode(made.labels),
            options=document.encode(made.options),
            created_ns=made.created_ns,
            anonymous=int(made.anonymous),
            container_id=made.container_id or None,
            image_id=made.image_id or None,
        )
        self._db.write(lambda tx: rows.insert(tx, row))
        self._by_name = {**self._by_name, made.name: made}
        self._events.publish("volume", "create", made.name, {"driver": made.driver})
        return made

    def users(self, name: str) -> tuple[Container, ...]:
        """The containers, running or not, that have it mounted."""
        return tuple(
            one for one in self._containers() if any(mount.name == name for mount in one.mounts)
        )

    def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a volume and its content.

        Raises:
            NotFound: unless `force`. Conflict: containers use it.
        """
        with self._lock:
            if name not in self._by_name:
                if force:
                    return
                raise NotFound(f"get {name}: no such volume")
            users = self.users(name)
            if users:
                ids = ", ".join(one.id for one in users)
                raise Conflict(f"remove {name}: volume is in use - [{ids}]")
            self._db.write(lambda tx: rows.delete(tx, name))
            self._by_name = {key: one for key, one in self._by_name.items() if key != name}
            self._directories.remove(name)
        self._events.publish("volume", "destroy", name, {"driver": "local"})
