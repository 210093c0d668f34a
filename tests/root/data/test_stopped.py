"""Files of a stopped container are those that a start would show it, and come to belong to the same people."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.daemon import Goraed
from tests.oracle.twin import GORAE

pytestmark = pytest.mark.root
Docker = Callable[..., str]
CALLER = 4321


def as_caller(house: Goraed, *argv: str) -> None:
    """The real CLI as a user who may open the socket and is not root."""
    house.folder.chmod(0o711)
    house.socket.chmod(0o666)
    who = ["setpriv", f"--reuid={CALLER}", f"--regid={CALLER}", "--clear-groups"]
    env = {**os.environ, "DOCKER_CONFIG": "/nonexistent", "HOME": "/nonexistent"}
    line = [*who, "docker", "-H", house.host, *argv]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_what_is_copied_into_a_mapped_bind_is_the_callers(
    house: Goraed, docker: Docker, tmp_path: Path
) -> None:
    for part in (tmp_path, *tmp_path.parents):
        if part.owner() == "root" and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    given = tmp_path / "given"
    given.mkdir()
    os.chown(given, CALLER, CALLER)
    source = tmp_path / "source"
    source.write_text("x")
    as_caller(house, "create", "--name", "mapped", "-v", f"{given}:/d", "bb", "true")
    as_caller(house, "cp", str(source), "mapped:/d/f")
    info = (given / "f").stat()
    assert (info.st_uid, info.st_gid) == (CALLER, CALLER)
    docker("rm", "mapped")


def test_a_volume_that_another_is_about_to_use_stays_mounted(docker: Docker, folder: Path) -> None:
    options = ("-o", "type=none", "-o", "o=bind", "-o", f"device={folder}")
    docker("volume", "create", *options, "driven")
    docker("run", "-d", "--name", "long", "-v", "driven:/d", "bb", "sleep", "1000")
    docker("create", "--name", "still", "-v", "driven:/d", "bb", "true")
    docker("cp", "still:/d/kept", str(folder.parent / "out"))
    docker("run", "--rm", "-v", "driven:/d", "bb", "cat", "/d/kept")
    docker("exec", "long", "sh", "-c", "echo more >/d/more")
    assert (folder / "more").read_text() == "more\n"
    docker("rm", "-f", "long", "still")
    docker("volume", "rm", "driven")


def test_a_reader_who_has_gone_keeps_no_container_from_starting(
    house: Goraed, docker: Docker
) -> None:
    line = [*GORAE, "run", "-d", "--name", "lonely", "bb", "sleep", "1000"]
    reader, writer = os.pipe()
    os.close(reader)
    env = {**os.environ, "DOCKER_HOST": house.host}
    subprocess.run(line, env=env, stdout=writer, stderr=subprocess.DEVNULL, timeout=60)
    os.close(writer)
    assert docker("inspect", "-f", "{{.State.Running}}", "lonely") == "true"
    docker("rm", "-f", "lonely")
