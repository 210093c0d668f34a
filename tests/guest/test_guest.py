"""The checks of `inside.py`, in a machine that qemu boots: another kernel, cgroup v2, systemd, all capabilities."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
HERE = Path(__file__).parent
CACHE = Path(os.environ.get("GORAE_GUEST_CACHE", "/var/cache/gorae-guest"))
ACCELERATION = os.environ.get("GORAE_GUEST_ACCEL", "tcg,thread=multi")
"""kvm is ten times as fast where it works; inside another virtual machine qemu may abort instead of falling back."""
PATIENCE_S = 1500
NAMES = re.findall(r"^@check\ndef (\w+)", (HERE / "inside.py").read_text(), re.MULTILINE)

pytestmark = [
    pytest.mark.root,
    pytest.mark.timeout(PATIENCE_S + 600),
    pytest.mark.skipif(
        shutil.which("qemu-system-x86_64") is None or platform.machine() != "x86_64",
        reason="needs qemu-system-x86_64",
    ),
]


def image() -> Path:
    """The folder with the machine's disk and kernel; made once for each way of making it."""
    parts = [HERE / "image.sh", HERE / "gorae-guest.service", Path("/etc/os-release")]
    setup = re.findall(r'^run="[^"]*"', (TOP / "packaging/setup.sh").read_text(), re.MULTILINE)
    text = b"".join(one.read_bytes() for one in parts) + "".join(setup).encode()
    key = hashlib.sha256(text).hexdigest()[:16]
    folder = CACHE / key
    if not (folder / "disk").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        made = subprocess.run(
            [HERE / "image.sh", folder], capture_output=True, text=True, timeout=600
        )
        assert made.returncode == 0, made.stderr[-3000:]
    return folder


def pack(work: Path) -> Path:
    """The second disk: what `make install` puts in place (copied and compiled here, where that is quick), and the checks."""
    root = work / "root"
    argv = ["make", "-s", "install", f"DESTDIR={root}", "PREFIX=/usr/local"]
    made = subprocess.run(argv, cwd=TOP, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr
    place = root / "opt/gorae"
    place.mkdir(parents=True)
    for one in (HERE / "inside.py", TOP / "packaging/uninstall.sh"):
        shutil.copy2(one, place)
    path = work / "disk.tar"
    with tarfile.open(path, "w") as tar:
        tar.add(root, ".")
    return path


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Check -> what the guest said of it, after `ok` or `failed`."""
    work = tmp_path_factory.mktemp("guest")
    second = pack(work)
    folder = image()
    console, results = work / "console", work / "results"
    argv = [
        "qemu-system-x86_64",
        "-accel",
        ACCELERATION,
        "-cpu",
        "max",
        "-smp",
        "2",
        "-m",
        "1536",
    ]
    argv += ["-display", "none", "-nic", "none", "-no-reboot", "-kernel", str(folder / "vmlinuz")]
    argv += ["-initrd", str(folder / "initrd"), "-append", "root=/dev/vda rw console=ttyS0 quiet"]
    argv += ["-drive", f"file={folder / 'disk'},if=virtio,format=raw,snapshot=on"]
    argv += ["-drive", f"file={second},if=virtio,format=raw,readonly=on"]
    argv += ["-serial", f"file:{console}", "-serial", f"file:{results}"]
    try:
        subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=True)
    except subprocess.TimeoutExpired:
        pytest.fail("the guest does not end: " + console.read_text(errors="replace")[-3000:])
    lines = results.read_text(errors="replace").splitlines()
    assert "end" in lines, console.read_text(errors="replace")[-3000:] + "\n".join(lines)
    words = [line.split(maxsplit=1) for line in lines if line.startswith(("ok ", "failed "))]
    return {re.split(r"[: ]", rest)[0]: f"{word} {rest}" for word, rest in words}


@pytest.mark.parametrize("name", NAMES)
def test_in_the_guest(name: str, said: dict[str, str]) -> None:
    assert said.get(name, "was never run").startswith("ok "), said.get(name)
