"""What was removed comes back, as it was; what was made to be thrown away does not."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.daemon import Goraed
from tests.oracle.twin import GORAE

pytestmark = pytest.mark.root
Docker = Callable[..., str]


def undo(house: Goraed, name: str = "", new: str = "") -> Any:
    query = "&".join(f"{k}={v}" for k, v in (("object", name), ("name", new)) if v)
    return house.ask("POST", f"/gorae/bin/undo?{query}")


def test_a_container_with_its_files_and_volumes(house: Goraed, docker: Docker) -> None:
    docker("run", "--name", "web", "-v", "/data", "bb", "sh", "-c", "echo a >/f; echo b >/data/g")
    docker("rm", "-v", "web")
    assert house.docker("inspect", "web").returncode == 1
    assert {one["Type"] for one in undo(house)} == {"container", "volume"}
    assert "A /f" in docker("diff", "web")
    docker("start", "-a", "web")
    docker("rm", "-v", "web")


def test_a_volume_under_a_new_name_when_the_old_one_is_taken(house: Goraed, docker: Docker) -> None:
    docker("run", "--rm", "-v", "data:/d", "bb", "sh", "-c", "echo first >/d/f")
    docker("volume", "rm", "data")
    docker("volume", "create", "data")
    status, message = house.request("POST", "/gorae/bin/undo?object=data")
    assert status == 409 and b"--name" in message
    undo(house, "data", "older")
    assert docker("run", "--rm", "-v", "older:/d", "bb", "cat", "/d/f") == "first"
    docker("volume", "rm", "data", "older")


def test_an_image_that_was_pruned(house: Goraed, docker: Docker) -> None:
    docker("create", "--name", "base", "bb", "true")
    docker("commit", "base", "pruned:1")
    docker("rm", "base")
    docker("tag", "bb", "kept:1")
    docker("create", "--name", "holder", "bb", "true")
    docker("image", "prune", "-a", "-f")
    assert house.docker("image", "inspect", "pruned:1").returncode == 1
    undo(house, "pruned:1")
    assert docker("run", "--rm", "pruned:1", "echo", "back") == "back"
    docker("rmi", "pruned:1")
    docker("rm", "holder")


def test_what_was_made_with_rm_is_gone(house: Goraed, docker: Docker) -> None:
    house.ask("DELETE", "/gorae/bin")
    docker("run", "--rm", "-v", "/d", "bb", "true")
    assert json.loads(house.get("/gorae/bin")) == []


def test_it_survives_the_daemon_and_the_check_is_clean(house: Goraed, docker: Docker) -> None:
    docker("run", "--name", "old", "-v", "olddata:/d", "bb", "sh", "-c", "echo x >/d/f")
    docker("rm", "old")
    docker("volume", "rm", "olddata")
    house.kill()
    house.start()
    assert house.ask("GET", "/gorae/system/check")["Findings"] == []
    undo(house, "olddata")
    undo(house, "old")
    docker("start", "-a", "old")
    docker("rm", "-v", "old")
    docker("volume", "rm", "olddata")


def test_emptied_the_space_is_free(house: Goraed, docker: Docker) -> None:
    docker("run", "--name", "big", "bb", "dd", "if=/dev/zero", "of=/f", "bs=1M", "count=20")
    docker("rm", "big")
    assert house.ask("DELETE", "/gorae/bin")["SpaceReclaimed"] >= 20 << 20
    assert json.loads(house.get("/gorae/bin")) == []
    assert house.ask("GET", "/gorae/system/check")["Findings"] == []
    assert not [one for one in os.listdir(house.data_root / "volumes") if one.startswith(".")]


def test_a_plan_and_the_prune_agree(house: Goraed, docker: Docker) -> None:
    docker("run", "--name", "p1", "-v", "/d", "bb", "sh", "-c", "echo 12345 >/f")
    plan = house.ask("GET", "/gorae/prune?kind=container")
    assert [one["Name"] for one in plan["Items"]] == ["p1"]
    assert plan["Items"][0]["Size"] == 6
    assert plan["Kept"] is True
    pruned = house.ask("POST", "/containers/prune")
    assert pruned["ContainersDeleted"] == [plan["Items"][0]["ID"]]
    assert pruned["SpaceReclaimed"] == 0
    plan = house.ask("GET", "/gorae/prune?kind=volume")
    assert [one["Reason"].split(",")[0] for one in plan["Items"]] == ["anonymous"]
    assert house.ask("POST", "/volumes/prune")["VolumesDeleted"] == [plan["Items"][0]["ID"]]


def test_networks_that_were_pruned(house: Goraed, docker: Docker) -> None:
    docker("network", "create", "--label", "keep=1", "--subnet", "10.77.0.0/24", "asked")
    docker("network", "create", "chosen")
    before = json.loads(docker("network", "inspect", "asked"))[0]
    plan = house.ask("GET", "/gorae/prune?kind=network")
    assert sorted(one["Name"] for one in plan["Items"]) == ["asked", "chosen"]
    assert plan["Kept"] is True
    docker("network", "prune", "-f")
    assert "asked" not in docker("network", "ls", "--format", "{{.Name}}")
    undo(house)
    after = json.loads(docker("network", "inspect", "asked"))[0]
    assert after == before
    docker("run", "--rm", "--network", "asked", "--ip", "10.77.0.9", "bb", "true")
    docker("network", "rm", "asked", "chosen")


def test_a_subnet_that_another_network_has_now(house: Goraed, docker: Docker) -> None:
    docker("network", "create", "--subnet", "10.78.0.0/24", "asked")
    docker("network", "create", "chosen")
    subnet = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "chosen")
    docker("network", "prune", "-f")
    docker("network", "create", "--subnet", "10.78.0.0/16", "taker")
    docker("network", "create", "--subnet", subnet, "other")
    status, message = house.request("POST", "/gorae/bin/undo?object=asked")
    assert status == 409 and b"another network has the subnet of asked" in message
    undo(house, "chosen")
    found = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "chosen")
    assert found != subnet
    docker("network", "rm", "taker", "other", "chosen")


def test_the_plan_of_the_build_cache(house: Goraed, docker: Docker, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN echo 1 >/f\n")
    docker("build", "-t", "planned:1", str(tmp_path))
    plan = house.ask("GET", "/gorae/prune?kind=build-cache&all=1")
    assert plan["Items"] and plan["Kept"] is False
    pruned = house.ask("POST", "/build/prune?all=1")
    assert sorted(pruned["CachesDeleted"]) == sorted(one["ID"] for one in plan["Items"])
    docker("rmi", "planned:1")


def test_the_check_leaves_alone_what_can_be_brought_back(house: Goraed, docker: Docker) -> None:
    docker("run", "--name", "old", "bb", "sh", "-c", "echo a >/f")
    key = docker("inspect", "-f", "{{.Id}}", "old")
    docker("rm", "old")
    os.utime(house.data_root / "containers" / key, (0, 0))
    with sqlite3.connect(house.data_root / "gorae.db") as db:
        db.execute("UPDATE snapshot SET created_ns = 0 WHERE key = ?", (key,))
    db.close()
    house.kill()
    house.start()
    assert house.ask("POST", "/gorae/system/check")["Findings"] == []
    undo(house, "old")
    assert "A /f" in docker("diff", "old")
    docker("rm", "old")


def test_what_is_not_there_does_not_keep_the_rest_from_coming_back(
    house: Goraed, docker: Docker
) -> None:
    docker("volume", "create", "one")
    docker("volume", "create", "two")
    docker("volume", "rm", "one", "two")
    line = [*GORAE, "system", "undo", "one", "nosuch", "two"]
    env = {**os.environ, "DOCKER_HOST": house.host}
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "volume one\nvolume two\n")
    assert '"nosuch" is not in the bin' in done.stderr
    docker("volume", "rm", "one", "two")


@pytest.mark.parametrize("kind", ["container", "image", "network"])
def test_a_plan_with_a_wrong_filter_is_an_error(house: Goraed, kind: str) -> None:
    line = [*GORAE, kind, "prune", "--plan", "--filter", "until=bad"]
    env = {**os.environ, "DOCKER_HOST": house.host}
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'failed to parse value as time or duration: "bad"' in done.stderr
