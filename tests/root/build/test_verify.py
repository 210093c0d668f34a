"""`build --verify`: what is the same twice is made; what is not is named file by file, and not made."""

import pytest
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build

pytestmark = pytest.mark.root
EPOCH = (
    "--build-arg", "SOURCE_DATE_EPOCH=1700000000", "-o", "type=image,rewrite-timestamp=true",
)  # fmt: skip


def images(builder: Builder) -> str:
    return builder.daemon.docker("images", "--format", "{{.Repository}}").stdout


def test_the_same_twice(builder: Builder, tmp_path):
    text = "FROM bb\nCOPY d /d\nRUN busybox find /d | busybox sort > /list && echo x > /x\n"
    top = context(tmp_path, {"Dockerfile": text, "d/a": "a", "d/b": "b", "d/c/e": "e"})
    status, words = build(builder, top, "--verify", "-t", "twice", *EPOCH)
    assert status == 0, words
    assert "verified: built twice, the same digest: sha256:" in words
    assert "[again] [2/3] COPY d /d" in words
    assert "twice" in images(builder)
    _, words = build(builder, top, *EPOCH)
    assert words.count("CACHED") >= 3
    assert builder.daemon.ask("GET", "/gorae/system/check") == {"Findings": []}


def test_what_differs_is_named(builder: Builder, tmp_path):
    text = """FROM bb
RUN echo same > /same; busybox cat /proc/sys/kernel/random/uuid > /id
RUN echo $(busybox stat -c %Y /ctx/f) > /t
"""
    text = text.replace("RUN echo $(", "RUN --mount=type=bind,target=/ctx echo $(")
    top = context(tmp_path, {"Dockerfile": text, "f": "f"})
    status, words = build(builder, top, "--verify", "-t", "differs", *EPOCH)
    assert status == 1
    assert "layer 1: [2/3] RUN echo same > /same; busybox cat" in words
    assert "/id  content  " in words and "37 bytes, from byte 0 on" in words
    assert "/t  content  " in words and "/same" not in words.partition("layer 1:")[2].split("\n")[1]
    assert "ERROR: failed to build: not reproducible: built twice, once " in words
    assert "only times differ" not in words
    assert "differs" not in images(builder)
    assert not list((builder.daemon.data_root / "build" / "tmp").iterdir())


def test_times_alone(builder: Builder, tmp_path):
    top = context(tmp_path, {"Dockerfile": "FROM bb\nCOPY f /f\n", "f": "f"})
    status, words = build(builder, top, "--verify")
    assert status == 1
    assert "/f  time  " in words and "  created  " in words
    assert "only times differ: give --build-arg SOURCE_DATE_EPOCH=" in words
