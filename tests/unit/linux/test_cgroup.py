"""Cgroup trees of plain files: what the kernel's files mean, on both versions."""

import shutil
from pathlib import Path

import pytest
from tests.suites.cgroup_suite import CgroupSuite

from gorae.errors import KernelError
from gorae.linux.cgroup import (
    BlockStats,
    Cgroups,
    CgroupsV1,
    CgroupsV2,
    CpuStats,
    Hierarchy,
    MemoryStats,
)

CONTROLLERS = ("blkio", "cpu", "cpuacct", "freezer", "memory", "pids")


class FakeV1(CgroupsV1):
    """A kernel's cgroup directory can be removed with the files in it; a real one's files go first."""

    def remove(self, path: str) -> None:
        for tree in self._trees(path):
            for file in [one for one in tree.rglob("*") if one.is_file()]:
                file.unlink()
        super().remove(path)


class FakeV2(CgroupsV2):
    """As FakeV1."""

    def remove(self, path: str) -> None:
        for file in [one for one in Path(f"{self._root}{path}").rglob("*") if one.is_file()]:
            file.unlink()
        super().remove(path)


class TestFakeV1(CgroupSuite):
    @pytest.fixture(autouse=True)
    def _root(self, tmp_path: Path) -> None:
        self.root = tmp_path
        for name in CONTROLLERS:
            (tmp_path / name).mkdir()

    def tree(self) -> Cgroups:
        return FakeV1(str(self.root))

    def make(self, path: str) -> None:
        for name in CONTROLLERS:
            directory = self.root / name / path.lstrip("/")
            directory.mkdir(parents=True)
            (directory / "cgroup.procs").touch()
        (self.root / "freezer" / path.lstrip("/") / "freezer.state").write_text("THAWED\n")


class TestFakeV2(CgroupSuite):
    @pytest.fixture(autouse=True)
    def _root(self, tmp_path: Path) -> None:
        self.root = tmp_path

    def tree(self) -> Cgroups:
        return FakeV2(str(self.root))

    def make(self, path: str) -> None:
        directory = self.root / path.lstrip("/")
        directory.mkdir(parents=True)
        (directory / "cgroup.procs").touch()


def _files(directory: Path, files: dict[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text)


def test_detection(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    assert Hierarchy.detect(str(tmp_path)).mode == "v1"
    _files(tmp_path / "unified", {"cgroup.controllers": "hugetlb\n"})
    assert Hierarchy.detect(str(tmp_path)).mode == "hybrid"
    shutil.rmtree(tmp_path / "unified")
    _files(tmp_path, {"cgroup.controllers": "cpu io memory pids\n"})
    assert Hierarchy.detect(str(tmp_path)).mode == "v2"


def test_what_can_be_limited(tmp_path: Path) -> None:
    _files(tmp_path / "v1" / "memory", {"memory.limit_in_bytes": ""})
    v1 = CgroupsV1(str(tmp_path / "v1"))
    assert v1.offers("memory", "memory.limit_in_bytes", "memory.max")
    assert not v1.offers("memory", "memory.memsw.limit_in_bytes", "memory.swap.max")
    assert not v1.offers("memory", "", "memory.max")
    _files(tmp_path / "v2", {"cgroup.controllers": "cpu io memory\n"})
    v2 = CgroupsV2(str(tmp_path / "v2"))
    assert v2.offers("blkio", "blkio.weight", "io.weight")
    assert not v2.offers("memory", "memory.oom_control", "")
    assert not v2.offers("pids", "cgroup.procs", "pids.max")


def test_v1_counters(tmp_path: Path) -> None:
    def files(controller: str, content: dict[str, str]) -> None:
        _files(tmp_path / controller / "g", content)

    files("cpuacct", {"cpuacct.usage": "5000\n", "cpuacct.stat": "user 3\nsystem 2\n",
                      "cpuacct.usage_percpu": "2000 3000 \n"})  # fmt: skip
    files("cpu", {"cpu.stat": "nr_periods 7\nnr_throttled 2\nthrottled_time 99\n"})
    files("memory", {"memory.usage_in_bytes": "100\n", "memory.max_usage_in_bytes": "200\n",
                     "memory.limit_in_bytes": "9223372036854771712\n", "memory.failcnt": "4\n",
                     "memory.stat": "cache 1\ninactive_file 2\n",
                     "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"})  # fmt: skip
    files("pids", {"pids.current": "2\n", "pids.max": "max\n", "cgroup.procs": "7\n8\n"})
    files("blkio", {"blkio.throttle.io_service_bytes_recursive": "8:0 Read 10\n8:0 Write 20\nTotal 30\n",
                    "blkio.throttle.io_serviced_recursive": "8:0 Read 1\n"})  # fmt: skip
    tree = CgroupsV1(str(tmp_path))
    stats = tree.stats("/g")
    assert stats.cpu == CpuStats(5000, 30_000_000, 20_000_000, (2000, 3000), 7, 2, 99)
    assert stats.memory == MemoryStats(100, 200, -1, 4, {"cache": 1, "inactive_file": 2})
    assert (stats.pids, stats.pids_limit) == (2, -1)
    assert stats.block_bytes == (BlockStats(8, 0, "Read", 10), BlockStats(8, 0, "Write", 20))
    assert stats.block_operations == (BlockStats(8, 0, "Read", 1),)
    assert tree.pids("/g") == (7, 8)
    assert tree.oom_kills("/g") == 3


def test_v2_counters(tmp_path: Path) -> None:
    _files(
        tmp_path / "g",
        {
            "cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 7\n"
            "nr_throttled 2\nthrottled_usec 9\n",
            "memory.current": "100\n",
            "memory.peak": "200\n",
            "memory.max": "300\n",
            "memory.events": "low 0\nmax 4\noom 1\noom_kill 1\n",
            "memory.stat": "anon 1\nfile 2\n",
            "pids.current": "2\n",
            "pids.max": "10\n",
            "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:0\n",
            "cgroup.procs": "7\n",
        },
    )
    _files(tmp_path / "g" / "below", {"cgroup.procs": "8\n"})
    tree = CgroupsV2(str(tmp_path))
    stats = tree.stats("/g")
    assert stats.cpu == CpuStats(5000, 3000, 2000, (), 7, 2, 9000)
    assert stats.memory == MemoryStats(100, 200, 300, 4, {"anon": 1, "file": 2})
    assert (stats.pids, stats.pids_limit) == (2, 10)
    assert stats.block_bytes == (BlockStats(8, 0, "Read", 10), BlockStats(8, 0, "Write", 20))
    assert stats.block_operations == (BlockStats(8, 0, "Read", 1), BlockStats(8, 0, "Write", 2))
    assert tree.pids("/g") == (7, 8)
    assert tree.oom_kills("/g") == 1


def test_a_tree_mounted_under_two_names_is_one(tmp_path: Path) -> None:
    (tmp_path / "cpu,cpuacct").mkdir()
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")
    assert CgroupsV1(str(tmp_path)).children("/") == ()
    (tmp_path / "cpu" / "a").mkdir()
    CgroupsV1(str(tmp_path)).remove("/a")
    assert not (tmp_path / "cpu,cpuacct" / "a").exists()


def test_what_is_in_use_cannot_be_removed(tmp_path: Path) -> None:
    _files(tmp_path / "g", {"cgroup.procs": "1\n"})
    with pytest.raises(KernelError):
        CgroupsV2(str(tmp_path)).remove("/g")
