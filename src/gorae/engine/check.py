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
from gorae.engine.buildcache import BuildCache
from gorae.engine.buildfailure import BuildFailures
from gorae.engine.model import Container
from gorae.errors import GoraeError
from gorae.net import firewall
from gorae.net.driver import NetDriver
from gorae.runtime import leftover
from gorae.runtime.monitor import Monitor
from gorae.store import fsck
from gorae.store.store import Store
from gorae.store.tables import bin as bin_rows

ROUNDS = 3


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
        measure_anew: Callable[[], None],
        at_work: Callable[[], set[str]],
        tidy: Callable[[str], None],
        failures: BuildFailures,
        build_cache: BuildCache,
    ) -> None:
        self._store = store
        self._monitor = monitor
        self._net = net
        self._bringup = bringup
        self._exec_root = exec_root
        self._cgroup_parent = cgroup_parent
        self._containers = containers
        self._measure_anew = measure_anew
        self._at_work = at_work
        self._tidy = tidy
        self._failures = failures
        self._build_cache = build_cache

    def check(self, repair: bool) -> list[Finding]:
        """All findings; what was repaired says so. Repairing is looked after: one repair may bring another to light."""
        self._measure_anew()
        found: dict[tuple[str, str, str], Finding] = {}
        for _ in range(ROUNDS if repair else 1):
            fresh = {_key(one): (one, mend) for one, mend in self._all()}
            for key in fresh.keys() - found.keys():
                finding, mend = fresh[key]
                found[key] = _mended(finding, mend) if repair and mend is not None else finding
            if not any(found[key].repaired for key in fresh):
                break
        return sorted(found.values(), key=_key)

    def _all(self) -> list[Checked]:
        return [*self._store_findings(), *self._host_findings(), *self._net_findings()]

    def _known(self) -> set[str]:
        """Those with a record, those that are being taken away, and those that can be brought back."""
        found = {one.id for one in self._containers()} | self._at_work()
        binned = self._store.db.read(bin_rows.all_rows)
        return found | {row.key for row in binned if row.kind == "container"}

    def _store_findings(self) -> Iterator[Checked]:
        before = self._known()
        found = list(fsck.check(self._store, before))
        known = before | self._known()
        for one in found:
            if one.object not in known:
                yield Finding(one.kind, one.object, one.problem), one.repair
        for failed, problem in self._failures.strays():
            yield Finding("build step", failed, problem), partial(self._failures.remove, failed)
        for name, problem, mend in self._build_cache.check():
            yield Finding("build cache", name, problem), mend

    def _host_findings(self) -> Iterator[Checked]:
        """Containers come and go meanwhile: only what was unknown before and after the look counts."""
        before, at_work = self._known(), self._at_work()
        mounted = self._mounted()
        found = leftover.find(
            self._monitor, self._exec_root, before, cgroup_parent=self._cgroup_parent
        )
        known, at_work = before | self._known(), at_work | self._at_work()
        for one in found:
            if one.container_id not in known:
                finding = Finding(one.kind, one.name, one.describe())
                yield finding, partial(leftover.remove, self._monitor, self._exec_root, one)
        for container_id in sorted(mounted - at_work):
            finding = Finding("mount", container_id, "is mounted, but nothing runs on it")
            yield finding, partial(self._tidy, container_id)

    def _mounted(self) -> set[str]:
        """Mount points of root file systems and of shared memory; named by container."""
        folders = [self._exec_root / name for name in ("rootfs", "shm")]
        return {name for one in folders if one.exists() for name in os.listdir(one)}

    def _net_findings(self) -> Iterator[Checked]:
        for token in self._net.unknown_sandboxes():
            finding = Finding("network namespace", token, "belongs to no container")
            yield finding, partial(self._net.discard_sandbox, token)
        for name in self._net.unknown_links():
            yield (
                Finding("link", name, "belongs to no container"),
                partial(self._net.discard_link, name),
            )
        bridgeless = self._net.missing_bridges()
        for network in bridgeless:
            finding = Finding("bridge", network.bridge, f'of network "{network.name}" is gone')
            yield finding, partial(self._net.repair_network, network)
        for sandbox_id, endpoint in self._net.loose_endpoints():
            if any(endpoint.network_id == one.id for one in bridgeless):
                continue  # its bridge's repair puts it back
            finding = Finding(
                "link",
                endpoint.host_interface,
                f"of container {sandbox_id[:12]} is gone, or on no bridge",
            )
            yield finding, partial(self._net.repair_endpoint, sandbox_id, endpoint)
        for problem in self._net.rules.wrong():
            yield Finding("rules", "nftables", problem), self._net.rules.write
        for chain in firewall.drops_forward(self._net.rules.foreign_chains()):
            problem = "drops what is forwarded: containers may not reach the world; accept there what concerns our bridges"
            yield Finding("foreign rules", chain.title, problem), None


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.kind, finding.object, finding.problem


def _mended(finding: Finding, mend: Callable[[], object]) -> Finding:
    try:
        mend()
    except (GoraeError, OSError) as error:
        return replace(finding, problem=f"{finding.problem}; not repaired: {error}")
    return replace(finding, repaired=True)
