"""`system check`: does the store hold what it says, and has the host only what containers need; blocking.

Every finding names the object and what is wrong with it; with `repair` what can be put right is. Nothing of a
container that has a record is ever touched, and no bind mount is followed.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gorae.engine.bringup import Bringup
from gorae.engine.model import Container
from gorae.errors import GoraeError
from gorae.net.driver import NetDriver
from gorae.runtime import leftover
from gorae.runtime.monitor import Monitor
from gorae.store import fsck
from gorae.store.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str
    object: str
    problem: str
    repaired: bool = False


Checked = tuple[Finding, Callable[[], object] | None]
"""A finding and what would mend it."""


class Checker:
    """Looks at everything that one daemon owns."""

    def __init__(
        self,
        *,
        store: Store,
        monitor: Monitor,
        net: NetDriver,
        bringup: Bringup,
        exec_root: Path,
        cgroup_parent: str,
        containers: Callable[[], Iterable[Container]],
    ) -> None:
        self._store = store
        self._monitor = monitor
        self._net = net
        self._bringup = bringup
        self._exec_root = exec_root
        self._cgroup_parent = cgroup_parent
        self._containers = containers

    def check(self, repair: bool) -> list[Finding]:
        """All findings; what was repaired says so."""
        found: list[Finding] = []
        for finding, mend in [
            *self._store_findings(),
            *self._host_findings(),
            *self._net_findings(),
        ]:
            found.append(_mended(finding, mend) if repair and mend is not None else finding)
        return found

    def _known(self) -> set[str]:
        return {one.id for one in self._containers()}

    def _store_findings(self) -> Iterator[Checked]:
        known = self._known()
        for one in fsck.check(self._store, known):
            yield Finding(one.kind, one.object, one.problem), one.repair

    def _host_findings(self) -> Iterator[Checked]:
        known = self._known()
        for one in leftover.find(
            self._monitor, self._exec_root, known, cgroup_parent=self._cgroup_parent
        ):
            finding = Finding(one.kind, one.name, one.describe())
            yield finding, partial(leftover.remove, self._monitor, self._exec_root, one)
        for container_id in sorted(self._mounted() - self._running()):
            finding = Finding("mount", container_id, "is mounted, but nothing runs on it")
            yield finding, partial(self._bringup.down, container_id)

    def _mounted(self) -> set[str]:
        folder = self._exec_root / "rootfs"
        return set(os.listdir(folder)) if folder.exists() else set()

    def _running(self) -> set[str]:
        """Those that run, and those that are about to: their record is not `exited`."""
        return {one.id for one in self._containers() if one.state.pid or not one.state.finished_ns}

    def _net_findings(self) -> Iterator[Checked]:
        for token in self._net.unknown_sandboxes():
            finding = Finding("network namespace", token, "belongs to no container")
            yield finding, partial(self._net.discard_sandbox, token)
        for network in self._net.missing_bridges():
            finding = Finding("bridge", network.bridge, f'of network "{network.name}" is gone')
            yield finding, partial(self._net.ensure_network, network)
        if not self._net.rules_are_whole():
            finding = Finding("rules", "nftables", "the table or a published port is missing")
            yield finding, self._net.repair_rules


def _mended(finding: Finding, mend: Callable[[], object]) -> Finding:
    try:
        mend()
    except GoraeError as error:
        return replace(finding, problem=f"{finding.problem}; not repaired: {error.message}")
    return replace(finding, repaired=True)
