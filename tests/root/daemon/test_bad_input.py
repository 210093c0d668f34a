"""Bad input gets one clear line and docker's exit status, and loses nothing."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon import archives
from tests.root.daemon.archives import member, tar
from tests.root.daemon.client import create, findings, run, state_of
from tests.root.daemon.conftest import import_image

pytestmark = pytest.mark.root

PORT = 8077
GORAE = str(Path(sys.executable).with_name("gorae"))


@pytest.fixture(scope="module")
def house(root_archive: bytes) -> Iterator[Goraed]:
    """One daemon for all of them."""
    with goraed() as one:
        import_image(one, root_archive)
        yield one


@pytest.fixture(params=["docker", "gorae"])
def cli(request: pytest.FixtureRequest, house: Goraed) -> "Cli":
    """Each of the two programs in turn; no container is left of the test before."""
    house.remove_containers()
    return Cli(house, request.param)


class Cli:
    """One of the two programs at the daemon."""

    def __init__(self, house: Goraed, name: str) -> None:
        self.house = house
        self._program = "docker" if name == "docker" else GORAE

    def __call__(
        self, *argv: str, stdin: bytes = b"", timeout_s: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        env = {**os.environ, "DOCKER_HOST": self.house.host, "DOCKER_CLI_HINTS": "false"}
        env.pop("GORAE_HOST", None)
        return subprocess.run(
            [self._program, *argv], env=env, input=stdin, capture_output=True, timeout=timeout_s
        )

    def fails(self, status: int, words: str, *argv: str, stdin: bytes = b"") -> str:
        """Exit status and one line with these words; a hint at the help may follow."""
        done = self(*argv, stdin=stdin)
        said = done.stderr.decode()
        assert done.returncode == status, said
        lines = [
            one for one in said.splitlines() if one and "--help" not in one and "Usage:" not in one
        ]
        assert len(lines) == 1, said
        assert words in lines[0], said
        assert "Traceback" not in said and "internal error" not in said
        return lines[0]


# containers ------------------------------------------------------------------------------------------


def test_an_unknown_image(cli: Cli) -> None:
    cli.fails(125, "No such image: nosuch:latest", "run", "--pull", "never", "nosuch")
    cli.fails(1, "No such image: nosuch:latest", "rmi", "nosuch")


@pytest.mark.parametrize("command", ["start", "stop", "kill", "rm", "logs", "exec", "inspect"])
def test_an_unknown_container(cli: Cli, command: str) -> None:
    more = ("true",) if command == "exec" else ()
    said = cli(command, "nosuch", *more)
    assert said.returncode == 1
    line = [one for one in said.stderr.decode().splitlines() if one]
    assert any("nosuch" in one and "o such" in one for one in line), line


def test_a_name_that_is_taken(cli: Cli) -> None:
    first = create(cli.house, "taken", "true")
    words = f'The container name "/taken" is already in use by container "{first}"'
    cli.fails(125, words, "run", "--name", "taken", "bb", "true")
    assert [one["Id"] for one in cli.house.containers()] == [first]


def test_a_port_that_is_taken_leaves_it_created_and_gives_all_back(cli: Cli) -> None:
    house = cli.house
    house.docker("network", "rm", "narrow")
    made = house.docker("network", "create", "--subnet", "10.97.0.0/29", "narrow")
    assert made.returncode == 0, made.stderr
    with _listener(house):
        for _ in range(7):  # the network has five addresses
            argv = ("run", "-d", "--network", "narrow", "-p", f"{PORT}:80", "--name", "wanting")
            house.docker("rm", "-f", "wanting")
            cli.fails(125, "address already in use", *argv, "bb", "sleep", "100")
            assert state_of(house, "wanting")["Status"] == "created"
    assert cli("start", "wanting").returncode == 0  # port and address are free
    assert state_of(house, "wanting")["Running"]
    house.remove_containers()
    assert house.docker("network", "rm", "narrow").returncode == 0
    assert findings(house) == []


def _listener(house: Goraed) -> "subprocess.Popen[bytes]":
    code = f"import socket,time; s=socket.create_server(('0.0.0.0',{PORT})); print(1,flush=True); time.sleep(99)"
    argv = ["nsenter", "-t", str(house.netns), "-n", sys.executable, "-IS", "-c", code]
    holder = _Killed(argv, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


class _Killed(subprocess.Popen):  # type: ignore[type-arg]
    def __exit__(self, *error: object) -> None:
        self.kill()
        super().__exit__(*error)  # type: ignore[arg-type]


def test_programs_that_cannot_be_run(cli: Cli) -> None:
    words = 'exec: "nosuch": executable file not found in $PATH'
    cli.fails(127, words, "run", "--rm", "bb", "nosuch")
    cli.fails(127, "no such file or directory", "run", "--rm", "bb", "/no/such")
    cli.fails(126, "permission denied", "run", "--rm", "bb", "/etc/passwd")
    cli.fails(126, "is a directory", "run", "--rm", "bb", "/etc")
    assert cli.house.containers() == []


def test_a_bad_flag(cli: Cli) -> None:
    cli.fails(125, "unknown flag: --nosuch", "run", "--nosuch", "bb")
    cli.fails(125, "invalid", "run", "-m", "much", "bb", "true")
    cli.fails(125, "invalid", "run", "-p", "eighty:80", "bb", "true")
    assert cli.house.containers() == []


# archives -------------------------------------------------------------------------------------------

BIG = archives.files({"a": b"x" * 100_000, "b": archives.noise(100_000)})
BROKEN = {
    "truncated in a member": (BIG[:150_000], "unexpected EOF"),
    "truncated in a header": (BIG[:100] + b"", "unexpected EOF"),
    "truncated gzip": (gzip.compress(BIG)[:-40_000], "truncated gzip stream"),
    "a flipped byte in gzip": (
        bytes(b ^ 0xFF if n == 60_000 else b for n, b in enumerate(gzip.compress(BIG))),
        "gzip",
    ),
    "a wrong checksum": (BIG[:148] + b"0000000\0" + BIG[156:], "invalid tar header"),
    "no archive at all": (b"this is no archive" * 100, "invalid tar header"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_corrupt_archive(cli: Cli, what: str) -> None:
    data, words = BROKEN[what]
    with NothingIsLeft(cli.house):
        cli.fails(1, words, "import", "-", "broken:1", stdin=data)
        cli.fails(1, words, "load", stdin=data)


def test_a_corrupt_layer_in_an_image(cli: Cli) -> None:
    with NothingIsLeft(cli.house):
        cli.fails(1, "unexpected EOF", "load", stdin=archives.image(BIG[:150_000]))


OUTSIDE = "/tmp/gorae-outside-of-the-root"
LEADING_OUT = {
    "dots": tar((member("../evil"), b"x")),
    "dots in the middle": tar((member("a/../../evil"), b"x")),
    "a hard link out": tar(
        (member("evil", type=tarfile.LNKTYPE, linkname="../../../etc/passwd"), b"")
    ),
    "a hard link to nothing": tar(
        (member("evil", type=tarfile.LNKTYPE, linkname="etc/shadow"), b"")
    ),
}


@pytest.mark.parametrize("what", LEADING_OUT)
def test_members_that_lead_out_are_refused(cli: Cli, what: str) -> None:
    data = LEADING_OUT[what]
    words = "no such file or directory" if "nothing" in what else "invalid"
    with NothingIsLeft(cli.house):
        cli.fails(1, words, "import", "-", "evil:1", stdin=data)
        cli.fails(1, words, "load", stdin=archives.image(data))


def test_absolute_names_and_links_stay_inside(cli: Cli) -> None:
    """What is written through a link to the host's /tmp lands in the image's."""
    data = tar(
        (member("/absolute"), b"a"),
        (member("etc", type=tarfile.DIRTYPE, mode=0o755), b""),
        (member("way", type=tarfile.SYMTYPE, linkname=OUTSIDE), b""),
        (member("up", type=tarfile.SYMTYPE, linkname="../../../../../../.." + OUTSIDE), b""),
        (member("way/one"), b"1"),
        (member("up/two"), b"2"),
    )
    assert cli("import", "-", "inside:1", stdin=data).returncode == 0
    assert not Path(OUTSIDE).exists()
    made = cli("create", "inside:1", "x").stdout.decode().strip()
    exported = cli("export", made).stdout
    for name in ("absolute", OUTSIDE.strip("/") + "/one", OUTSIDE.strip("/") + "/two"):
        assert name.encode() in exported
    cli("rm", made)
    assert cli("rmi", "inside:1").returncode == 0


def test_an_image_archive_whose_links_lead_out(cli: Cli) -> None:
    manifest = [{"Config": "config.json", "RepoTags": ["evil:1"], "Layers": ["layer.tar"]}]
    data = tar(
        (member("config.json", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        (member("layer.tar", type=tarfile.SYMTYPE, linkname="../../../etc/passwd"), b""),
        (member("manifest.json"), json.dumps(manifest).encode()),
    )
    with NothingIsLeft(cli.house):
        cli.fails(1, "leads out of it", "load", stdin=data)


def test_a_digest_that_does_not_match(cli: Cli) -> None:
    wrong = hashlib.sha256(b"something else").hexdigest()
    layout = archives.files(
        {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', f"blobs/sha256/{wrong}": b"these bytes"}
    )
    with NothingIsLeft(cli.house):
        cli.fails(1, "its bytes have the digest", "load", stdin=layout)
        said = cli.fails(1, "diff id", "load", stdin=archives.image(BIG, diff_id=f"sha256:{wrong}"))
        assert wrong in said


class NothingIsLeft:
    """Blobs, snapshots, ingests and images are the same after the block."""

    def __init__(self, house: Goraed) -> None:
        self._house = house

    def _state(self) -> tuple[object, ...]:
        root = self._house.data_root
        blobs = sorted(one.name for one in (root / "content").rglob("*") if one.is_file())
        snapshots = sorted(os.listdir(root / "snapshots"))
        return blobs, snapshots, self._house.ask("GET", "/images/json")

    def __enter__(self) -> None:
        self._before = self._state()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            assert self._state() == self._before
            assert findings(self._house) == []


# a full disk ----------------------------------------------------------------------------------------


@pytest.fixture
def narrow(root_archive: bytes) -> Iterator[Goraed]:
    """A daemon whose data root has room for little more than one image."""
    one = Goraed(Path(subprocess.check_output(["mktemp", "-d"]).decode().strip()))
    one.data_root.mkdir()
    _mount(one, "size=20m")
    try:
        one.start()
        import_image(one, root_archive)
        yield one
    finally:
        one.close()
        subprocess.run(["umount", "-l", str(one.data_root)], capture_output=True)
        os.rmdir(one.data_root) if one.data_root.exists() else None


def _mount(one: Goraed, options: str) -> None:
    argv = ["mount", "-t", "tmpfs", "-o", options, "none", str(one.data_root)]
    subprocess.run(argv, check=True)


def _used(house: Goraed) -> int:
    info = os.statvfs(house.data_root)
    return (info.f_blocks - info.f_bavail) * info.f_frsize


FULL = "no space left on device"


@pytest.mark.parametrize("size", [8 << 20, 30 << 20], ids=["unpacking fails", "storing fails"])
@pytest.mark.parametrize("way", ["import", "load"])
def test_a_full_disk_keeps_nothing_and_a_retry_works(narrow: Goraed, way: str, size: int) -> None:
    cli = Cli(narrow, "gorae")
    layer = archives.files({"big": archives.noise(size)})
    data = layer if way == "import" else archives.image(layer)
    argv = ("import", "-", "big:1") if way == "import" else ("load",)
    before = _used(narrow)
    with NothingIsLeft(narrow):
        for _ in range(2):
            cli.fails(1, FULL, *argv, stdin=data)
    assert _used(narrow) < before + (1 << 20)
    assert cli("run", "--rm", "bb", "echo", "fine").stdout == b"fine\n"
    subprocess.run(["mount", "-o", "remount,size=100m", str(narrow.data_root)], check=True)
    done = cli(*argv, stdin=data)
    assert done.returncode == 0, done.stderr
    assert findings(narrow) == []


def test_on_a_full_disk_containers_stop_and_go(narrow: Goraed) -> None:
    """What frees space works when there is none; what takes some says so in one line."""
    cli = Cli(narrow, "gorae")
    running = run(narrow, "running", "sleep", "1000")
    hog = narrow.data_root / "hog"
    with hog.open("wb") as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(1 << 16))
            file.flush()
    cli.fails(1, FULL, "import", "-", "big:1", stdin=archives.files({"a": archives.noise(1 << 20)}))
    assert cli("ps", "-q").stdout.decode().strip() == running[:12]
    assert cli("stop", "-t", "0", "running").returncode == 0
    assert state_of(narrow, "running")["ExitCode"] == 137
    done = cli("rm", "running")
    assert done.returncode == 0, done.stderr
    assert narrow.containers() == []
    hog.unlink()
    assert cli("run", "--rm", "bb", "echo", "fine").stdout == b"fine\n"
    assert findings(narrow) == []
