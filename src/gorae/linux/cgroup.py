"""Control groups v1, v2 and hybrid behind one interface.

A cgroup is named by its path below the hierarchy's root (`/gorae/<id>`). On v1 that path exists once below each
controller's mount, on v2 once at all. Hybrid is v1 whose mount also has a v2 tree (`unified`) without the
controllers that limit: it is handled as v1.

Source: kernel Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst
"""

import contextlib
import errno
import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gorae.errors import KernelError, NotFound

CGROUP_ROOT = "/sys/fs/cgroup"
UNLIMITED = -1
_V1_UNLIMITED = 0x7FFFFFFFFFFFF000 - (1 << 20)
_NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuStats:
    """Nanoseconds since the cgroup was made. `per_cpu_ns` is empty on v2."""

    usage_ns: int = 0
    user_ns: int = 0
    system_ns: int = 0
    per_cpu_ns: tuple[int, ...] = ()
    periods: int = 0
    throttled_periods: int = 0
    throttled_ns: int = 0


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Bytes; `limit_bytes` -1 is unlimited. `details` is memory.stat; v1 and v2 have other words in it."""

    usage_bytes: int = 0
    max_usage_bytes: int = 0
    limit_bytes: int = UNLIMITED
    failures: int = 0
    details: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockStats:
    """One counter of one device; `operation` is Read, Write and so on."""

    major: int
    minor: int
    operation: str
    value: int


@dataclass(frozen=True, slots=True)
class CgroupStats:
    """One reading of a cgroup's counters. `unified`: from v2. `pids_limit` -1 is unlimited."""

    unified: bool
    cpu: CpuStats = CpuStats()
    memory: MemoryStats = field(default_factory=MemoryStats)
    pids: int = 0
    pids_limit: int = UNLIMITED
    block_bytes: tuple[BlockStats, ...] = ()
    block_operations: tuple[BlockStats, ...] = ()


class Cgroups(Protocol):
    """What both versions offer. Paths that are not there: empty answers, NotFound from `stats`."""

    @property
    def mode(self) -> str:
        """v1, v2 or hybrid."""

    def offers(self, controller: str, v1_file: str, v2_file: str) -> bool:
        """Whether a limit can be set, told by its file's name; an empty name is never there."""

    def stats(self, path: str) -> CgroupStats:
        """Raises: NotFound: no such cgroup."""

    def pids(self, path: str) -> tuple[int, ...]:
        """The processes in it and in the cgroups below it."""

    def oom_kills(self, path: str) -> int:
        """How many of its processes the kernel has killed for memory."""

    def freeze(self, path: str, *, frozen: bool) -> None:
        """Stop or continue all its processes. Raises: KernelError."""

    def is_frozen(self, path: str) -> bool:
        """Whether they are stopped, or about to be."""

    def gather(self, path: str, pids: Iterable[int]) -> None:
        """Put processes into a cgroup, made if it is not there, in which they can be frozen and counted.

        A process that has ended is passed over. Raises: KernelError.
        """

    def children(self, path: str) -> tuple[str, ...]:
        """The names of the cgroups right below, of every controller together."""

    def remove(self, path: str) -> None:
        """Remove it and all below; found gone is fine. Raises: KernelError: processes are in it."""


class Hierarchy:
    """Finds out which version is mounted."""

    @staticmethod
    def detect(root: str = CGROUP_ROOT) -> Cgroups:
        """The tree at `root`."""
        if os.path.exists(f"{root}/cgroup.controllers"):
            return CgroupsV2(root)
        return CgroupsV1(root)


@functools.cache
def host() -> Cgroups:
    """This host's tree, as it was at the first call."""
    return Hierarchy.detect()


def remove_empty(path: str) -> None:
    """Remove a cgroup that nothing is in; one that is used is left alone."""
    if not host().children(path):
        with contextlib.suppress(KernelError):
            host().remove(path)


def stats(path: str) -> CgroupStats:
    """One reading on this host. Raises: NotFound: no such cgroup."""
    return host().stats(path)


class CgroupsV1:
    """One tree for each controller (some mounted together), at `<root>/<controller>`."""

    def __init__(self, root: str = CGROUP_ROOT) -> None:
        self._root = root

    @property
    def mode(self) -> str:
        """v1, or hybrid when a v2 tree is beside it."""
        unified = f"{self._root}/unified/cgroup.controllers"
        return "hybrid" if os.path.exists(unified) else "v1"

    def _file(self, controller: str, path: str, name: str) -> str:
        return f"{self._root}/{controller}{path}/{name}"

    def _trees(self, path: str) -> list[Path]:
        """The cgroup's directory in each tree that has it, each tree once."""
        found: dict[tuple[int, int], Path] = {}
        for controller in _names(self._root):
            tree = Path(f"{self._root}/{controller}{path}")
            with contextlib.suppress(OSError):
                status = tree.stat()
                found.setdefault((status.st_dev, status.st_ino), tree)
        return list(found.values())

    def offers(self, controller: str, v1_file: str, v2_file: str) -> bool:
        """The root cgroup has the files of limits too."""
        return bool(v1_file) and os.path.exists(self._file(controller, "", v1_file))

    def stats(self, path: str) -> CgroupStats:
        """Raises: NotFound: no such cgroup."""
        if not self._trees(path):
            raise NotFound(f'no cgroup "{path}"')
        return CgroupStats(
            unified=False,
            cpu=self._cpu(path),
            memory=self._memory(path),
            pids=_number(self._file("pids", path, "pids.current")),
            pids_limit=_number(self._file("pids", path, "pids.max"), UNLIMITED),
            block_bytes=self._block(path, "blkio.throttle.io_service_bytes_recursive"),
            block_operations=self._block(path, "blkio.throttle.io_serviced_recursive"),
        )

    def _cpu(self, path: str) -> CpuStats:
        ticks = _pairs(self._file("cpuacct", path, "cpuacct.stat"))
        throttling = _pairs(self._file("cpu", path, "cpu.stat"))
        per_cpu = _read(self._file("cpuacct", path, "cpuacct.usage_percpu"))
        return CpuStats(
            usage_ns=_number(self._file("cpuacct", path, "cpuacct.usage")),
            user_ns=ticks.get("user", 0) * _NS_PER_TICK,
            system_ns=ticks.get("system", 0) * _NS_PER_TICK,
            per_cpu_ns=tuple(int(word) for word in per_cpu.split()),
            periods=throttling.get("nr_periods", 0),
            throttled_periods=throttling.get("nr_throttled", 0),
            throttled_ns=throttling.get("throttled_time", 0),
        )

    def _memory(self, path: str) -> MemoryStats:
        limit = _number(self._file("memory", path, "memory.limit_in_bytes"), UNLIMITED)
        return MemoryStats(
            usage_bytes=_number(self._file("memory", path, "memory.usage_in_bytes")),
            max_usage_bytes=_number(self._file("memory", path, "memory.max_usage_in_bytes")),
            limit_bytes=UNLIMITED if limit >= _V1_UNLIMITED else limit,
            failures=_number(self._file("memory", path, "memory.failcnt")),
            details=_pairs(self._file("memory", path, "memory.stat")),
        )

    def _block(self, path: str, name: str) -> tuple[BlockStats, ...]:
        """Lines `8:0 Read 4096`, and a total of all."""
        found = []
        for line in _read(self._file("blkio", path, name)).splitlines():
            words = line.split()
            if len(words) == 3:
                major, _, minor = words[0].partition(":")
                found.append(BlockStats(int(major), int(minor), words[1], int(words[2])))
        return tuple(found)

    def pids(self, path: str) -> tuple[int, ...]:
        """From the tree that has it; each controller's lists the same."""
        for controller in ("pids", "memory", "systemd", "freezer", "cpu"):
            tree = Path(f"{self._root}/{controller}{path}")
            if tree.is_dir():
                return _pids_below(tree)
        return ()

    def oom_kills(self, path: str) -> int:
        """The last line of memory.oom_control; 0 before kernel 4.13."""
        return _pairs(self._file("memory", path, "memory.oom_control")).get("oom_kill", 0)

    def freeze(self, path: str, *, frozen: bool) -> None:
        """Raises: KernelError."""
        _write(self._file("freezer", path, "freezer.state"), "FROZEN" if frozen else "THAWED")

    def is_frozen(self, path: str) -> bool:
        """FREEZING counts."""
        return _read(self._file("freezer", path, "freezer.state")).strip() in ("FROZEN", "FREEZING")

    def gather(self, path: str, pids: Iterable[int]) -> None:
        """In the freezer's tree only: the other controllers go on as they are."""
        _gather(Path(f"{self._root}/freezer{path}"), pids)

    def children(self, path: str) -> tuple[str, ...]:
        """Of every controller together."""
        return tuple(sorted({name for tree in self._trees(path) for name in _directories(tree)}))

    def remove(self, path: str) -> None:
        """Raises: KernelError: processes are in it."""
        for tree in self._trees(path):
            _remove_tree(tree)


class CgroupsV2:
    """One tree at `root`."""

    mode = "v2"

    def __init__(self, root: str = CGROUP_ROOT) -> None:
        self._root = root

    def offers(self, controller: str, v1_file: str, v2_file: str) -> bool:
        """The root cgroup has no files of limits: the controller's name must do."""
        names = _read(f"{self._root}/cgroup.controllers").split()
        return bool(v2_file) and {"blkio": "io"}.get(controller, controller) in names

    def stats(self, path: str) -> CgroupStats:
        """Raises: NotFound: no such cgroup."""
        tree = f"{self._root}{path}"
        if not os.path.isdir(tree):
            raise NotFound(f'no cgroup "{path}"')
        cpu = _pairs(f"{tree}/cpu.stat")
        return CgroupStats(
            unified=True,
            cpu=CpuStats(
                usage_ns=cpu.get("usage_usec", 0) * 1000,
                user_ns=cpu.get("user_usec", 0) * 1000,
                system_ns=cpu.get("system_usec", 0) * 1000,
                periods=cpu.get("nr_periods", 0),
                throttled_periods=cpu.get("nr_throttled", 0),
                throttled_ns=cpu.get("throttled_usec", 0) * 1000,
            ),
            memory=MemoryStats(
                usage_bytes=_number(f"{tree}/memory.current"),
                max_usage_bytes=_number(f"{tree}/memory.peak"),
                limit_bytes=_number(f"{tree}/memory.max", UNLIMITED),
                failures=_pairs(f"{tree}/memory.events").get("max", 0),
                details=_pairs(f"{tree}/memory.stat"),
            ),
            pids=_number(f"{tree}/pids.current"),
            pids_limit=_number(f"{tree}/pids.max", UNLIMITED),
            block_bytes=_io(tree, (("rbytes", "Read"), ("wbytes", "Write"))),
            block_operations=_io(tree, (("rios", "Read"), ("wios", "Write"))),
        )

    def pids(self, path: str) -> tuple[int, ...]:
        """Its processes and those below."""
        tree = Path(f"{self._root}{path}")
        return _pids_below(tree) if tree.is_dir() else ()

    def oom_kills(self, path: str) -> int:
        """From memory.events, which counts the cgroups below too."""
        return _pairs(f"{self._root}{path}/memory.events").get("oom_kill", 0)

    def freeze(self, path: str, *, frozen: bool) -> None:
        """Raises: KernelError."""
        _write(f"{self._root}{path}/cgroup.freeze", "1" if frozen else "0")

    def is_frozen(self, path: str) -> bool:
        """As asked for, even while the last process is still stopping."""
        return _read(f"{self._root}{path}/cgroup.freeze").strip() == "1"

    def gather(self, path: str, pids: Iterable[int]) -> None:
        """Without controllers, so that limits and counters stay those of the cgroup above."""
        _gather(Path(f"{self._root}{path}"), pids)

    def children(self, path: str) -> tuple[str, ...]:
        """The cgroups right below."""
        return tuple(sorted(_directories(Path(f"{self._root}{path}"))))

    def remove(self, path: str) -> None:
        """Raises: KernelError: processes are in it."""
        _remove_tree(Path(f"{self._root}{path}"))


def _io(tree: str, words: tuple[tuple[str, str], ...]) -> tuple[BlockStats, ...]:
    """Lines `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …`."""
    found = []
    for line in _read(f"{tree}/io.stat").splitlines():
        device, *rest = line.split()
        major, _, minor = device.partition(":")
        values = dict(word.split("=", 1) for word in rest if "=" in word)
        found += [
            BlockStats(int(major), int(minor), operation, int(values[key]))
            for key, operation in words
            if key in values
        ]
    return tuple(found)


def _names(directory: str) -> list[str]:
    """The controllers' directories; not `unified`, which has no limits in it."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(name for name in os.listdir(directory) if name != "unified")
    return []


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def _number(path: str, otherwise: int = 0) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else otherwise


def _pairs(path: str) -> dict[str, int]:
    """Lines `name value`."""
    words = (line.split() for line in _read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise KernelError("write", error.errno or 0, path) from error


def _gather(tree: Path, pids: Iterable[int]) -> None:
    try:
        tree.mkdir(exist_ok=True)
    except OSError as error:
        raise KernelError("mkdir", error.errno or 0, str(tree)) from error
    for pid in pids:
        try:
            _write(f"{tree}/cgroup.procs", str(pid))
        except KernelError as error:
            if error.errno != errno.ESRCH:
                raise


def _directories(tree: Path) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(tree) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.name


def _pids_below(tree: Path) -> tuple[int, ...]:
    found = [int(word) for word in _read(f"{tree}/cgroup.procs").split()]
    for name in _directories(tree):
        found += _pids_below(tree / name)
    return tuple(found)


def _remove_tree(tree: Path) -> None:
    """Bottom first: a cgroup with others in it cannot be removed."""
    for name in list(_directories(tree)):
        _remove_tree(tree / name)
    try:
        tree.rmdir()
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise KernelError("rmdir", error.errno or 0, str(tree)) from error
