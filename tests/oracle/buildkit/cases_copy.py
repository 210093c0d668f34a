"""COPY and ADD: what goes where, with which mode and owner."""

import gzip
import io
import tarfile

from tests.oracle.buildkit.case import EPOCH, File, case, folder, link

TREE = {
    "src/a.txt": "a\n",
    "src/b.txt": File("b\n", 0o600),
    "src/sub/c.txt": "c\n",
    "src/sub/run": File("#!\n", 0o755, (1000, 1000)),
    "src/empty": folder(0o700),
    "src/ln": link("a.txt"),
    "src/away": link("../top"),
    "top": "t\n",
    "x[1].md": "x\n",
    ".hidden": "h\n",
}


def _tar(compressed: bool = False) -> str:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data, mode in (("d", None, 0o750), ("d/f", b"f\n", 0o640), ("g", b"g\n", 0o644)):
            info = tarfile.TarInfo(name)
            info.mode, info.mtime, info.uid, info.gid = mode, EPOCH, 5, 6
            if data is None:
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            else:
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo("ln")
        info.type, info.linkname, info.mtime = tarfile.SYMTYPE, "d/f", EPOCH
        tar.addfile(info)
    data = out.getvalue()
    return (gzip.compress(data, mtime=0) if compressed else data).decode("utf-8", "surrogateescape")


def to(text: str, *flags: str, **others: object):  # type: ignore[no-untyped-def]
    """A case on scratch with the tree above; named by its text."""
    return case(f"copies: {text}", f"FROM scratch\n{text}\n", TREE, *flags, **others)


CASES = [
    to("COPY top /"),
    to("COPY top /new/deep/"),
    to("COPY top /new/name"),
    to("COPY top new"),
    to("COPY src /"),
    to("COPY src /dst"),
    to("COPY src /dst/"),
    to("COPY src/ /dst"),
    to("COPY src/sub src/a.txt /dst/"),
    to("COPY . /all/"),
    to("COPY ./ /all"),
    to("COPY src/* /dst/"),
    to("COPY src/*.txt /dst/"),
    to("COPY src/?.txt top /dst/"),
    to("COPY src/[ab].txt /dst/"),
    to("COPY src/*/c.txt /dst/"),
    to("COPY s* /dst/"),
    to("COPY *.none top /dst/"),
    to("COPY x[[]1].md /dst/"),
    to('COPY ["src/a.txt", "top", "/dst dir/"]'),
    to("COPY src/ln /dst/"),
    to("COPY src/away /dst"),
    to("COPY src/empty /dst"),
    to("COPY /src/../top /dst"),
    to("COPY ../../top /dst"),
    to("COPY top /a\nCOPY src/a.txt /a"),
    to("COPY src /d\nCOPY src/sub /d"),
    to("COPY top /d/x\nCOPY src/a.txt /d/\nCOPY src/b.txt /d"),
    to("COPY --chown=1:2 src /d"),
    to("COPY --chown=7 top /d/e/f"),
    to("COPY --chmod=640 src/a.txt /d/"),
    to("COPY --chmod=0700 src /d"),
    to("COPY --chmod=u+x,g-r,o= src/a.txt src/sub/run /d/"),
    to("COPY --chmod=a+rX src /d"),
    to("COPY --chmod=4755 top /d"),
    to("COPY --link top /d/"),
    to("COPY --link --chown=3:4 src /d/e"),
    to("COPY --link --chmod=600 src/a.txt /d/"),
    to("COPY --exclude=*.txt src /d"),
    to("COPY --exclude=sub --exclude=ln src /d"),
    to("COPY --exclude=**/*.txt --exclude=!**/c.txt src /d"),
    to("COPY --exclude=src/a.txt . /d"),
    to("WORKDIR /w\nCOPY top ./\nCOPY top rel/\nCOPY top ."),
    to("WORKDIR /w\nCOPY top .."),
    to("ADD top src/a.txt /d/"),
    to("ADD src /d"),
    to("ADD --chown=1:2 --chmod=600 top /d"),
    to("ADD --link top /d/"),
    to("ADD --exclude=*.txt src /d"),
    case("copy chown by name", "FROM orcbb\nCOPY --chown=daemon:tty a /d/\nCOPY --chown=daemon a /e\nCOPY --chown=:5 a /g\n", {"a": "a"}),
    case("copy chown of an unknown name", "FROM orcbb\nCOPY --chown=nobody1 a /d\n", {"a": "a"}),
    case("copy chown by name on scratch", "FROM scratch\nCOPY --chown=daemon a /d\n", {"a": "a"}),
    case("copy onto a folder of the base", "FROM orcbb\nCOPY a /etc\nCOPY a /etc/passwd\n", {"a": "a"}),
    case("copy a folder onto a file", "FROM orcbb\nCOPY d /etc/passwd\n", {"d/x": "x"}),
    case("copy a file below a file", "FROM orcbb\nCOPY a /etc/passwd/x\n", {"a": "a"}),
    case("copy over a link to a folder", "FROM orcbb\nRUN mkdir /real && ln -s real /ln\nCOPY a /ln/\nCOPY a /ln/b\n", {"a": "a"}),
    case("copy a folder over a link", "FROM orcbb\nRUN mkdir /real && ln -s real /ln\nCOPY d /ln\n", {"d/x": "x"}),
    case("copy over a link to a file", "FROM orcbb\nRUN echo r >/real && ln -s real /ln\nCOPY a /ln\n", {"a": "a"}),
    case("copy over a dangling link", "FROM orcbb\nRUN ln -s nowhere /ln\nCOPY a /ln\n", {"a": "a"}),
    case("copy over an absolute link", "FROM orcbb\nRUN mkdir /real && ln -s /real /ln\nCOPY a /ln/x/\n", {"a": "a"}),
    case("copy link over a link", "FROM orcbb\nRUN mkdir /real && ln -s real /ln\nCOPY --link a /ln/\n", {"a": "a"}),
    *(
        case(
            f"copy link on another base: {what}",
            f"FROM orcbb AS one\nRUN echo 1 >/base\nCOPY --link d /p/q\n"
            f"FROM orcbb\nRUN echo 2 >/base; {run}\nCOPY --link d /p/q\nRUN cat /p/q/x >/end\n"
            "COPY --from=one /p /of-one\n",
            {"d/x": "x", "d/sub/y": "y"},
        )
        for what, run in {
            "alike": "true",
            "a closed folder": "mkdir -m 700 /p",
            "a folder's link": "mkdir -p /p /real && ln -s /real /p/q",
            "a folder with files": "mkdir -p /p/q/sub && echo kept >/p/q/sub/mine",
        }.items()
    ),
    case("copy hard links", "FROM scratch\nCOPY d /d\n", {"d/a": "same", "d/b": File(hard="d/a")}),
    case("copy modes and sticky bits", "FROM scratch\nCOPY d /d\n", {"d/s": File("x", 0o4755), "d/t": folder(0o1777), "d/u": File("x", 0o000)}),
    case("copy the top folder's mode", "FROM scratch\nCOPY d /e\nCOPY d/ /f/\n", {"d": folder(0o700), "d/x": "x"}),
    case("copy names with blanks and signs", 'FROM scratch\nCOPY ["a b", "$c", "/d/"]\nCOPY \\$c /e\n', {"a b": "1", "$c": "2"}),
    case("copy a name from a variable", "FROM scratch\nENV F=a\nCOPY $F ${F}b /d/\n", {"a": "1", "ab": "2"}),
    case("copy times", "FROM scratch\nCOPY a d /\nADD a /b\n", {"a": "time 1", "d/x": "time 2"}, times=("a", "x", "b")),
    case("copy from a stage keeps owners", "FROM orcbb AS s\nRUN mkdir /d && echo 1 >/d/f && chown 5:6 /d/f && chown 7 /d && ln -s f /d/l\nFROM scratch\nCOPY --from=s /d /e\nCOPY --from=s --chown=1 /d/f /g\n"),
    case("copy from a stage by wildcard", "FROM orcbb AS s\nRUN mkdir /d && touch /d/a1 /d/a2 /d/b\nFROM scratch\nCOPY --from=s /d/a* /e/\n"),
    case("copy from a stage, relative", "FROM orcbb AS s\nWORKDIR /w\nRUN echo 1 >f\nFROM scratch\nCOPY --from=s w/f /g\n"),
    case("copy from a stage through links", "FROM orcbb AS s\nRUN mkdir /r && echo 1 >/r/f && ln -s r /l && ln -s /r/f /lf\nFROM scratch\nCOPY --from=s /l/f /a\nCOPY --from=s /l /b\nCOPY --from=s /lf /c\n"),
    case("copy from a named context", "FROM scratch\nCOPY --from=more f /g\n", {"../more/f": "m"}, "--build-context", "more={top}/more"),
    case("named context takes an image's place", "FROM other\nLABEL a=1\n", None, "--build-context", "other=docker-image://orcbb"),
    case("named context takes a stage's place", "FROM orcbb AS st\nRUN false\nFROM scratch\nCOPY --from=st f /g\n", {"../more/f": "m"}, "--build-context", "st={top}/more"),
    case("heredoc", "FROM scratch\nENV V=1\nCOPY <<A <<\"B\" <<-C /d/\nit's \"$V\" \\$V\nA\n$V\nB\n\t\ttabs\n\tC\n"),
    case("heredoc to a name", "FROM scratch\nCOPY <<E /a/b\nx\nE\nADD <<F /c\ny\nF\n"),
    case("heredoc with chmod and chown", "FROM scratch\nCOPY --chmod=755 --chown=1:2 <<E /run\n#!/bin/sh\nE\n"),
    case("heredoc beside a file", "FROM scratch\nCOPY a <<E /d/\nx\nE\n", {"a": "1"}),
    case("heredoc empty", "FROM scratch\nCOPY <<E /e\nE\n"),
    case("add unpacks", "FROM scratch\nADD t.tar /d/\n", {"t.tar": _tar()}),
    case("add unpacks gzip", "FROM scratch\nADD t.tgz /d\n", {"t.tgz": _tar(compressed=True)}),
    case("add unpacks with chown", "FROM scratch\nADD --chown=9:9 t.tar /d/\n", {"t.tar": _tar()}),
    case("add unpack off", "FROM scratch\nADD --unpack=false t.tar /d/\n", {"t.tar": _tar()}),
    case("add of what is no archive", "FROM scratch\nADD t.tar.gz /d/\n", {"t.tar.gz": "no archive\n"}),
    case("add several with an archive", "FROM scratch\nADD t.tar a /d/\n", {"t.tar": _tar(), "a": "1"}),
    case("add url", "FROM scratch\nADD {web}/f.txt /d/\nADD {web}/f.txt /e\n", web={"f.txt": File("web\n", mtime=EPOCH)}, times=("d/f.txt", "e")),
    case("add url with chmod and chown", "FROM scratch\nADD --chmod=755 --chown=1:2 {web}/f.txt /d/\n", web={"f.txt": "web\n"}),
    case("add url with checksum", "FROM scratch\nADD --checksum=sha256:4ded89b3f9f03689b7032b92a091e742e1205e2a54277e52b32498d9fcdf3642 {web}/f.txt /d/\n", web={"f.txt": "web\n"}),
    case("add url with a wrong checksum", "FROM scratch\nADD --checksum=sha256:" + "0" * 64 + " {web}/f.txt /d/\n", web={"f.txt": "web\n"}),
    case("add url of an archive stays packed", "FROM scratch\nADD {web}/t.tar /d/\n", web={"t.tar": _tar()}),
    case("add url unpacked", "FROM scratch\nADD --unpack=true {web}/t.tar /d/\n", web={"t.tar": _tar()}),
    case("add url without a name", "FROM scratch\nADD {web}/ /d\n", web={"index.html": "index\n"}),
    case("add url that is not there", "FROM scratch\nADD {web}/nope /d\n", web={"x": "x"}),
]  # fmt: skip
