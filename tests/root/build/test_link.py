"""COPY --link: its layer is taken again on another base, and only where it would be made the same."""

from pathlib import Path

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build

pytestmark = pytest.mark.root


def _cached(words: str, step: str) -> bool:
    """Whether the step whose label ends so came from the cache."""
    number = next(line.split()[0] for line in words.splitlines() if line.endswith(step))
    return f"{number} CACHED" in words


def _top(folder: Path, base: str, copy: str, more: str = "") -> Path:
    text = (
        f"FROM bb AS made\nRUN mkdir /out && echo 1 > /out/bin\nFROM bb\nRUN {base}\n{copy}\n{more}"
    )
    return context(folder, {"Dockerfile": text, "src/a": "a", "src/sub/b": "b"})


@pytest.mark.parametrize("copy", ["COPY --link src /app/src", "COPY --link --from=made /out /app"])
def test_another_base(builder: Builder, tmp_path, copy):
    run = "RUN cat /base > /seen"
    assert build(builder, _top(tmp_path, f"echo {len(copy)} > /base", copy, run))[0] == 0
    status, words = build(
        builder, _top(tmp_path, f"echo other{len(copy)} > /base", copy, run), "-t", "link"
    )
    assert status == 0, words
    assert _cached(words, copy), words
    assert not _cached(words, run)  # what follows stands on the other base
    assert builder.run("link", "cat", "/seen") == f"other{len(copy)}\n"
    files = builder.run("link", "find", "/app", "-type", "f").split()
    assert sorted(files) in (["/app/src/a", "/app/src/sub/b"], ["/app/bin"])
    layers = builder.inspect("link")["RootFS"]["Layers"]
    assert builder.daemon.docker("save", "-o", str(tmp_path / "i.tar"), "link").returncode == 0
    assert len(set(layers)) == len(layers)


@pytest.mark.parametrize(
    "base",
    [
        "mkdir -p /real && ln -s /real /place",
        "mkdir -m 700 /place",
        "mkdir -p /place/sub && echo kept > /place/sub/mine",
    ],
)
def test_a_place_that_looks_different(builder: Builder, tmp_path, base):
    copy = "COPY --link src /place"
    assert build(builder, _top(tmp_path, "true", copy))[0] == 0
    status, words = build(builder, _top(tmp_path, base, copy), "-t", "link2", "--explain")
    assert status == 0, words
    assert not _cached(words, copy)
    assert builder.run("link2", "cat", "/place/a", "/place/sub/b") == "ab"
    if "mine" in base:
        assert builder.run("link2", "cat", "/place/sub/mine") == "kept\n"


def test_an_owner_of_another_number(builder: Builder, tmp_path):
    copy = "COPY --link --chown=u src /app"
    base = "mkdir -p /etc && echo 'u:x:{0}:{0}::/:/bin/sh' > /etc/passwd"
    assert build(builder, _top(tmp_path, base.format(5), copy))[0] == 0
    status, words = build(builder, _top(tmp_path, base.format(6), copy), "-t", "link3")
    assert status == 0, words
    assert builder.run("link3", "busybox", "stat", "-c", "%u", "/app/a") == "6\n"


def test_a_step_made_anew_takes_those_behind_it_along(builder: Builder, tmp_path):
    """A layer counts on what it was made on: a parent of the same key but with other files is another one."""
    text = "FROM bb AS one\nRUN busybox date +%s%N > /when; busybox head -c9 /dev/urandom > /r\nFROM one\nRUN cat /r > /seen\n"
    top = context(tmp_path, {"Dockerfile": text})
    assert build(builder, top, "-t", "anew")[0] == 0
    status, words = build(builder, top, "-t", "anew", "--no-cache-filter", "one")
    assert status == 0, words
    done = builder.daemon.docker(
        "run", "--rm", "--net=none", "anew", "busybox", "cmp", "/r", "/seen"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    status, words = build(builder, top, "-t", "anew")
    assert words.count("CACHED") >= 2, words
