"""A distribution's root as a tar of its packages alone."""

import gzip
import io
import tarfile

from gorae.engine import reproducible

CHANGELOG = gzip.compress(
    b"x (1) sid; urgency=low\n\n  * one\n\n -- A B <a@b.example>  Sun, 02 Nov 2025 12:55:00 +0000\n"
)
EPOCH = 1762088100
SOURCES = b"deb http://deb.debian.org/debian bookworm main\n"


def root(*, mirror: bytes, order: int, mtime: int) -> bytes:
    """What mmdebstrap may give on some day: any order, any mirror, any time of the run."""
    files = {
        "./etc/apt/sources.list": mirror,
        "./etc/machine-id": b"%d\n" % mtime,
        "./etc/shadow": b"root:*:20000:0:99999:7:::\n",
        "./usr/share/doc/x/changelog.Debian.gz": CHANGELOG,
        "./var/log/dpkg.log": b"today\n",
        "./bin/tool": b"program",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in sorted(files)[::order]:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(files[name]), mtime
            tar.addfile(info, io.BytesIO(files[name]))
    return out.getvalue()


def rewritten(raw: bytes) -> tuple[int, bytes]:
    out = io.BytesIO()
    epoch = reproducible.rewrite(io.BytesIO(raw), out, {reproducible.SOURCES_LIST: SOURCES})
    return epoch, out.getvalue()


def test_the_same_packages_give_the_same_bytes() -> None:
    one = rewritten(root(mirror=b"deb http://a.example x main\n", order=1, mtime=EPOCH + 5))
    two = rewritten(root(mirror=b"deb http://b.example x main\n", order=-1, mtime=EPOCH + 99))
    assert one == two
    assert one[0] == EPOCH


def test_what_only_one_run_knows_is_left_out() -> None:
    _, data = rewritten(root(mirror=b"deb http://a.example x main\n", order=1, mtime=EPOCH + 5))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        names = tar.getnames()
        assert names == sorted(names)
        assert "var/log/dpkg.log" not in names
        assert {one.mtime for one in tar} == {EPOCH}
        contents = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    assert contents["etc/machine-id"] == b""
    assert contents["etc/apt/sources.list"] == SOURCES
    assert contents["etc/shadow"] == b"root:*:%d:0:99999:7:::\n" % (EPOCH // 86400)


def test_a_suite_with_releases_has_updates_and_security() -> None:
    assert reproducible.sources_list("debian", "bookworm").splitlines() == [
        "deb http://deb.debian.org/debian bookworm main",
        "deb http://deb.debian.org/debian bookworm-updates main",
        "deb http://deb.debian.org/debian-security bookworm-security main",
    ]
    assert "ubuntu.com" in reproducible.sources_list("ubuntu", "noble")


def test_a_rolling_suite_has_itself_alone() -> None:
    assert (
        reproducible.sources_list("debian", "sid") == "deb http://deb.debian.org/debian sid main\n"
    )
