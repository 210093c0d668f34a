"""The daemon about itself: what `info` and `version` tell; blocking but quick."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gorae.engine.check import Finding
from gorae.engine.containers import Containers
from gorae.engine.images import Images
from gorae.engine.model import LogConfig, Status
from gorae.registry.proxies import NO_PROXIES, Proxies
from gorae.runtime.host import HostFacts
from gorae.runtime.programversion import ProgramVersion

VERSION = "28.5.2"
"""Announced as the engine's: tools compare it with Docker's numbers. gorae's own stands beside it."""
API_VERSION = "1.51"
MIN_API_VERSION = "1.24"


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """What was settled when the daemon started."""

    id: str
    gorae_version: str
    data_root: str
    runtime: str
    runtime_version: ProgramVersion
    monitor_version: ProgramVersion
    init_binary: str
    labels: tuple[str, ...]
    log: LogConfig
    started_ns: int
    commit: str = ""
    built_s: int = 0
    debug: bool = False
    bin_hours: float = 24.0
    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    proxies: Proxies = NO_PROXIES


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """The answer to info, in our words."""

    facts: DaemonFacts
    host: HostFacts
    containers: int
    running: int
    paused: int
    stopped: int
    images: int
    name: str
    kernel: str
    operating_system: str
    os_version: str
    architecture: str
    cpus: int
    memory_bytes: int
    open_files: int
    threads: int
    warnings: tuple[str, ...] = ()


class System:
    """The service."""

    def __init__(
        self,
        facts: DaemonFacts,
        host: HostFacts,
        containers: Containers,
        images: Images,
        warnings: Callable[[], tuple[str, ...]],
        check: Callable[[bool], list[Finding]],
    ) -> None:
        self.facts = facts
        self.host = host
        self._containers = containers
        self._images = images
        self._warnings = warnings
        self.check = check

    def info(self) -> SystemInfo:
        """Everything, counted now."""
        states = [one.state.status for one in self._containers.all()]
        release = _os_release()
        return SystemInfo(
            facts=self.facts,
            host=self.host,
            containers=len(states),
            running=states.count(Status.RUNNING) + states.count(Status.RESTARTING),
            paused=states.count(Status.PAUSED),
            stopped=len(states)
            - sum(s in (Status.RUNNING, Status.RESTARTING, Status.PAUSED) for s in states),
            images=self._images.count(),
            name=platform.node(),
            kernel=platform.release(),
            operating_system=release.get("PRETTY_NAME", "Linux"),
            os_version=release.get("VERSION_ID", ""),
            architecture=platform.machine(),
            cpus=len(os.sched_getaffinity(0)),
            memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            open_files=len(os.listdir("/proc/self/fd")),
            threads=len(os.listdir("/proc/self/task")),
            warnings=self._warnings(),
        )


def _os_release() -> dict[str, str]:
    """Source: os-release(5)."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key: value.strip().strip("\"'") for key, _, value in pairs}
