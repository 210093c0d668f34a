"""SOURCE_DATE_EPOCH: the same digests twice, whoever builds: two engines, two hosts' names, two places and orders."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import goraed
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build

pytestmark = pytest.mark.root
EPOCH = 1_700_000_000
TEXT = """FROM bb AS made
RUN --mount=type=cache,target=/c date +%s > /c/now; mkdir -p /out/z /out/a && echo 1 > /out/z/f && ln /out/z/f /out/a/hard
RUN --mount=type=tmpfs,target=/t touch /t/x && hostname > /out/host && busybox ln -s f /out/link
FROM bb
LABEL made=here
WORKDIR /w/deep
COPY --from=made /out .
COPY --link src /w/src
ADD packed.tar /w/packed
RUN rm /w/src/b && touch /w/src/new && mkfifo /w/fifo
"""


@pytest.fixture(scope="module")
def elsewhere(builder: Builder, tmp_path_factory) -> Iterator[Builder]:
    """Another engine on a host of another name, with the same base image."""
    file = tmp_path_factory.mktemp("base") / "bb.tar"
    assert builder.daemon.docker("save", "-o", str(file), "bb").returncode == 0
    renamed = 'hostname another-host; exec "$@"'
    with goraed(before=("unshare", "-u", "sh", "-c", renamed, "goraed")) as daemon:
        assert daemon.ask("GET", "/info")["Name"] == "another-host"
        assert daemon.docker("load", "-i", str(file)).returncode == 0
        yield Builder(daemon)


def _top(folder: Path, names: list[str]) -> Path:
    """The same context, its files made in this order and at another time."""
    top = context(folder, {"Dockerfile": TEXT})
    (top / "src").mkdir()
    for name in names:
        (top / "src" / name).write_text(name)
    subprocess.run(
        ["tar", "-C", str(top), "--owner=0", "--group=0", "--mtime=@1500000000", "-cf",
         str(top / "packed.tar"), "Dockerfile"], check=True,
    )  # fmt: skip
    for path in (top / "src", top / "packed.tar"):
        os.utime(path, (EPOCH + len(names[0]) * 1000, EPOCH + len(names[0]) * 1000))
    return top


def _digest(builder: Builder, top: Path, *flags: str) -> str:
    facts = top.parent / "facts.json"
    status, words = build(
        builder, top, "--no-cache", "--build-arg", f"SOURCE_DATE_EPOCH={EPOCH}",
        "-o", "type=image,rewrite-timestamp=true", "--metadata-file", str(facts), *flags,
    )  # fmt: skip
    assert status == 0, words
    return facts.read_text().partition('"containerimage.digest": "')[2].partition('"')[0]


def test_two_engines(builder: Builder, elsewhere: Builder, tmp_path):
    digests = {
        _digest(builder, _top(tmp_path / "one" / "c", ["a", "b", "c"])),
        _digest(elsewhere, _top(tmp_path / "the-other" / "place" / "c", ["c", "b", "a"])),
        _digest(elsewhere, _top(tmp_path / "third" / "c", ["b", "a", "c"])),
    }
    assert len(digests) == 1 and digests != {""}


def test_archives(builder: Builder, elsewhere: Builder, tmp_path):
    """What is written out is the same too, byte for byte."""
    for kind in ("oci", "docker", "tar"):
        written = set()
        for number, one in enumerate((builder, elsewhere)):
            top = _top(tmp_path / kind / str(number) / "c", ["a", "b", "c"][:: 1 - 2 * number])
            archive = tmp_path / f"{kind}{number}.tar"
            status, words = build(
                one, top, "--no-cache", "--build-arg", f"SOURCE_DATE_EPOCH={EPOCH}",
                "-o", f"type={kind},dest={archive},rewrite-timestamp=true",
            )  # fmt: skip
            assert status == 0, words
            written.add(archive.read_bytes())
        assert len(written) == 1, kind


def test_the_environment_says_the_epoch(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo x > /x\n"})
    status, words = build(builder, top, "-t", "dated", env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    assert status == 0, words
    assert builder.inspect("dated")["Created"] == "2023-11-14T22:13:20Z"
    status, words = build(builder, top, "--build-arg", "SOURCE_DATE_EPOCH=yesterday")
    assert status == 1 and "SOURCE_DATE_EPOCH" in words


def test_without_the_epoch_images_differ(builder: Builder, tmp_path):
    """The test above would notice."""
    text = "FROM bb\nRUN echo x > /x\n"
    ids = set()
    for name in ("one", "two"):
        top = context(tmp_path / name, {"Dockerfile": text})
        assert build(builder, top, "--no-cache", "-t", f"undated{name}")[0] == 0
        ids.add(builder.inspect(f"undated{name}")["Id"])
    assert len(ids) == 2
