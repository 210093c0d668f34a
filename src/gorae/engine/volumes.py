"""Volumes: named and anonymous, all of the local driver. Rows in the store, directories beside it.

A volume with driver options is mounted at its directory while a container that has it runs. `use` and `release_idle`
do that; who runs is asked of the containers, never counted. Who is about to run, or works on it from outside, is noted
in memory: a daemon that dies takes that work with it.
"""

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from gorae.engine import localdriver
from gorae.engine.events import Events
from gorae.engine.model import Container
from gorae.engine.names import NAME_RULE
from gorae.errors import Conflict, InvalidArgument, KernelError, NotFound
from gorae.linux import mount
from gorae.store import document
from gorae.store.db import Database, Tx
from gorae.store.tables import volumes as rows
from gorae.store.volumes import VolumeDirectories

MAX_NAME = 255
ANONYMOUS = "com.docker.volume.anonymous"
"""The label by which docker knows them."""
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume's record; `path` is its `_data`. `container_id` and `image_id`: who made an anonymous one."""

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
    if len(name) == 1:
        raise InvalidArgument(
            f"create {name}: volume name is too short, "
            "names should be at least two alphanumeric characters"
        )
    if not (len(name) <= MAX_NAME and set(name) <= _LETTERS and name[:1] not in "_.-"):
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
        self.directories = directories
        self._events = events
        self._containers = containers
        self._by_name: dict[str, Volume] = {}
        self._making: set[str] = set()
        self._holders: dict[str, set[str]] = {}
        """Who uses a volume that has driver options, by its name."""
        self._lock = threading.RLock()

    def load(self) -> None:
        """Read the rows; finish what the last daemon was killed in."""
        self.directories.recover()
        for row in self._db.read(rows.all_rows):
            if row.anonymous == rows.UNSETTLED:
                self._forget(row.name)
            else:
                self._by_name[row.name] = self._of_row(row)
        for name in sorted(self.directories.names() - self._by_name.keys()):
            self._without_row(name)

    def _forget(self, name: str) -> None:
        """One that was made for a container which never came to be: the last daemon was killed in its create."""
        self.directories.remove(name)
        self._db.write(lambda tx: rows.delete(tx, name))

    def _without_row(self, name: str) -> None:
        """A directory that no row tells of: killed between the two, or an older database was put back.

        An empty one was just being made. One that holds something is somebody's data: it is a volume, as docker
        too takes every directory there for one.
        """
        if self.directories.is_empty(name):
            self.directories.remove(name)
            return
        path = self.directories.create(name)
        anonymous = len(name) == 64 and set(name) <= set("0123456789abcdef")
        made = Volume(name, str(path), path.stat().st_mtime_ns, anonymous=anonymous)
        self._db.write(lambda tx: rows.insert(tx, row_of(made)))
        self._by_name[name] = made

    def _of_row(self, row: rows.VolumeRow) -> Volume:
        return Volume(
            name=row.name,
            path=str(self.directories.data(row.name)),
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

    # making -----------------------------------------------------------------------------------

    def ensure(self, wanted: Volume) -> tuple[Volume, bool]:
        """The volume of that name (made if missing; an empty name makes an anonymous one), and whether it is new.

        Raises:
            InvalidArgument: the name or the options. NotFound: the driver.
        """
        with self._lock:
            name = wanted.name and check_name(wanted.name)
            found = self._by_name.get(name)
            if found is not None:
                return found, False
            self._refuse_making(name)
            name = name or secrets.token_hex(32)
            if wanted.driver not in ("", "local"):
                raise NotFound(
                    f"create {name}: error looking up volume plugin {wanted.driver}: "
                    f'plugin "{wanted.driver}" not found'
                )
            try:
                localdriver.check_options(wanted.options)
            except InvalidArgument as error:
                raise InvalidArgument(f"create {name}: {error.message}") from None
            return self._make(replace(wanted, name=name)), True

    def _make(self, wanted: Volume) -> Volume:
        path = self.directories.create(wanted.name)
        made = replace(wanted, path=str(path), driver="local", created_ns=time.time_ns())
        row = row_of(made)
        if made.anonymous and made.container_id:
            row = replace(row, anonymous=rows.UNSETTLED)
        self._db.write(lambda tx: rows.insert(tx, row))
        self._by_name = {**self._by_name, made.name: made}
        self._events.publish("volume", "create", made.name, {"driver": made.driver})
        return made

    @contextlib.contextmanager
    def being_made(self, name: str) -> Iterator[None]:
        """Nobody else makes a volume of that name meanwhile.

        Raises:
            Conflict: there is one, or it is being made. InvalidArgument: not a name.
        """
        check_name(name)
        with self._lock:
            if name in self._by_name:
                raise Conflict(f'volume "{name}" exists already: give another name, or remove it')
            self._refuse_making(name)
            self._making.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._making.discard(name)

    def _refuse_making(self, name: str) -> None:
        if name in self._making:
            raise Conflict(f'volume "{name}" is just being made: wait until it is')

    def adopt(self, volume: Volume, also: Callable[[Tx], object] | None = None) -> Volume:
        """A volume whose directory is there already; `also` is written in the same transaction.

        Raises:
            Conflict: the name is taken.
        """
        with self._lock:
            if volume.name in self._by_name:
                raise Conflict(f'volume "{volume.name}" exists already: give another name')
            path = str(self.directories.data(volume.name))
            made = replace(volume, path=path, created_ns=volume.created_ns or time.time_ns())

            def write(tx: Tx) -> None:
                rows.insert(tx, row_of(made))
                if also is not None:
                    also(tx)

            self._db.write(write)
            self._by_name = {**self._by_name, made.name: made}
        self._events.publish("volume", "create", made.name, {"driver": made.driver})
        return made

    def restore(self, volume: Volume, token: str, also: Callable[[Tx], object]) -> Volume:
        """Bring a volume back from the bin. Raises: Conflict: the name is taken. InvalidArgument: it is none."""
        with self._lock:
            check_name(volume.name)
            if volume.name in self._by_name:
                raise Conflict(
                    f'the name "{volume.name}" is taken by another volume: give a new one with --name'
                )
            self._refuse_making(volume.name)
            self.directories.take_from_bin(token, volume.name)
            try:
                return self.adopt(volume, also)
            except BaseException:
                self.directories.put_in_bin(volume.name, token)
                raise

    # using ------------------------------------------------------------------------------------

    def users(self, name: str) -> tuple[Container, ...]:
        """The containers, running or not, that have it mounted."""
        return tuple(one for one in self._containers() if name in volume_names(one))

    def usage(self) -> dict[str, int]:
        """How many containers have each volume."""
        found: dict[str, int] = {}
        for one in self._containers():
            for name in volume_names(one):
                found[name] = found.get(name, 0) + 1
        return found

    def in_use_by_running(self, name: str, but: str = "") -> bool:
        """Whether a running container, other than `but`, has it mounted."""
        return any(one.state.pid and one.id != but for one in self.users(name))

    def use(self, name: str, holder: str) -> None:
        """Mount a volume that has driver options until `holder` releases it; found mounted is fine.

        Raises:
            InvalidArgument: it cannot be mounted, in docker's words.
        """
        volume = self._by_name.get(name)
        wanted = localdriver.mount_of(volume.options) if volume else None
        if volume is None or wanted is None:
            return
        with self._lock:
            self._holders.setdefault(name, set()).add(holder)
            if mount.is_mount_point(volume.path):
                return
            try:
                mount.mount_all([_looked_up(wanted)], volume.path)
            except KernelError as error:
                self._holders[name].discard(holder)
                raise InvalidArgument(_cannot_mount(volume, wanted, error)) from None

    def release_idle(self, holder: str) -> None:
        """Unmount the volumes that `holder` was the last to use: no running container has them, nor anyone else."""
        for volume in self.all():
            if not volume.options:
                continue
            with self._lock:
                held = self._holders.get(volume.name, set())
                held.discard(holder)
                if not held and not self.in_use_by_running(volume.name, holder):
                    self._unmount(volume)

    def _unmount(self, volume: Volume) -> None:
        if volume.options and mount.is_mount_point(volume.path):
            mount.umount2(volume.path, mount.MNT_DETACH)

    # removing ---------------------------------------------------------------------------------

    def remove(
        self,
        name: str,
        *,
        force: bool = False,
        keep: Callable[[Tx, Volume], str] | None = None,
    ) -> None:
        """Remove a volume and its content; with `keep` into the bin: it writes the bin's row and gives its token.

        Raises:
            NotFound: unless `force`. Conflict: containers use it, or something is mounted in it.
        """
        with self._lock:
            volume = self._by_name.get(name)
            if volume is None:
                if force:
                    return
                raise NotFound(f"get {name}: no such volume")
            users = self.users(name)
            if users:
                ids = ", ".join(one.id for one in users)
                raise Conflict(f"remove {name}: volume is in use - [{ids}]")
            self._unmount(volume)
            if mount.is_mount_point(volume.path):
                raise Conflict(f"remove {name}: something is mounted at {volume.path}: unmount it")
            self._take_away(volume, keep)
        self._events.publish("volume", "destroy", name, {"driver": "local"})

    def _take_away(self, volume: Volume, keep: Callable[[Tx, Volume], str] | None) -> None:
        """The row first: a directory without one is garbage, or the bin's, which the next start puts in order."""

        def write(tx: Tx) -> str:
            rows.delete(tx, volume.name)
            return keep(tx, volume) if keep is not None else ""

        token = self._db.write(write)
        self._holders.pop(volume.name, None)
        self._by_name = {key: one for key, one in self._by_name.items() if key != volume.name}
        if token:
            self.directories.put_in_bin(volume.name, token)
        else:
            self.directories.remove(volume.name)


def volume_names(container: Container) -> set[str]:
    """The volumes that a container has mounted."""
    return {one.name for one in container.mounts if one.kind == "volume"}


def row_of(volume: Volume) -> rows.VolumeRow:
    """As it is stored."""
    return rows.VolumeRow(
        name=volume.name,
        driver=volume.driver,
        labels=document.encode(volume.labels),
        options=document.encode(volume.options),
        created_ns=volume.created_ns,
        anonymous=int(volume.anonymous),
        container_id=volume.container_id or None,
        image_id=volume.image_id or None,
    )


def _looked_up(wanted: mount.Mount) -> mount.Mount:
    """A network file system's server by address. Raises: InvalidArgument: its name means nothing."""
    name = localdriver.server_of(wanted)
    if not name:
        return wanted
    try:
        address = socket.gethostbyname(name)
    except OSError as error:
        raise InvalidArgument(
            f"error resolving passed in network volume address: lookup {name}: {error.strerror}"
        ) from None
    return localdriver.with_address(wanted, name, address)


def _cannot_mount(volume: Volume, wanted: mount.Mount, error: KernelError) -> str:
    flags, data = mount.flags_and_data(wanted)
    shown = f", flags: {flags:#x}" + (f", data: {data}" if data else "")
    reason = str(error).rpartition(": ")[2]
    return (
        f"error while mounting volume '{volume.path}': failed to mount local volume: "
        f"mount {wanted.source}:{volume.path}{shown}: {reason}"
    )
