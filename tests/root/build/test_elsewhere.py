"""What a build reaches beyond its context: an agent, a registry, web and git servers; and the flags of a step's world."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import _wait
from tests.peers.docker_registry import docker_registry
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build

pytestmark = pytest.mark.root
PORT = 8098
OLD = 1_500_000_000


@contextlib.contextmanager
def web(builder: Builder, folder: Path) -> Iterator[str]:
    """A folder's files by HTTP, in the engine's network namespace."""
    server = subprocess.Popen(
        ["nsenter", "-t", str(builder.daemon.netns), "-n", sys.executable, "-m", "http.server",
         str(PORT), "--bind", "127.0.0.1", "--directory", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        probe = ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{PORT}")
        _wait(lambda: builder.daemon.inside(*probe).returncode == 0, "the web server listens")
        yield f"http://127.0.0.1:{PORT}"
    finally:
        server.kill()
        server.wait()


@contextlib.contextmanager
def agent(folder: Path) -> Iterator[tuple[str, str]]:
    """A real ssh-agent with one key: its socket, and the key's fingerprint."""
    folder.mkdir()
    key, path = folder / "key", folder / "agent"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of the test", "-f", str(key)],
        check=True,
    )
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(path.exists, "the agent listens")
        env = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", str(key)], env=env, check=True, capture_output=True)
        listed = subprocess.run(["ssh-add", "-l"], env=env, capture_output=True, text=True)
        yield str(path), listed.stdout.split()[1]
    finally:
        process.terminate()
        process.wait()


def _with_ssh_add(folder: Path) -> None:
    """The host's ssh-add and the libraries that it needs, at their own places."""
    program = shutil.which("ssh-add")
    assert program, "openssh-client is needed"
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for path in [program, *re.findall(r"(/\S+) \(0x", libraries)]:
        place = folder / "root" / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def test_the_ssh_relay(builder: Builder, tmp_path):
    """A step sees the caller's agent, and only where it asks for it; nothing of it stays."""
    text = """FROM bb
COPY root /
RUN --mount=type=ssh ssh-add -l > /listed; test -n "$SSH_AUTH_SOCK"
RUN --mount=type=ssh,id=second,target=/a/socket,mode=0666,required test -S /a/socket && SSH_AUTH_SOCK=/a/socket ssh-add -l > /second
RUN test -z "$SSH_AUTH_SOCK" && test ! -e /a/socket
"""
    top = context(tmp_path / "c", {"Dockerfile": text})
    _with_ssh_add(top)
    with agent(tmp_path / "one") as (one, first), agent(tmp_path / "two") as (two, second):
        status, words = build(
            builder, top, "-t", "relayed", "--no-cache",
            "--ssh", "default", "--ssh", f"second={two}", env={"SSH_AUTH_SOCK": one},
        )  # fmt: skip
        assert status == 0, words
        assert first in builder.run("relayed", "cat", "/listed")
        assert second in builder.run("relayed", "cat", "/second")
        status, words = build(
            builder, top, "--no-cache", "--ssh", "default", env={"SSH_AUTH_SOCK": one}
        )
        assert status == 1 and "second" in words
        key = tmp_path / "one" / "key"
        status, words = build(
            builder,
            top,
            "-t",
            "relayed",
            "--no-cache",
            "--ssh",
            f"default={key}",
            "--ssh",
            f"second={two}",
        )
        assert status == 0, words
        assert first in builder.run("relayed", "cat", "/listed")
    found = subprocess.run(
        ["find", str(builder.daemon.exec_root), "-type", "s", "-path", "*build*"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout == ""


def test_push(builder: Builder, tmp_path):
    """--push, and outputs that push: under the tags, or names of their own."""
    enter = ["nsenter", "-t", str(builder.daemon.netns), "-n"]
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo pushed > /p\n"})
    with docker_registry(tmp_path / "registry", enter=enter) as registry:
        one, two, three = (f"{registry.host}/{name}:1" for name in ("one", "two", "three"))
        status, words = build(builder, top, "-t", one, "--push")
        assert status == 0, words
        status, words = build(builder, top, "--output", f"type=image,name={two},push=true")
        assert status == 0, words
        status, words = build(builder, top, "--output", f"type=registry,name={three}")
        assert status == 0, words
        image = builder.inspect(one)["Id"]
        builder.daemon.docker("rmi", "-f", one, two, three)
        for name in (one, two, three):
            assert builder.daemon.docker("pull", "-q", name).returncode == 0
            assert builder.inspect(name)["Id"] == image
        status, words = build(builder, top, "--push")
        assert status == 1 and "tag is needed when pushing to registry" in words


def test_add_from_the_web(builder: Builder, tmp_path):
    data = b"from the web"
    files = tmp_path / "files"
    files.mkdir()
    (files / "f").write_bytes(data)
    os.utime(files / "f", (OLD, OLD))
    good = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with web(builder, files) as url:
        text = f"FROM bb\nADD --checksum={good} --chmod=640 --chown=3:4 {url}/f /d/\nADD {url}/f /plain\n"
        top = context(tmp_path / "c", {"Dockerfile": text})
        status, words = build(builder, top, "-t", "fetched")
        assert status == 0, words
        stat = builder.run("fetched", "busybox", "stat", "-c", "%a %u %g %Y", "/d/f", "/plain")
        assert stat.splitlines() == [f"640 3 4 {OLD}", f"600 0 0 {OLD}"]
        assert builder.run("fetched", "cat", "/d/f").encode() == data
        assert build(builder, top)[1].count("CACHED") >= 2
        (files / "f").write_bytes(b"changed there")
        status, words = build(builder, top)
        assert (
            status == 1
            and f"digest mismatch sha256:{hashlib.sha256(b'changed there').hexdigest()}: {good}"
            in words
        )
        wrong = context(tmp_path / "w", {"Dockerfile": f"FROM bb\nADD {url}/none /\n"})
        status, words = build(builder, wrong)
        assert status == 1 and "404" in words


def _repository(folder: Path) -> str:
    """A bare repository that a web server can give, with two commits; the first one's id."""
    work = context(folder / "work", {"sub/f": "old"})
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    first = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    (work / "sub/f").write_text("new")
    subprocess.run([*git, "commit", "-qam", "two"], check=True)
    bare = folder / "repo.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
    subprocess.run(["git", "-C", str(bare), "update-server-info"], check=True)
    return first.stdout.strip()


def test_add_from_git(builder: Builder, tmp_path):
    first = _repository(tmp_path / "git")
    with web(builder, tmp_path / "git") as url:
        text = f"""FROM bb
ADD {url}/repo.git#main /new
ADD --keep-git-dir {url}/repo.git#v1 /kept
ADD {url}/repo.git#v1:sub /sub
ADD --checksum={first} {url}/repo.git#v1 /checked
"""
        top = context(tmp_path / "c", {"Dockerfile": text})
        status, words = build(builder, top, "-t", "cloned")
        assert status == 0, words
        assert builder.run("cloned", "cat", "/new/sub/f", "/kept/sub/f", "/sub/f") == "newoldold"
        assert first in builder.run("cloned", "cat", "/kept/.git/HEAD")
        found = builder.run(
            "cloned", "busybox", "find", "/new", "/sub", "/checked", "-name", ".git"
        )
        assert found == ""
        text = f"FROM bb\nADD --checksum={'0' * 40} {url}/repo.git#v1 /x\n"
        status, words = build(builder, context(tmp_path / "w", {"Dockerfile": text}))
        assert status == 1 and "expected checksum to match" in words
        status, words = build(
            builder,
            context(tmp_path / "n", {"Dockerfile": f"FROM bb\nADD {url}/repo.git#nope /x\n"}),
        )
        assert status == 1 and "ERROR" in words


def test_named_contexts_from_elsewhere(builder: Builder, tmp_path):
    """A repository, a folder of one, an archive by HTTP."""
    _repository(tmp_path / "git")
    (tmp_path / "git" / "packed").mkdir()
    subprocess.run(
        [
            "tar",
            "-C",
            str(tmp_path / "git" / "work"),
            "-czf",
            str(tmp_path / "git" / "c.tar.gz"),
            "sub",
        ],
        check=True,
    )
    text = "FROM bb\nCOPY --from=repo sub/f /repo\nCOPY --from=part f /part\nCOPY --from=packed sub/f /packed\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    with web(builder, tmp_path / "git") as url:
        status, words = build(
            builder, top, "-t", "named", "--build-context", f"repo={url}/repo.git#main",
            "--build-context", f"part={url}/repo.git#v1:sub", "--build-context", f"packed={url}/c.tar.gz",
        )  # fmt: skip
        assert status == 0, words
    assert builder.run("named", "cat", "/repo", "/part", "/packed") == "newoldnew"


def test_the_world_of_a_step(builder: Builder, tmp_path):
    text = """FROM bb
RUN ulimit -n > /limit; ulimit -Hn >> /limit
RUN busybox df -k /dev/shm | busybox tail -1 | busybox awk '{print $2}' > /shm
RUN busybox grep one.example /etc/hosts > /hosts
RUN busybox ls /sys/class/net > /links
RUN --network=host busybox ls /sys/class/net > /hostlinks
"""
    top = context(tmp_path / "c", {"Dockerfile": text})
    status, words = build(
        builder, top, "-t", "world", "--ulimit", "nofile=321:654", "--shm-size", "5m",
        "--add-host", "one.example:10.9.8.7", "--network", "none", "--allow", "network.host",
    )  # fmt: skip
    assert status == 0, words
    assert builder.run("world", "cat", "/limit", "/shm").split() == ["321", "654", "5120"]
    assert builder.run("world", "cat", "/hosts").split() == ["10.9.8.7", "one.example"]
    assert builder.run("world", "cat", "/links").split() == ["lo"]
    assert "eth0" in builder.run("world", "cat", "/hostlinks").split()
    status, words = build(builder, top, "--network", "none")
    assert status == 1 and "network.host" in words


def test_platforms(builder: Builder, tmp_path):
    text = "FROM scratch\nARG TARGETPLATFORM TARGETVARIANT\nLABEL p=$TARGETPLATFORM v=$TARGETVARIANT\nCOPY a /a\n"
    top = context(tmp_path / "c", {"Dockerfile": text, "a": "a"})
    assert build(builder, top, "-t", "arm", "--platform", "linux/arm/v7")[0] == 0
    found = builder.inspect("arm")
    assert (found["Os"], found["Architecture"], found["Variant"]) == ("linux", "arm", "v7")
    assert found["Config"]["Labels"] == {"p": "linux/arm/v7", "v": "v7"}
    status, words = build(builder, top, "--platform", "linux/amd64,linux/arm64")
    assert status == 1 and "one platform at a time" in words
    text = "FROM --platform=linux/arm64 127.0.0.1:9/bb\nCOPY a /a\n"
    builder.daemon.docker("tag", "bb", "127.0.0.1:9/bb")
    status, words = build(builder, context(tmp_path / "w", {"Dockerfile": text, "a": "a"}))
    assert status == 1 and "failed to resolve source metadata" in words
