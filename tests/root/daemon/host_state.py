"""What one daemon has on the host, read from the kernel and the disk, not from the daemon."""

import contextlib
import hashlib
import os
import sqlite3
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from tests.daemon import Goraed

CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class HostState:
    """Names of what is there; what belongs to no container is an orphan."""

    mounts: tuple[str, ...]
    bundles: tuple[str, ...]
    execs: tuple[str, ...]
    namespaces: int
    links: int
    cgroups: tuple[str, ...]
    monitors: tuple[str, ...]
    port_elements: str
    snapshots: tuple[str, ...]
    snapshot_directories: int
    directories: tuple[str, ...]
    ingests: tuple[str, ...]

    def differences(self, other: "HostState") -> list[str]:
        """Lines for people."""
        pairs = (
            (one.name, getattr(self, one.name), getattr(other, one.name)) for one in fields(self)
        )
        return [f"{name}: {mine} -> {its}" for name, mine, its in pairs if mine != its]


def read(daemon: Goraed) -> HostState:
    """As it is now. The ready sandboxes that the daemon keeps are counted too."""
    rows = _snapshot_rows(daemon.data_root / "gorae.db")
    return HostState(
        mounts=_mounts(daemon),
        bundles=_names(daemon.exec_root / "bundle"),
        execs=_names(daemon.exec_root / "exec"),
        namespaces=len(_names(daemon.exec_root / "netns")),
        links=len([one for one in _links(daemon) if one.startswith("goraev")]),
        cgroups=_cgroups(str(daemon.exec_root)),
        monitors=_monitors(str(daemon.exec_root)),
        port_elements=_elements(daemon),
        snapshots=tuple(sorted(key for key, kind in rows if kind != "committed")),
        snapshot_directories=len(_names(daemon.data_root / "snapshots")) - len(rows),
        directories=_names(daemon.data_root / "containers"),
        ingests=_names(daemon.data_root / "content" / "ingest"),
    )


def _names(directory: Path) -> tuple[str, ...]:
    with contextlib.suppress(FileNotFoundError):
        return tuple(sorted(os.listdir(directory)))
    return ()


def _mounts(daemon: Goraed) -> tuple[str, ...]:
    """Below the exec root's rootfs and shm, in the daemon's own mount namespace; orphans of temporary places too."""
    pin = daemon.exec_root / "mntns" / "pin"
    enter = ["nsenter", f"--mount={pin}"] if pin.exists() else []
    text = subprocess.run(
        [*enter, "cat", "/proc/self/mounts"], capture_output=True, text=True
    ).stdout
    points = [line.split()[1] for line in text.splitlines()]
    ours = (
        f"{daemon.exec_root}/rootfs",
        f"{daemon.exec_root}/shm",
        "/tmp/gorae-mount-",
        "/tmp/gorae-init-",
    )
    return tuple(sorted(one for one in points if one.startswith(ours)))


def _links(daemon: Goraed) -> list[str]:
    lines = daemon.inside("ip", "-o", "link").stdout.decode().splitlines()
    return [line.split(": ")[1].partition("@")[0] for line in lines]


def _elements(daemon: Goraed) -> str:
    text = daemon.inside("nft", "list", "table", "inet", "gorae").stdout.decode()
    return " ".join(
        line.strip() for line in text.splitlines() if " : " in line and "type" not in line
    )


def _cgroups(exec_root: str) -> tuple[str, ...]:
    parent = f"gorae-{hashlib.sha256(exec_root.encode()).hexdigest()[:8]}"
    found: set[str] = set()
    for tree in (CGROUPS, *CGROUPS.iterdir()):
        folder = tree / parent
        if folder.is_dir():
            found |= {one.name for one in folder.iterdir() if one.is_dir()}
    return tuple(sorted(found))


def _monitors(exec_root: str) -> tuple[str, ...]:
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdecimal():
            with contextlib.suppress(OSError):
                words = (
                    Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                )
                if words[0].endswith("conmon") and any(exec_root in one for one in words):
                    found.append(words[words.index("--cuuid") + 1])
    return tuple(sorted(found))


def _snapshot_rows(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return list(db.execute("SELECT key, kind FROM snapshot"))
