"""Contexts, ignore files, where the Dockerfile is, outputs."""

import gzip
import io
import tarfile

from tests.oracle.buildkit.case import EPOCH, File, case, link

ALL = "FROM scratch\nCOPY . /\n"
FILES = {
    "a.txt": "a",
    "b.md": "b",
    "d/a.txt": "da",
    "d/e/a.txt": "dea",
    "d/keep.txt": "k",
    "node_modules/x/i.js": "i",
    ".git/HEAD": "g",
}


def _ctx() -> str:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in (("Dockerfile", b"FROM scratch\nCOPY f /\n"), ("f", b"remote\n")):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), EPOCH
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0).decode("utf-8", "surrogateescape")


def ignoring(*lines: str):  # type: ignore[no-untyped-def]
    """A case named by its ignore file."""
    name = "ignore: " + " | ".join(lines)
    return case(name, ALL, {**FILES, ".dockerignore": "\n".join(lines) + "\n"})


CASES = [
    case("whole context", ALL, FILES),
    ignoring("node_modules", ".git"),
    ignoring("*.txt"),
    ignoring("**/*.txt"),
    ignoring("**/*.txt", "!d/keep.txt"),
    ignoring("d", "!d/keep.txt"),
    ignoring("*", "!d"),
    ignoring("*", "!d/e"),
    ignoring("*", "!**/a.txt"),
    ignoring("d/*", "!d/e", "d/e/*.txt"),
    ignoring("# comment", "", "  a.txt  ", "/d/"),
    ignoring("d/**/a.txt"),
    ignoring("**/e"),
    ignoring("[ab].*"),
    ignoring("a.t?t", "./b.md"),
    ignoring("!a.txt", "*.txt"),
    ignoring("Dockerfile", ".dockerignore"),
    ignoring("d/.."),
    ignoring("a\\.txt"),
    case("ignore file of the Dockerfile", ALL, {**FILES, "Dockerfile.dockerignore": "d\n", ".dockerignore": "*.md\n"}),
    case("dockerfile by flag", None, {"sub/other": "FROM scratch\nCOPY a /\n", "a": "1"}, "-f", "{ctx}/sub/other"),
    case("dockerfile outside of the context", None, {"../elsewhere": "FROM scratch\nCOPY a /\n", "a": "1"}, "-f", "{top}/elsewhere"),
    case("dockerfile on stdin", "FROM scratch\nCOPY a /\n", {"a": "1"}, "-f", "-", stdin="dockerfile"),
    case("dockerfile on stdin without a context", "FROM orcbb\nLABEL a=1\n", None, stdin="dockerfile", context="-"),
    case("copy without a context", "FROM scratch\nCOPY a /\n", None, stdin="dockerfile", context="-"),
    case("tar on stdin", "FROM scratch\nCOPY . /d\n", FILES, stdin="tar", context="-"),
    case("tar on stdin, ignore file", "FROM scratch\nCOPY . /d\n", {**FILES, ".dockerignore": "d\n"}, stdin="tar", context="-"),
    case("tar on stdin, dockerfile by flag", None, {"sub/D": "FROM scratch\nCOPY a /\n", "a": "1"}, "-f", "sub/D", stdin="tar", context="-"),
    case("remote tarball", None, None, context="{web}/ctx.tar.gz", web={"ctx.tar.gz": _ctx()}),
    case("remote dockerfile", None, None, context="{web}/Dockerfile", web={"Dockerfile": "FROM orcbb\nLABEL a=1\n"}),
    case("remote context that is not there", None, None, context="{web}/nope", web={"x": "x"}),
    case("links in the context", ALL, {"a": "1", "in": link("a"), "out": link("/etc/passwd"), "up": link("../x"), "dangling": link("nope"), "d/x": "2", "ld": link("d")}),
    case("copy through a link in the context", "FROM scratch\nCOPY ld/x /y\nCOPY ld /z\n", {"d/x": "2", "ld": link("d")}),
    case("copy a link that leads out", "FROM scratch\nCOPY out /y\n", {"out": link("/etc/hostname")}),
    case("owners in the context are root's", ALL, {"a": File("1", 0o640, (1000, 1000)), "d/b": File("2", 0o600, (5, 5))}),
    case("odd names", ALL, {"a b": "1", "ü": "2", "'q'": "3", "new\nline": "4", "-dash": "5"}),
    case("a Dockerfile in lower case", None, {"dockerfile": "FROM scratch\nCOPY a /\n", "a": "1"}),
    case("output local", "FROM scratch\nCOPY . /d\nCOPY --chmod=600 a.txt /x\n", FILES, "--output=type=local,dest={out}", output="local"),
    case("output local by path", "FROM orcbb AS b\nRUN echo x >/x\nFROM scratch\nCOPY --from=b /x /\n", None, "-o", "{out}", output="local"),
    case("output tar", "FROM scratch\nCOPY . /d\nCOPY --chown=1:2 a.txt /x\n", FILES, "--output", "type=tar,dest={out}", output="tar"),
    case("output nowhere", "FROM scratch\nCOPY a.txt /\n", FILES, "--output=type=cacheonly", output="none"),
    case("quiet", "FROM orcbb\nLABEL q=1\n", None, "--quiet"),
    case("source date epoch", "FROM scratch\nCOPY a /\n", {"a": "epoch"}, "--build-arg", "SOURCE_DATE_EPOCH=1500000000", times=("a",)),
    case("no cache", "FROM orcbb\nRUN echo x >/x\n", None, "--no-cache"),
    case("no cache of one stage", "FROM orcbb AS a\nRUN echo x >/x\nFROM scratch\nCOPY --from=a /x /\n", None, "--no-cache-filter=a"),
]  # fmt: skip
