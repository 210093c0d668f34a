"""The same suite on the kernel's own trees, with real processes in them."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.suites.cgroup_suite import CgroupSuite

from gorae.errors import KernelError
from gorae.linux.cgroup import CGROUP_ROOT, Cgroups, CgroupsV1, CgroupsV2, Hierarchy

UNIFIED = f"{CGROUP_ROOT}/unified"


def _trees() -> list[Cgroups]:
    """All that this host has: its own, and of a hybrid one the v2 tree as well."""
    found = [Hierarchy.detect()]
    if os.path.exists(f"{UNIFIED}/cgroup.controllers"):
        found.append(CgroupsV2(UNIFIED))
    return found


def _directories(tree: Cgroups, path: str) -> list[Path]:
    if isinstance(tree, CgroupsV1):
        names = [n for n in os.listdir(CGROUP_ROOT) if n not in ("unified", "cpuset")]
        return [Path(f"{CGROUP_ROOT}/{name}{path}") for name in names]
    assert isinstance(tree, CgroupsV2)
    return [Path(f"{tree._root}{path}")]


class TestReal(CgroupSuite):
    @pytest.fixture(autouse=True, params=_trees(), ids=lambda tree: tree.mode)
    def _tree(self, request: pytest.FixtureRequest) -> Iterator[None]:
        self.real: Cgroups = request.param
        yield
        self.real.remove("/gorae-suite")

    def tree(self) -> Cgroups:
        return self.real

    def make(self, path: str) -> None:
        for directory in _directories(self.real, path):
            directory.mkdir(parents=True)

    def test_processes_are_listed_frozen_and_keep_it_from_removal(self) -> None:
        self.make("/gorae-suite/one/below")
        # a handled signal: one that kills by default ends a frozen process of a v2 tree all the same
        child = subprocess.Popen(
            ["sh", "-c", "trap 'exit 7' TERM; echo up; read line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert child.stdout is not None and child.stdout.readline() == b"up\n"
            for directory in _directories(self.real, "/gorae-suite/one/below"):
                (directory / "cgroup.procs").write_text(str(child.pid))
            assert self.real.pids("/gorae-suite/one") == (child.pid,)
            with pytest.raises(KernelError):
                self.real.remove("/gorae-suite/one")
            self.real.freeze("/gorae-suite/one/below", frozen=True)
            child.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.1)
            self.real.freeze("/gorae-suite/one/below", frozen=False)
            assert child.wait(10) == 7
        finally:
            child.kill()
            child.wait()
        deadline = time.monotonic() + 5
        while self.real.pids("/gorae-suite/one") and time.monotonic() < deadline:
            os.sched_yield()
