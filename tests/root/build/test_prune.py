"""`builder prune` by age and size, and cache mounts as their `sharing` says."""

import json
from pathlib import Path

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build, gorae

pytestmark = pytest.mark.root
MB = 1_000_000


def _step(builder: Builder, folder: Path, name: str, size: int) -> bool:
    """One step of so many bytes; whether it came from the cache."""
    text = f"FROM bb\nRUN busybox head -c {size} /dev/zero > /{name}\n"
    status, words = build(
        builder, context(folder / name, {"Dockerfile": text}), "-o", "type=cacheonly"
    )
    assert status == 0, words
    return "CACHED\n" in words.partition(f"> /{name}\n")[2]


def _sizes(builder: Builder) -> list[int]:
    found = json.loads(builder.daemon.get("/system/df?type=build-cache"))["BuildCache"] or []
    return sorted(one["Size"] for one in found)


def _prune(builder: Builder, *flags: str) -> str:
    done = gorae(builder, "builder", "prune", "-af", *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.fixture
def filled(builder: Builder, tmp_path: Path) -> Path:
    """Three steps: 3 MB, 1 MB and 2 MB, the first one the longest unused."""
    _prune(builder)
    assert _sizes(builder) == []
    for name, size in (("three", 3 * MB), ("one", MB), ("two", 2 * MB)):
        assert not _step(builder, tmp_path, name, size)
    assert _sizes(builder) == [MB, 2 * MB, 3 * MB]
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        (("--reserved-space", "4MB"), [MB, 2 * MB]),
        (("--keep-storage", "4MB"), [MB, 2 * MB]),
        (("--keep-storage", "10MB"), [MB, 2 * MB, 3 * MB]),
        (("--max-used-space", "2500KB"), [2 * MB]),
        (("--max-used-space", "2500KB", "--reserved-space", "3500KB"), [MB, 2 * MB]),
        (("--min-free-space", "1"), [MB, 2 * MB, 3 * MB]),
        (("--min-free-space", "1000TB"), []),
        (("--min-free-space", "1000TB", "--reserved-space", "2MB"), [2 * MB]),
        (("--filter", "until=1000h"), [MB, 2 * MB, 3 * MB]),
        (("--filter", "until=1ms"), []),
        (("--filter", "until=1ms", "--keep-storage", "2MB"), [2 * MB]),
        ((), []),
    ],
)  # fmt: skip
def test_limits(builder: Builder, filled: Path, flags, left):
    said = _prune(builder, *flags)
    assert _sizes(builder) == left
    freed = sum((MB, 2 * MB, 3 * MB)) - sum(left)
    assert f"Total reclaimed space: {freed // MB}{'MB' if freed else 'B'}" in said, said


def test_what_was_used_last_stays(builder: Builder, filled: Path):
    assert _step(builder, filled, "three", 3 * MB)  # it is the newest now
    _prune(builder, "--keep-storage", "3MB")
    assert _sizes(builder) == [3 * MB]
    assert _step(builder, filled, "three", 3 * MB)
    assert not _step(builder, filled, "one", MB)


def test_filters_of_du(builder: Builder, filled: Path):
    def listed(*flags: str) -> str:
        done = gorae(builder, "builder", "du", *flags)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    assert "/one" in listed("--filter", "description=/one")
    assert "/two" not in listed("--filter", "description=/one")
    assert "/two" not in listed("--filter", "type=exec.cachemount")
    assert gorae(builder, "builder", "du", "--filter", "nosuch=1").returncode == 1
    _prune(builder)


def test_a_cache_mount_survives_a_prune_of_steps(builder: Builder, tmp_path: Path):
    """And goes with a prune that takes it."""
    text = "FROM bb\nRUN --mount=type=cache,id=kept,target=/c echo x >> /c/f; busybox wc -l < /c/f > /count\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    for expected, flags in (("1", ("--filter", "type=regular")), ("2", ()), ("1", ())):
        status, words = build(builder, top, "--no-cache", "-t", "counted")
        assert status == 0, words
        assert builder.run("counted", "cat", "/count").strip() == expected
        _prune(builder, *flags)


def _beside(sharing: str) -> str:
    """Two stages at once that tell each other, through one more mount, that they are there."""
    meet = "busybox touch /m/{0}; for i in $(busybox seq 1 400); do test -e /m/{1} && break; busybox usleep 50000; done; test -e /m/{1}"
    stages = []
    for mine, other in (("a", "b"), ("b", "a")):
        mounts = f"--mount=type=cache,id=meet-{sharing},target=/m --mount=type=cache,id=own-{sharing},sharing={sharing},target=/c"
        run = f"busybox touch /c/{mine}; {meet.format(mine, other)} && busybox ls /c > /seen"
        stages.append(f"FROM bb AS {mine}\nRUN {mounts} {run}\n")
    return "".join(stages) + "FROM bb\nCOPY --from=a /seen /a\nCOPY --from=b /seen /b\n"


@pytest.mark.parametrize(("sharing", "seen"), [("shared", "a\nb\na\nb\n"), ("private", "a\nb\n")])
def test_two_at_once(builder: Builder, tmp_path: Path, sharing, seen):
    top = context(tmp_path, {"Dockerfile": _beside(sharing)})
    status, words = build(builder, top, "-t", "beside")
    assert status == 0, words
    assert builder.run("beside", "cat", "/a", "/b") == seen


def test_locked_is_one_after_the_other(builder: Builder, tmp_path: Path):
    """A folder inside stands while a step has the mount: the other one must not find it."""
    run = "busybox mkdir /l/held && busybox usleep 300000 && busybox rmdir /l/held && echo ok > /ok"
    mount = "--mount=type=cache,id=locked,sharing=locked,target=/l"
    stages = "".join(f"FROM bb AS {name}\nRUN {mount} {run} # {name}\n" for name in "abc")
    text = f"{stages}FROM bb\nCOPY --from=a /ok /a\nCOPY --from=b /ok /b\nCOPY --from=c /ok /c\n"
    status, words = build(builder, context(tmp_path, {"Dockerfile": text}), "-t", "in-turn")
    assert status == 0, words
