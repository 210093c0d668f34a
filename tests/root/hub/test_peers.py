"""Real clients against a hub: docker's command line over our engine, docker-py, skopeo, podman; digests equal."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from tests.daemon import SRC, Goraed, goraed
from tests.hubserver import PASSWORD, Hub
from tests.oracle.material import busybox_root

PORT = 5071


class Street:
    """An engine and a hub in one network namespace."""

    def __init__(self, folder: Path, engine: Goraed) -> None:
        self.engine = engine
        self.folder = folder
        self.hub = Hub(folder, port=PORT)
        self.hub.user("anna", "bob")
        self.inside = ("nsenter", "-t", str(engine.netns), "-n")
        self.hub.start(prefix=self.inside)
        self.config = folder / "docker"
        self.config.mkdir()
        (self.config / "config.json").write_text("{}")

    def docker(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The real docker command line."""
        return self._run(["docker", *argv], stdin)

    def gorae(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Our own."""
        code = (
            f"import sys; sys.path.insert(0, {str(SRC)!r}); from gorae.cli.main import main; main()"
        )
        return self._run([sys.executable, "-IS", "-c", code, *argv], "")

    def tool(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Another client, in the namespace."""
        return self._run([*self.inside, *argv], "")

    def _run(self, argv: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "DOCKER_HOST": self.engine.host, "DOCKER_CONFIG": str(self.config)}
        return subprocess.run(
            argv, env=env, input=stdin, text=True, capture_output=True, timeout=120
        )

    def digest(self, name: str, tag: str) -> str:
        """What the hub says a tag is."""
        path = f"docker://{self.hub.address}/{name}:{tag}"
        done = self.tool("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", path)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    folder = Path(tempfile.mkdtemp(prefix="gorae-street-"))
    with goraed() as engine:
        engine.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        one = Street(folder, engine)
        try:
            yield one
        finally:
            one.hub.stop()
    shutil.rmtree(folder)


def test_docker(street: Street) -> None:
    """Refused without login; login; push; all gone here; pull without login; the same image, and it runs."""
    name = f"{street.hub.address}/anna/app"
    image = street.docker("image", "inspect", "-f", "{{.Id}}", "bb").stdout
    street.docker("tag", "bb", f"{name}:1")
    refused = street.docker("push", f"{name}:1")
    assert refused.returncode == 1 and "denied" in refused.stderr, refused.stderr
    wrong = street.docker(
        "login", "-u", "anna", "--password-stdin", street.hub.address, stdin="guess"
    )
    assert wrong.returncode == 1 and "incorrect username or password" in wrong.stderr
    login = street.docker(
        "login", "-u", "anna", "--password-stdin", street.hub.address, stdin=PASSWORD
    )
    assert login.returncode == 0, login.stderr
    kept = (street.config / "config.json").read_text()
    assert PASSWORD not in kept
    pushed = street.docker("push", f"{name}:1")
    assert pushed.returncode == 0, pushed.stderr
    digest = next(word for word in pushed.stdout.split() if word.startswith("sha256:"))
    assert street.digest("anna/app", "1") == digest
    other = street.docker("tag", "bb", f"{street.hub.address}/bob/app:1")
    other = street.docker("push", f"{street.hub.address}/bob/app:1")
    assert other.returncode == 1 and "denied" in other.stderr
    street.docker("logout", street.hub.address)
    street.docker("rmi", f"{name}:1", "bb", f"{street.hub.address}/bob/app:1")
    pulled = street.docker("pull", f"{name}:1")
    assert pulled.returncode == 0 and digest in pulled.stdout, pulled.stderr
    assert street.docker("image", "inspect", "-f", "{{.Id}}", f"{name}:1").stdout == image
    ran = street.docker("run", "--rm", f"{name}:1", "echo", "from the hub")
    assert ran.stdout == "from the hub\n", ran.stderr
    street.docker("tag", f"{name}:1", "bb")


@pytest.mark.parametrize("program", ["docker", "gorae"])
def test_search(street: Street, program: str) -> None:
    """What is public; what is not by its owner alone."""
    ask = street.docker if program == "docker" else street.gorae
    street.docker("login", "-u", "anna", "--password-stdin", street.hub.address, stdin=PASSWORD)
    for name in (f"anna/{program}-open", f"anna/{program}-hidden"):
        street.docker("tag", "bb", f"{street.hub.address}/{name}:1")
        assert street.docker("push", f"{street.hub.address}/{name}:1").returncode == 0
    street.hub.admin("repo set", f"anna/{program}-hidden", private=True)
    words = ("search", "--format", "{{.Name}}", f"{street.hub.address}/{program}")
    mine = ask(*words)
    assert mine.stdout.split() == [f"anna/{program}-hidden", f"anna/{program}-open"], mine.stderr
    street.docker("logout", street.hub.address)
    anybody = ask(*words)
    assert anybody.stdout.split() == [f"anna/{program}-open"], anybody.stderr


def test_docker_py(street: Street) -> None:
    client = docker.DockerClient(base_url=street.engine.host)
    name = f"{street.hub.address}/anna/py"
    client.images.get("bb").tag(name, tag="1")
    auth = {"username": "anna", "password": PASSWORD}
    lines = list(client.images.push(name, tag="1", auth_config=auth, stream=True, decode=True))
    aux = next(line["aux"] for line in lines if "aux" in line)
    assert aux["Digest"] == street.digest("anna/py", "1")
    client.images.remove(f"{name}:1")
    assert f"{name}@{aux['Digest']}" in client.images.pull(name, tag="1").attrs["RepoDigests"]
    client.close()


def test_skopeo(street: Street, tmp_path: Path) -> None:
    here, there = f"dir:{tmp_path}/one", f"docker://{street.hub.address}/anna/app:1"
    copied = street.tool("skopeo", "copy", "--src-tls-verify=false", there, here)
    assert copied.returncode == 0, copied.stderr
    to = f"docker://{street.hub.address}/bob/skopeo:1"
    creds = f"--dest-creds=bob:{PASSWORD}"
    pushed = street.tool("skopeo", "copy", "--dest-tls-verify=false", creds, here, to)
    assert pushed.returncode == 0, pushed.stderr
    assert street.digest("bob/skopeo", "1") == street.digest("anna/app", "1")
    listed = street.tool(
        "skopeo", "list-tags", "--tls-verify=false", f"docker://{street.hub.address}/bob/skopeo"
    )
    assert json.loads(listed.stdout)["Tags"] == ["1"]
    deleted = street.tool("skopeo", "delete", "--tls-verify=false", f"--creds=bob:{PASSWORD}", to)
    assert deleted.returncode == 0, deleted.stderr


def test_podman(street: Street) -> None:
    root = (
        "--root",
        str(street.folder / "root"),
        "--runroot",
        str(street.folder / "run"),  # podman takes at most 50 characters
        "--storage-driver",
        "vfs",
    )
    name = f"{street.hub.address}/anna/app:1"
    pulled = street.tool("podman", *root, "pull", "--tls-verify=false", name)
    assert pulled.returncode == 0, pulled.stderr
    to = f"docker://{street.hub.address}/bob/podman:1"
    pushed = street.tool(
        "podman", *root, "push", "--tls-verify=false", f"--creds=bob:{PASSWORD}", name, to
    )
    assert pushed.returncode == 0, pushed.stderr
    assert street.digest("bob/podman", "1")
    street.tool("podman", *root, "rmi", "-a", "-f")
