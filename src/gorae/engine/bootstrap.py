"""Base images without a registry: from a distribution's packages, signed by the distribution; blocking.

The same package versions give the same digest: files are written in the order of their names, times are clamped to
the newest changelog entry of the packages, and what only this run knows (logs, caches, lists, the mirror) is
left out. Sources: mmdebstrap(1); busybox(1).
"""

import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gorae.engine import keyring, reproducible
from gorae.engine.imagearchive import ImageArchives
from gorae.engine.images import Image
from gorae.engine.when import SECOND_NS, rfc3339
from gorae.errors import InvalidArgument, NotFound, Unavailable
from gorae.linux import process
from gorae.oci.config import History, RunConfig

DISTRIBUTIONS = ("debian", "ubuntu")
BUSYBOX = ("/usr/bin/busybox", "/bin/busybox")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TIMEOUT_S = 1800
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """What may be said besides the name. `mirror` empty: the distribution's default; `tag`: the image's name."""

    mirror: str = ""
    tag: str = ""
    include: tuple[str, ...] = ()
    allow_expired: bool = False
    allow_unsigned: bool = False


class Bootstrap:
    """Makes base images."""

    def __init__(self, archives: ImageArchives) -> None:
        self._archives = archives

    def make(self, name: str, options: BootstrapOptions, progress: Progress) -> Image:
        """`debian:SUITE`, `ubuntu:SUITE` or `busybox`, as an image of that name or of `options.tag`.

        Raises:
            InvalidArgument: another name. NotFound: a program or keyring is missing. Unavailable: the mirror.
        """
        distribution, _, suite = name.partition(":")
        if distribution == "busybox":
            return self._busybox(name, options.tag or name, progress)
        if distribution not in DISTRIBUTIONS or not suite.replace("-", "").isalnum():
            raise InvalidArgument(
                f'cannot bootstrap "{name}": give busybox, debian:SUITE or ubuntu:SUITE'
            )
        return self._distribution(distribution, suite, options, progress)

    def _busybox(self, name: str, tag: str, progress: Progress) -> Image:
        program = next((Path(one) for one in BUSYBOX if os.access(one, os.X_OK)), None)
        if program is None:
            raise NotFound("busybox is not installed: apt-get install busybox-static")
        applets = process.run([str(program), "--list-full"], timeout_s=10).stdout.decode().split()
        changelog = Path("/usr/share/doc/busybox-static/changelog.Debian.gz")
        epoch = reproducible.newest_entry([changelog.read_bytes()] if changelog.exists() else [])
        progress(f"packing {len(applets)} applets of {program}")
        archive = io.BytesIO(busybox_archive(program.read_bytes(), applets, epoch))
        return self._import(archive, name, tag, ("sh",), epoch)

    def _distribution(
        self, distribution: str, suite: str, options: BootstrapOptions, progress: Progress
    ) -> Image:
        with tempfile.TemporaryDirectory(prefix="gorae-bootstrap-") as folder:
            raw = Path(folder) / "root.tar"
            progress(f"installing the packages of {distribution} {suite}")
            self._mmdebstrap(distribution, suite, options, raw)
            progress("writing the layer")
            with raw.open("rb") as source, tempfile.TemporaryFile(dir=folder) as out:
                sources = reproducible.sources_list(distribution, suite).encode()
                epoch = reproducible.rewrite(source, out, {reproducible.SOURCES_LIST: sources})
                out.seek(0)
                name = f"{distribution}:{suite}"
                return self._import(out, name, options.tag or name, ("bash",), epoch)

    def _mmdebstrap(
        self, distribution: str, suite: str, options: BootstrapOptions, out: Path
    ) -> None:
        argv = ["mmdebstrap", "--variant=minbase", "--format=tar"]
        try:
            keys = keyring.find(distribution, out.parent)
            argv.append(f"--keyring={keys}")
        except NotFound:
            if not options.allow_unsigned:
                raise
        if options.include:
            argv.append(f"--include={','.join(options.include)}")
        if options.allow_expired:
            argv.append('--aptopt=Acquire::Check-Valid-Until "false"')
        if options.allow_unsigned:
            argv += [
                '--aptopt=Acquire::AllowInsecureRepositories "true"',
                '--aptopt=APT::Get::AllowUnauthenticated "true"',
            ]
        argv += [suite, str(out), *([options.mirror] if options.mirror else [])]
        done = process.run(argv, timeout_s=TIMEOUT_S)
        if done.returncode:
            raise failure(f"{distribution}:{suite}", done.stderr.decode(errors="replace"))

    def _import(
        self, archive: IO[bytes], name: str, tag: str, cmd: tuple[str, ...], epoch: int
    ) -> Image:
        created_ns = epoch * SECOND_NS
        return self._archives.import_rootfs(
            archive,  # type: ignore[arg-type]
            reference=tag,
            created_ns=created_ns,
            config=RunConfig(env=(PATH,), cmd=cmd),
            history=History(
                created=rfc3339(created_ns), created_by=f"gorae image bootstrap {name}"
            ),
        )


def failure(name: str, words: str) -> Unavailable | NotFound:
    """What apt said, in one line, with the option that overrides it. Pure."""
    lowered = words.lower()
    if "is expired" in lowered or "expired since" in lowered or "invalid since" in lowered:
        return Unavailable(
            f'cannot bootstrap "{name}": the mirror\'s Release file has expired; '
            "give --allow-expired to use it all the same"
        )
    if "is not signed" in lowered or "no_pubkey" in lowered or "couldn't be verified" in lowered:
        return Unavailable(
            f'cannot bootstrap "{name}": the mirror\'s Release file is not signed by a known key; '
            "give --allow-unsigned to use it all the same"
        )
    if "does not have a release file" in lowered or "404" in lowered:
        return NotFound(f'cannot bootstrap "{name}": the mirror has no such suite')
    errors = [line for line in words.splitlines() if line.startswith(("E:", "Err:"))]
    last = (errors or words.strip().splitlines() or ["no reason given"])[-1]
    return Unavailable(f'cannot bootstrap "{name}": {last.removeprefix("E: ")}')


PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
GROUP = """root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
kmem:x:9:
wheel:x:10:root
cdrom:x:11:
dialout:x:18:
floppy:x:19:
video:x:28:
audio:x:29:
tape:x:32:
www-data:x:33:
operator:x:37:
utmp:x:43:
plugdev:x:46:
staff:x:50:
lock:x:54:
netdev:x:82:
users:x:100:
nogroup:x:65534:
"""
_TREE = {
    "bin": 0o755,
    "dev": 0o755,
    "etc": 0o755,
    "home": 0o755,
    "root": 0o700,
    "sbin": 0o755,
    "tmp": 0o1777,
    "usr": 0o755,
    "usr/bin": 0o755,
    "usr/sbin": 0o755,
    "var": 0o755,
    "var/spool": 0o755,
    "var/spool/mail": 0o755,
    "var/tmp": 0o1777,
    "var/www": 0o755,
}


def busybox_archive(program: bytes, applets: Iterable[str], epoch: int) -> bytes:
    """The tar of a root file system of one static busybox; the same input gives the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in sorted(_busybox_members(program, applets), key=lambda one: one[0].name):
            info.mtime = epoch
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _busybox_members(
    program: bytes, applets: Iterable[str]
) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for path, mode in _TREE.items():
        info = tarfile.TarInfo(path)
        info.type, info.mode = tarfile.DIRTYPE, mode
        yield info, b""
    files = {"bin/busybox": (program, 0o755), "etc/passwd": (PASSWD.encode(), 0o644)}
    files["etc/group"] = (GROUP.encode(), 0o644)
    for path, (data, mode) in files.items():
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(data), mode
        yield info, data
    for name in {Path(one).name for one in applets} - {"busybox"}:
        info = tarfile.TarInfo(f"bin/{name}")
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, "busybox", 0o777
        yield info, b""
