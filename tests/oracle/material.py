"""The images that both engines are given: one static busybox, the same bytes everywhere."""

import io
import os
import subprocess
import tarfile
from functools import cache
from pathlib import Path

from tests.oracle.scenario import Engine

EPOCH = 1_700_000_000


@cache
def busybox_root() -> bytes:
    """A root file system as a tar: /bin/busybox with its applets, /etc/passwd, /etc/group, /tmp."""
    program = next(p for p in (Path("/usr/bin/busybox"), Path("/bin/busybox")) if p.exists())
    applets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("root", 0o700)):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, mode, EPOCH
            tar.addfile(info)
        files = {
            "bin/busybox": (program.read_bytes(), 0o755),
            "etc/passwd": (
                b"root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n",
                0o644,
            ),
            "etc/group": (b"root:x:0:\ndaemon:x:1:\ntty:x:5:daemon\n", 0o644),
        }
        for name, (data, mode) in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), mode, EPOCH
            tar.addfile(info, io.BytesIO(data))
        for applet in sorted(set(applets.stdout.split()) - {"busybox"}):
            info = tarfile.TarInfo(f"bin/{applet}")
            info.type, info.linkname, info.mtime = tarfile.SYMTYPE, "busybox", EPOCH
            tar.addfile(info)
    return out.getvalue()


def load_images(engine: Engine, *more: str) -> None:
    """Import `bb` (with a command), `bbempty` (without one), and `more` names of the first."""
    wanted = [(name, ["-c", 'CMD ["sh"]']) for name in ("bb", *more)]
    for name, changes in (*wanted, ("bbempty", [])):
        if engine.docker(["image", "inspect", name]).returncode:
            _import(engine, name, changes)


def _import(engine: Engine, name: str, changes: list[str]) -> None:
    env = {**os.environ, "DOCKER_HOST": engine.host}
    subprocess.run(
        ["docker", "import", *changes, "-", name],
        input=busybox_root(),
        env=env,
        check=True,
        capture_output=True,
        timeout=60,
    )
