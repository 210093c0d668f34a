"""`system check` finds each kind of damage, says it in one line, and repairs it."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon.client import fetch, findings, run, run_web, wait_for
from tests.root.daemon.conftest import import_image

pytestmark = pytest.mark.root

PORT = 8066
NOBODY = "ab" * 32
CLEAN = (0, ["no problem found"])
GORAE = str(Path(sys.executable).with_name("gorae"))


@pytest.fixture(scope="module")
def house(root_archive: bytes) -> Iterator[Goraed]:
    """A daemon with a running web server, a volume in use and nothing wrong."""
    with goraed() as one:
        import_image(one, root_archive)
        run_web(one, "web", PORT)
        one.ask("POST", "/volumes/create", {"Name": "kept"})
        assert findings(one) == []
        yield one


def in_mounts(house: Goraed, *argv: str) -> None:
    """A program in the daemon's mount namespace."""
    pin = house.exec_root / "mntns" / "pin"
    enter = ["nsenter", f"--mount={pin}"] if pin.exists() else []
    subprocess.run([*enter, *argv], check=True)


def blob_of_layer(house: Goraed) -> Path:
    """The file of the largest blob: the layer's."""
    blobs = (house.data_root / "content" / "blobs").rglob("*")
    return max((one for one in blobs if one.is_file()), key=lambda one: one.stat().st_size)


def flip_a_byte(house: Goraed) -> str:
    path = blob_of_layer(house)
    with path.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes((byte[0] ^ 1,)))
    return f"blob sha256:{path.name}: its bytes are not what its name says"


def lose_a_blob(house: Goraed) -> str:
    path = blob_of_layer(house)
    path.unlink()
    return f"blob sha256:{path.name}: is recorded, but its file is gone"


def shorten_a_blob(house: Goraed) -> str:
    path = blob_of_layer(house)
    size = path.stat().st_size
    os.truncate(path, size - 1)
    return f"blob sha256:{path.name}: wanted {size} bytes, found {size - 1}"


def stray_blob(house: Goraed) -> str:
    path = house.data_root / "content" / "blobs" / "sha256" / "ab" / NOBODY
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"stray")
    return f"blob sha256:{NOBODY}: is a file without a row"


def stale_ingest(house: Goraed) -> str:
    (house.data_root / "content" / "ingest" / "0123456789abcdef").write_bytes(b"half")
    return "ingest 0123456789abcdef: nobody writes it any more"


def stray_snapshot(house: Goraed) -> str:
    (house.data_root / "snapshots" / "4711" / "fs").mkdir(parents=True)
    return "snapshot 4711: is a directory without a row"


def lose_a_layer(house: Goraed) -> str:
    """Of an image of its own, on which nothing runs."""
    archive = subprocess.check_output(["tar", "-C", "/", "-c", "etc/hostname", "etc/passwd"])
    import_image(house, archive, "small")
    with sqlite3.connect(f"file:{house.data_root}/gorae.db?mode=ro", uri=True) as db:
        key, number = db.execute(
            "SELECT s.key, s.number FROM snapshot s JOIN image i ON i.chain_id = s.key "
            "JOIN image_name n ON n.image_id = i.id WHERE n.name LIKE '%small%'"
        ).fetchone()
    shutil.rmtree(house.data_root / "snapshots" / str(number))
    return f"snapshot {key}: is recorded, but its directory is gone"


def stray_directory(house: Goraed) -> str:
    path = house.data_root / "containers" / NOBODY
    path.mkdir()
    os.utime(path, (1, 1))
    return f"container {NOBODY}: is a directory without a row"


def half_removed_volume(house: Goraed) -> str:
    (house.data_root / "volumes" / ".removed-0123" / "_data").mkdir(parents=True)
    return "volume .removed-0123: its removal was cut off"


def lose_a_volume(house: Goraed) -> str:
    shutil.rmtree(house.data_root / "volumes" / "kept")
    return "volume kept: its directory is gone"


def stray_mount(house: Goraed) -> str:
    target = house.exec_root / "rootfs" / NOBODY
    target.mkdir()
    in_mounts(house, "mount", "-t", "tmpfs", "none", str(target))
    return f"mount {NOBODY}: is mounted, but nothing runs on it"


def stray_bundle(house: Goraed) -> str:
    (house.exec_root / "bundle" / NOBODY).mkdir()
    return f'bundle {NOBODY}: bundle "{NOBODY}" of container "{NOBODY}" belongs to no container'


def stray_cgroup(house: Goraed) -> str:
    name = f"/gorae-{hashlib.sha256(str(house.exec_root).encode()).hexdigest()[:8]}/{NOBODY}"
    root = Path("/sys/fs/cgroup")
    trees = [root / one for one in ("memory", "pids", "cpu") if (root / one).is_dir()] or [root]
    for one in trees:
        Path(f"{one}{name}").mkdir()
    joins = "".join(f"echo $$ >{one}{name}/cgroup.procs; " for one in trees)
    join = f"{joins}exec sleep 1000"
    subprocess.run(["setsid", "-f", "sh", "-c", join], check=True)
    wait_for(Path(f"{trees[0]}{name}/cgroup.procs").read_text, "a process is in it")
    return f'cgroup {name}: cgroup "{name}" of container "{NOBODY}" belongs to no container'


def stray_namespace(house: Goraed) -> str:
    path = house.exec_root / "netns" / "deadbeef"
    path.touch()
    in_mounts(house, "unshare", "-n", "mount", "--bind", "/proc/self/ns/net", str(path))
    return "network namespace deadbeef: belongs to no container"


def stray_link(house: Goraed) -> str:
    house.inside("ip", "link", "add", "goraevstray", "type", "veth", "peer", "name", "stray1")
    return "link goraevstray: belongs to no container"


def stray_port(house: Goraed) -> None:
    house.inside(
        "nft", "add", "element", "inet", "gorae", "any4", "{ tcp . 7777 : 172.17.0.99 . 80 }"
    )


def lose_a_port(house: Goraed) -> None:
    house.inside("nft", "delete", "element", "inet", "gorae", "any4", f"{{ tcp . {PORT} }}")


def lose_the_table(house: Goraed) -> None:
    house.inside("nft", "delete", "table", "inet", "gorae")


def lose_the_bridge(house: Goraed) -> str:
    house.inside("ip", "link", "delete", "gorae0")
    return 'bridge gorae0: of network "bridge" is gone'


DAMAGES: list[Callable[[Goraed], str]] = [
    stray_blob,
    stale_ingest,
    stray_snapshot,
    lose_a_layer,
    stray_directory,
    half_removed_volume,
    lose_a_volume,
    stray_mount,
    stray_bundle,
    stray_cgroup,
    stray_namespace,
    stray_link,
    lose_the_bridge,
]


def check(house: Goraed, *flags: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [GORAE, "-H", house.host, "system", "check", *flags], capture_output=True, text=True
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_found_said_and_repaired(house: Goraed, damage: Callable[[Goraed], str]) -> None:
    sentence = damage(house)
    status, lines = check(house)
    assert (status, len(lines)) == (1, 1), lines
    assert lines[0].startswith(sentence)
    status, lines = check(house, "--repair")
    assert status == 0, lines
    assert len(lines) == 1
    assert lines[0].startswith(sentence) and lines[0].endswith(" (repaired)")
    assert check(house) == CLEAN
    wait_for(lambda: fetch(house, PORT) == b"page\n", "the web server answers")


@pytest.mark.parametrize("damage", [stray_port, lose_a_port, lose_the_table])
def test_rules_come_back_by_themselves_or_by_repair(
    house: Goraed, damage: Callable[[Goraed], None]
) -> None:
    """The daemon watches the host's rules; check finds what it has not put right already."""
    damage(house)
    _, lines = check(house, "--repair")
    assert all(one.startswith(("rules nftables: ", "no problem found")) for one in lines)
    wait_for(lambda: fetch(house, PORT) == b"page\n", "the web server answers")
    wait_for(lambda: check(house) == CLEAN, "the rules are whole")
    assert b"7777" not in house.inside("nft", "list", "table", "inet", "gorae").stdout


@pytest.mark.parametrize("damage", [flip_a_byte, lose_a_blob, shorten_a_blob])
def test_a_broken_layer_is_given_up_until_it_comes_again(
    house: Goraed, damage: Callable[[Goraed], str]
) -> None:
    archive = house.request("GET", "/images/bb/get")[1]
    sentence = damage(house)
    _, lines = check(house)
    assert lines == [sentence]
    _, lines = check(house, "--repair")
    assert any(one == f"{sentence} (repaired)" for one in lines)
    said = "it runs, but to save or push it pull or load it again"
    assert any(said in one for one in lines)
    assert house.docker("run", "--rm", "bb", "echo", "fine").stdout == "fine\n"
    assert house.docker("save", "bb").returncode == 1
    status, _ = house.request("POST", "/images/load", archive)
    assert status == 200
    assert check(house) == CLEAN


def test_an_image_without_its_config_is_forgotten(house: Goraed) -> None:
    archive = subprocess.check_output(["tar", "-C", "/", "-c", "etc/hostname"])
    import_image(house, archive, "lost")
    image = house.ask("GET", "/images/lost/json")["Id"].removeprefix("sha256:")
    (house.data_root / "content" / "blobs" / "sha256" / image[:2] / image).unlink()
    _, lines = check(house, "--repair")
    assert len(lines) == 2 and all(one.endswith("(repaired)") for one in lines), lines
    assert check(house) == CLEAN
    assert house.request("GET", "/images/lost/json")[0] == 404


@pytest.fixture
def cached(house: Goraed, root_archive: bytes) -> Iterator[Path]:
    """A step in the build cache, and the folder of a cache mount."""
    text = b"FROM bb\nRUN --mount=type=cache,id=of-check,target=/c echo kept > /c/f\nRUN echo made > /made\n"
    done = subprocess.run(
        [GORAE, "-H", house.host, "build", "-o", "type=cacheonly", "-"],
        input=text,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    folder = house.data_root / "build" / "cache"
    assert len(list(folder.iterdir())) == 1
    yield folder
    house.docker("builder", "prune", "-af")


def test_folders_of_cache_mounts(house: Goraed, cached: Path) -> None:
    (only,) = cached.iterdir()
    stray = cached / "0123456789abcdef"
    stray.mkdir()
    (stray / "f").write_text("of a build that was cut off")
    only.rename(house.data_root / "moved")
    wanted = {
        "build cache 0123456789abcdef: is a cache mount's folder without a row",
        "build cache of-check: its folder is gone: a build that wants it begins with an empty one",
    }
    assert set(check(house)[1]) >= wanted
    lines = check(house, "--repair")[1]
    assert {f"{one} (repaired)" for one in wanted} <= set(lines), lines
    assert check(house) == CLEAN
    assert not stray.exists()
    shutil.rmtree(house.data_root / "moved")


def test_a_step_whose_layer_is_gone(house: Goraed, cached: Path) -> None:
    """The row of a snapshot lost behind the daemon's back."""
    with contextlib.closing(sqlite3.connect(house.data_root / "gorae.db")) as db, db:
        (key,) = db.execute(
            "SELECT snapshot FROM build_cache WHERE snapshot NOT IN (SELECT parent FROM snapshot"
            " WHERE parent IS NOT NULL)"
        ).fetchone()
        db.execute("DELETE FROM snapshot WHERE key = ?", (key,))
    found = [one for one in check(house)[1] if "has lost its layer" in one]
    assert len(found) == 1 and "RUN echo made" in found[0], found
    check(house, "--repair")
    assert check(house) == CLEAN


def test_nothing_that_is_in_use_is_found(house: Goraed) -> None:
    """While containers come and go, check finds nothing, and repair takes nothing away."""
    workers = [
        subprocess.Popen(
            ["docker", "run", "--rm", "-v", "/v", "-p", "80", "bb", "sh", "-c", "echo ok"],
            env={**os.environ, "DOCKER_HOST": house.host},
            stdout=subprocess.PIPE,
        )
        for _ in range(8)
    ]
    seen = []
    while any(one.poll() is None for one in workers):
        seen += house.ask("POST", "/gorae/system/check?repair=1")["Findings"]
    assert [one.communicate()[0] for one in workers] == [b"ok\n"] * 8
    assert seen == [], json.dumps(seen)
    run(house, "after", "true")
    house.ask("DELETE", "/containers/after?force=1")
