"""Caches that travel: written by one engine, read by another whose store is empty."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.daemon import goraed
from tests.oracle.material import busybox_root
from tests.peers.docker_registry import PASSWORD, USER, DockerRegistry, docker_registry
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build, gorae

pytestmark = pytest.mark.root
TEXT = """FROM bb AS made
RUN echo made > /made
COPY a /a
RUN cat /a /made > /both
FROM bb
WORKDIR /w
ENV X=1
COPY --from=made /both /w/both
COPY --link a /w/linked
RUN cat /w/both > /w/end && echo $X >> /w/end
CMD ["cat", "/w/end"]
"""


@pytest.fixture(scope="module")
def other() -> Iterator[Builder]:
    """Another engine with the same base image and nothing else."""
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        yield Builder(daemon)


@pytest.fixture(scope="module")
def same_base(builder: Builder, other: Builder, tmp_path_factory) -> None:
    """A base image is the same by its id."""
    file = tmp_path_factory.mktemp("base") / "bb.tar"
    assert builder.daemon.docker("save", "-o", str(file), "bb").returncode == 0
    assert other.daemon.docker("load", "-i", str(file)).returncode == 0


def _empty(one: Builder) -> None:
    for image in set(one.daemon.docker("images", "-q", "--no-trunc").stdout.split()):
        if image != one.inspect("bb")["Id"]:
            one.daemon.docker("rmi", "-f", image)
    one.daemon.docker("builder", "prune", "-af")


def _steps(words: str) -> list[str]:
    """The labels of the steps that were carried out."""
    lines = [line.partition(" ") for line in words.splitlines() if line.startswith("#")]
    cached = {number for number, _, rest in lines if rest == "CACHED"}
    return [
        rest for number, _, rest in lines
        if rest.startswith("[") and not rest.startswith("[internal]") and number not in cached
        and " FROM " not in rest
    ]  # fmt: skip


def _registries(builder: Builder, other: Builder, folder: Path, **flags):
    """One registry's data, served on the same port of both engines' namespaces."""
    enter = [["nsenter", "-t", str(one.daemon.netns), "-n"] for one in (builder, other)]
    first = docker_registry(folder, enter=enter[0], **flags)
    return first, enter[1]


@pytest.fixture
def registry(builder: Builder, other: Builder, tmp_path) -> Iterator[DockerRegistry]:
    first, enter = _registries(builder, other, tmp_path / "registry")
    with first as here:
        there = DockerRegistry(tmp_path / "registry", port=here.port, enter=enter)
        there.start()
        try:
            yield here
        finally:
            there.stop()


def test_a_folder(builder: Builder, other: Builder, same_base, tmp_path):
    """mode=max: every step of every stage; the image is the very same one."""
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "a": "content"})
    cache = tmp_path / "cache"
    status, words = build(
        builder, top, "-t", "one", "--cache-to", f"type=local,dest={cache},mode=max"
    )
    assert status == 0, words
    assert {one.name for one in cache.iterdir()} == {"blobs", "index.json", "oci-layout"}
    _empty(other)
    status, words = build(other, top, "-t", "one", "--cache-from", f"type=local,src={cache}")
    assert status == 0, words
    assert _steps(words) == [], words
    assert other.inspect("one")["Id"] == builder.inspect("one")["Id"]
    assert other.run("one") == "content\nmade\n1\n".replace("content\n", "content")
    archive = tmp_path / "one.tar"
    assert other.daemon.docker("save", "-o", str(archive), "one").returncode == 0
    (top / "a").write_text("changed")
    _empty(other)
    status, words = build(other, top, "--cache-from", f"type=local,src={cache}")
    assert any("RUN echo made" in one for one in words.splitlines())
    assert not any("RUN echo made" in one for one in _steps(words)), words
    assert any("COPY a /a" in one for one in _steps(words))


@pytest.mark.parametrize("kind", ["local", "registry"])
def test_what_was_not_needed_is_passed_on(
    builder: Builder, other: Builder, same_base, registry, tmp_path, kind
):
    """A new engine for every build: stages that were only copied from stay in the cache all the same."""
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "a": f"passed on {kind}"})
    places = [
        {"local": f"{word}={tmp_path}/cache{number}", "registry": f"ref={registry.host}/pass:{number}"}[kind]
        for number, word in ((1, "dest"), (1, "src"), (2, "dest"), (2, "src"))
    ]  # fmt: skip
    status, words = build(builder, top, "--cache-to", f"type={kind},{places[0]},mode=max")
    assert status == 0, words
    _empty(other)
    status, words = build(
        other,
        top,
        "--cache-from",
        f"type={kind},{places[1]}",
        "--cache-to",
        f"type={kind},{places[2]},mode=max",
    )
    assert status == 0, words
    assert "RUN echo made" not in words
    _empty(other)
    text = TEXT.replace("RUN cat /a /made > /both", "RUN cat /a /made /made > /both")
    status, words = build(
        other, context(tmp_path / "d", {"Dockerfile": text, "a": f"passed on {kind}"}),
        "--cache-from", f"type={kind},{places[3]}",
    )  # fmt: skip
    assert status == 0, words
    assert not any("RUN echo made" in one or "COPY a /a" in one for one in _steps(words)), words
    assert any("/made /made" in one for one in _steps(words))


def test_a_folder_is_written_to_again(builder: Builder, tmp_path):
    """What is there is not written again; other tags stay."""
    top = context(
        tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo again > /x\nCOPY a /a", "a": "1"}
    )
    cache = tmp_path / "cache"
    assert build(builder, top, "--cache-to", f"type=local,dest={cache},tag=one")[0] == 0
    before = {one.name: one.stat().st_ino for one in (cache / "blobs/sha256").iterdir()}
    (top / "a").write_text("2")
    status, words = build(builder, top, "--cache-to", f"type=local,dest={cache},tag=two")
    assert status == 0, words
    after = {one.name: one.stat().st_ino for one in (cache / "blobs/sha256").iterdir()}
    assert sum(before.get(name) == number for name, number in after.items()) >= 2
    entries = json.loads((cache / "index.json").read_bytes())["manifests"]
    names = {one["annotations"]["org.opencontainers.image.ref.name"] for one in entries}
    assert names == {"one", "two"}


@pytest.mark.parametrize("manifest", ["true", "false"])
def test_a_registry(builder: Builder, other: Builder, same_base, registry, tmp_path, manifest):
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "a": f"registry {manifest}"})
    ref = f"{registry.host}/cache:{manifest}"
    status, words = build(
        builder, top, "-t", "two",
        "--cache-to", f"type=registry,ref={ref},mode=max,image-manifest={manifest}",
    )  # fmt: skip
    assert status == 0, words
    _empty(other)
    status, words = build(other, top, "-t", "two", "--cache-from", ref)
    assert status == 0, words
    assert _steps(words) == [], words
    assert other.inspect("two")["Id"] == builder.inspect("two")["Id"]


def test_a_registry_that_changes_bytes(
    builder: Builder, other: Builder, same_base, registry, tmp_path
):
    """What it gives in a layer's place is refused, and the step carried out."""
    text = "FROM bb\nRUN busybox head -c 5000 /dev/zero > /five\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    ref = f"{registry.host}/changed:1"
    status, words = build(builder, top, "--cache-to", f"type=registry,ref={ref}")
    assert status == 0, words
    for path in (registry.folder / "data").rglob("data"):
        data = bytearray(path.read_bytes()) if path.is_file() else b""
        if data[:2] == b"\x1f\x8b":
            data[-20] ^= 0xFF
            path.write_bytes(data)
    _empty(other)
    status, words = build(other, top, "-t", "unchanged", "--cache-from", ref)
    assert status == 0, words
    errors = [line for line in words.splitlines() if " ERROR: " in line]
    assert len(errors) == 1 and "verification failed" in errors[0], words
    assert any("RUN busybox head" in one for one in _steps(words))
    assert other.run("unchanged", "busybox", "stat", "-c", "%s", "/five") == "5000\n"


def test_nothing_to_export(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nENV A=b\n"})
    status, words = build(builder, top, "--cache-to", f"type=local,dest={tmp_path}/cache")
    assert status == 0 and "there is nothing to export" in words
    assert not (tmp_path / "cache").exists()


def test_only_the_inline_cache_of_an_image(
    builder: Builder, other: Builder, same_base, registry, tmp_path
):
    """Every step of the image comes from it; stages that it only copied from are not needed."""
    top = context(tmp_path / "c", {"Dockerfile": TEXT, "a": "inline"})
    ref = f"{registry.host}/app:1"
    status, words = build(builder, top, "-t", ref, "--push", "--cache-to", "type=inline")
    assert status == 0, words
    _empty(other)
    status, words = build(other, top, "-t", ref, "--cache-from", ref, "--cache-to", "type=inline")
    assert status == 0, words
    assert _steps(words) == [], words
    assert "RUN echo made" not in words  # nobody needed it
    assert other.inspect(ref)["Id"] == builder.inspect(ref)["Id"]
    _empty(other)
    assert other.daemon.docker("pull", ref).returncode == 0
    done = subprocess.run(
        ["docker", "build", "--cache-from", ref, str(top)],
        env={**os.environ, "DOCKER_HOST": other.daemon.host, "DOCKER_BUILDKIT": "0"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Using cache") >= 4, done.stdout
    blobs = {
        one.name for one in (other.daemon.data_root / "content/blobs").rglob("*") if one.is_file()
    }
    other.daemon.docker("system", "prune", "-f")
    left = {
        one.name for one in (other.daemon.data_root / "content/blobs").rglob("*") if one.is_file()
    }
    assert blobs == left  # nothing that was only brought to be unpacked stays


def test_credentials(builder: Builder, other: Builder, tmp_path):
    """The caller's own are shown to the registry; without them one line, and the build goes on."""
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo locked > /x"})
    first, _ = _registries(builder, other, tmp_path / "locked", htpasswd=True)
    with first as here:
        config = tmp_path / "docker"
        ref = f"type=registry,ref={here.host}/cache"
        status, words = build(builder, top, "--cache-to", ref)
        assert status == 1 and "no basic auth credentials" in words
        status, words = build(builder, top, "--cache-to", f"{ref},ignore-error=true")
        assert status == 0, words
        done = gorae(
            builder, "--config", str(config), "login", "-u", USER, "-p", PASSWORD, here.host
        )
        assert done.returncode == 0, done.stderr
        done = gorae(builder, "--config", str(config), "build", "--cache-to", ref, str(top))
        assert done.returncode == 0, done.stderr
        status, words = build(builder, top, "--no-cache", "--cache-from", ref)
        assert status == 0 and "no basic auth credentials" in words


def _spoil_config(cache: Path, spoil) -> None:
    """Another cache config under honest digests: what a hostile writer would leave."""
    import hashlib

    def put(data: bytes) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        (cache / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    index = json.loads((cache / "index.json").read_bytes())
    manifest = json.loads(
        (cache / "blobs/sha256" / index["manifests"][0]["digest"][7:]).read_bytes()
    )
    config = json.loads((cache / "blobs/sha256" / manifest["config"]["digest"][7:]).read_bytes())
    manifest["config"] |= put(json.dumps(spoil(config)).encode())
    index["manifests"][0] |= put(json.dumps(manifest).encode())
    (cache / "index.json").write_text(json.dumps(index))


def _swap(config: dict) -> dict:
    """The layers of two steps in each other's place."""
    config["layers"] = config["layers"][::-1]
    return config


def _other_diff_id(config: dict) -> dict:
    config["layers"][0]["annotations"]["diffID"] = config["layers"][1]["annotations"]["diffID"]
    return config


def _other_parts(config: dict) -> dict:
    config["records"][0]["gorae"]["parts"]["platform"] = "linux/other"
    return config


def _no_such_layer(config: dict) -> dict:
    config["records"][0]["layers"][0]["layer"] = 7
    return config


def _truncated(cache: Path) -> None:
    largest = max((cache / "blobs/sha256").iterdir(), key=lambda one: one.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-7])


def _flipped(cache: Path) -> None:
    for one in (cache / "blobs/sha256").iterdir():
        data = bytearray(one.read_bytes())
        if data[:2] == b"\x1f\x8b":
            data[len(data) // 2] ^= 0xFF
            one.write_bytes(data)


def _gone(cache: Path) -> None:
    for one in (cache / "blobs/sha256").iterdir():
        if one.read_bytes()[:2] == b"\x1f\x8b":
            one.unlink()


SPOILT = {
    "a digest that is not the layer's": (_flipped, "wanted the digest|expected|corrupt|digest"),
    "a truncated blob": (_truncated, "bytes"),
    "layers that are not there": (_gone, "is not in the layout"),
    "an index that is none": (lambda cache: (cache / "index.json").write_text("{"), "not JSON"),
    "no index": (lambda cache: (cache / "index.json").unlink(), "no OCI layout"),
    "a huge index": (
        lambda cache: (cache / "index.json").write_bytes(b" " * (17 << 20)), "at most",
    ),
    "a diff id of another layer": (lambda cache: _spoil_config(cache, _other_diff_id), "diff id"),
    "parts of another key": (lambda cache: _spoil_config(cache, _other_parts), "parts"),
    "a layer beyond the last": (lambda cache: _spoil_config(cache, _no_such_layer), "names the layer 7"),
    "records of another builder": (
        lambda cache: _spoil_config(
            cache, lambda _: {"records": [{"digest": "sha256:" + "0" * 64, "inputs": []}]}
        ),
        "another builder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_a_cache_that_is_not_what_it_says(other: Builder, tmp_path_factory, spoilable, name):
    """One line, and the steps are carried out."""
    spoil, words_of = SPOILT[name]
    top, honest = spoilable
    cache = tmp_path_factory.mktemp("spoilt") / "cache"
    shutil.copytree(honest, cache)
    spoil(cache)
    other.daemon.docker("builder", "prune", "-af")
    status, words = build(other, top, "-t", "spoilt", "--cache-from", f"type=local,src={cache}")
    assert status == 0, words
    errors = [line for line in words.splitlines() if " ERROR: " in line]
    assert len(errors) == 1, words
    assert any(part in errors[0] for part in words_of.split("|")), errors
    assert other.run("spoilt", "cat", "/one", "/two") == "one\ntwo\n"
    assert any("RUN echo two" in one for one in _steps(words)), words


@pytest.fixture(scope="module")
def spoilable(other: Builder, tmp_path_factory) -> tuple[Path, Path]:
    """A context and its honest cache."""
    folder = tmp_path_factory.mktemp("honest")
    text = "FROM bb\nRUN echo one > /one\nRUN echo two > /two; busybox head -c 3000 /dev/urandom > /r\n"
    top = context(folder / "c", {"Dockerfile": text})
    assert build(other, top, "--cache-to", f"type=local,dest={folder}/cache")[0] == 0
    return top, folder / "cache"


def test_a_folder_that_is_not_there(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN true"})
    status, words = build(builder, top, "--cache-from", f"type=local,src={tmp_path}/nowhere")
    assert status == 0
    assert f'the folder "{tmp_path}/nowhere" is not there' in words


def test_secrets_do_not_travel(builder: Builder, tmp_path):
    text = 'FROM bb\nARG TOKEN\nRUN --mount=type=secret,id=s test -n "$(cat /run/secrets/s)" && test -n "$TOKEN"\n'
    top = context(tmp_path / "c", {"Dockerfile": text})
    (tmp_path / "value").write_text("secret-value-of-the-mount")
    cache = tmp_path / "cache"
    status, words = build(
        builder, top, "--secret", f"id=s,src={tmp_path}/value",
        "--build-arg", "TOKEN=value-of-an-argument", "--cache-to", f"type=local,dest={cache},mode=max",
    )  # fmt: skip
    assert status == 0, words
    for value in (b"secret-value-of-the-mount", b"value-of-an-argument"):
        assert not any(value in one.read_bytes() for one in cache.rglob("*") if one.is_file())


def test_wrong_words(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\n"})
    for flag, words in {
        "type=local": "needs dest=FOLDER",
        "type=s3,bucket=b": "type 's3' is not supported",
        "type=registry,ref=a/b,mode=most": 'cache mode "most" is neither min nor max',
    }.items():
        status, said = build(builder, top, "--cache-to", flag)
        assert status == 1 and words in said, said
