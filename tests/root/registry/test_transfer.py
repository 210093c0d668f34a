"""Push to Debian's docker-registry and pull from it: nothing is sent or fetched that is there already."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.peers.docker_registry import DockerRegistry
from tests.peers.faulty import Faulty
from tests.root.registry.lab import Lab, Steps, archive, layer_tar

from gorae.engine.pulls import PullOptions
from gorae.errors import Cancelled, InvalidArgument, NotFound, Unavailable
from gorae.oci import platform as platforms
from gorae.oci.digest import digest_of
from gorae.oci.reference import Reference

pytestmark = pytest.mark.root


def test_there_and_back(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, image: bytes
) -> None:
    sent = lab.load(image)
    name = f"{registry.host}/t/back:1"
    lab.images.tag("sent:1", name)
    said = Steps()
    (digest,) = lab.push(name, said)
    assert said.seen[-1].result == {
        "Tag": "1",
        "Digest": digest,
        "Size": len(registry.manifest("t/back", "1")),
    }
    assert digest_of(registry.manifest("t/back", "1")) == digest
    other = make_lab()
    heard = Steps()
    got = other.pull(name, heard)
    assert got.id == sent.id
    assert got.names == (name,)
    assert got.digests == (f"{registry.host}/t/back@{digest}",)
    layers = [one["digest"][7:19] for one in json.loads(registry.manifest("t/back", "1"))["layers"]]
    for layer in layers:
        states = heard.of(layer)
        assert states[0] == "Pulling fs layer"
        assert states[-4:] == [
            "Verifying Checksum",
            "Download complete",
            "Extracting",
            "Pull complete",
        ]
    assert heard.states()[0] == "Pulling from t/back"
    assert heard.states()[-2:] == [
        f"Digest: {digest}",
        f"Status: Downloaded newer image for {name}",
    ]
    assert other.store.snapshots.upper(got.chain_id).joinpath("opt/c/0").stat().st_size > 0
    assert other.parts() == set()
    assert ("image", "pull", name) == other.events[-1][:3]


def test_skopeo_reads_what_we_push(lab: Lab, registry: DockerRegistry, image: bytes) -> None:
    lab.load(image)
    name = f"{registry.host}/t/skopeo:1"
    lab.images.tag("sent:1", name)
    (digest,) = lab.push(name)
    seen = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", f"docker://{name}"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(seen.stdout)["Digest"] == digest


def test_what_skopeo_brings_is_pulled_as_it_is(
    lab: Lab, registry: DockerRegistry, image: bytes, tmp_path: Path
) -> None:
    """OCI media types and zstd layers."""
    file = tmp_path / "image.tar"
    file.write_bytes(image)
    name = f"{registry.host}/t/oci-zstd:1"
    subprocess.run(
        ["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "-f", "oci"]
        + ["--dest-compress-format", "zstd", f"docker-archive:{file}", f"docker://{name}"],
        check=True,
        timeout=60,
    )
    raw = registry.manifest("t/oci-zstd", "1")
    assert b"tar+zstd" in raw
    got = lab.pull(name)
    assert got.digests == (f"{registry.host}/t/oci-zstd@{digest_of(raw)}",)
    again = f"{registry.host}/t/oci-zstd-again:1"
    lab.images.tag(name, again)
    lab.push(again)
    assert registry.manifest("t/oci-zstd-again", "1") == raw


def test_a_second_push_sends_nothing(
    lab: Lab, registry: DockerRegistry, faulty: Faulty, image: bytes
) -> None:
    lab.load(image)
    name = f"{faulty.host}/t/twice:1"
    lab.images.tag("sent:1", name)
    first = lab.push(name)
    sent = sum(one.received for one in faulty.made("PATCH", ""))
    assert sent > 4 << 20
    faulty.requests.clear()
    said = Steps()
    assert lab.push(name, said) == first
    assert not faulty.made("PATCH", "") and not faulty.made("POST", "")
    assert said.states().count("Layer already exists") == 3


def test_a_layer_is_mounted_from_another_repository(
    lab: Lab, registry: DockerRegistry, faulty: Faulty, image: bytes
) -> None:
    lab.load(image)
    for name in ("t/mount-one:1", "t/mount-two:1"):
        lab.images.tag("sent:1", f"{faulty.host}/{name}")
    lab.push(f"{faulty.host}/t/mount-one:1")
    faulty.requests.clear()
    said = Steps()
    lab.push(f"{faulty.host}/t/mount-two:1", said)
    assert said.states().count("Mounted from t/mount-one") == 3
    assert not faulty.made("PATCH", "")


def test_the_same_layer_compresses_to_the_same_bytes(
    make_lab: Callable[..., Lab], registry: DockerRegistry, image: bytes
) -> None:
    digests = []
    for number in range(2):
        lab = make_lab()
        lab.load(image)
        name = f"{registry.host}/t/same{number}:1"
        lab.images.tag("sent:1", name)
        digests += lab.push(name)
    assert digests[0] == digests[1]


def test_layers_that_are_here_are_not_fetched(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, faulty: Faulty
) -> None:
    below = [layer_tar("base", 1 << 20), layer_tar("base2", 1 << 20)]
    lab.load(archive("one:1", below))
    lab.load(archive("two:1", [*below, layer_tar("top", 1 << 20)]))
    for name in ("one", "two"):
        lab.images.tag(f"{name}:1", f"{faulty.host}/t/share-{name}:1")
        lab.push(f"{faulty.host}/t/share-{name}:1")
    other = make_lab()
    other.pull(f"{faulty.host}/t/share-one:1")
    faulty.requests.clear()
    said = Steps()
    other.pull(f"{faulty.host}/t/share-two:1", said)
    assert len(faulty.made("GET", "/blobs/")) == 2  # the config and the top layer
    assert said.states().count("Already exists") == 2


def test_an_unchanged_tag(lab: Lab, registry: DockerRegistry, faulty: Faulty, image: bytes) -> None:
    lab.load(image)
    name = f"{faulty.host}/t/same-tag:1"
    lab.images.tag("sent:1", name)
    lab.push(name)
    faulty.requests.clear()
    said = Steps()
    lab.pull(name, said)
    assert not faulty.made("GET", "/blobs/")
    assert said.states()[-1] == f"Status: Image is up to date for {name}"


def test_by_digest(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, image: bytes
) -> None:
    lab.load(image)
    name = f"{registry.host}/t/digest:1"
    lab.images.tag("sent:1", name)
    (digest,) = lab.push(name)
    other = make_lab()
    by_digest = f"{registry.host}/t/digest@{digest}"
    got = other.pull(by_digest)
    assert got.names == ()
    assert got.digests == (by_digest,)
    assert other.images.resolve(by_digest).id == got.id


def test_all_tags(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, image: bytes
) -> None:
    lab.load(image)
    for tag in ("1", "2", "3"):
        lab.images.tag("sent:1", f"{registry.host}/t/all:{tag}")
    assert len(lab.push(f"{registry.host}/t/all")) == 3
    other = make_lab()
    name = Reference.parse(f"{registry.host}/t/all")
    assert len(other.pulls.pull_all(name, PullOptions(), Steps())) == 3
    assert len(other.images.resolve(f"{registry.host}/t/all:1").names) == 3


def test_two_pulls_share_the_work(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, faulty: Faulty, image: bytes
) -> None:
    lab.load(image)
    name = f"{faulty.host}/t/shared:1"
    lab.images.tag("sent:1", name)
    lab.push(name)
    faulty.requests.clear()
    faulty.rule("/blobs/", method="GET", times=100, slow_s=0.005)
    other = make_lab()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(other.pull(name).id)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(180)
    assert len(got) == 3 and len(set(got)) == 1
    layers = [one["digest"] for one in json.loads(registry.manifest("t/shared", "1"))["layers"]]
    for layer in layers:
        assert len(faulty.made("GET", layer)) == 1


def test_a_client_that_leaves_leaves_nothing(
    lab: Lab, make_lab: Callable[..., Lab], registry: DockerRegistry, faulty: Faulty, image: bytes
) -> None:
    lab.load(image)
    name = f"{faulty.host}/t/left:1"
    lab.images.tag("sent:1", name)
    lab.push(name)
    faulty.rule("/blobs/", method="GET", times=100, slow_s=0.01)
    other = make_lab()
    with pytest.raises(Cancelled):
        other.pull(name, Steps(lambda step: step.status == "Downloading" and step.current > 1e5))
    other.downloads.close()
    other.downloads._pool.shutdown(wait=True)
    assert other.files() == set()
    assert other.images.all() == []
    faulty.rules.clear()


def test_several_platforms(lab: Lab, registry: DockerRegistry, image: bytes) -> None:
    """An index of two, ours and another's."""
    lab.load(image)
    lab.load(archive("arm:1", [layer_tar("arm", 1 << 20)]))
    base = f"{registry.host}/t/multi"
    entries = []
    for source, architecture in (("sent:1", "amd64"), ("arm:1", "arm64")):
        lab.images.tag(source, f"{base}:{architecture}")
        (digest,) = lab.push(f"{base}:{architecture}")
        size = len(registry.manifest("t/multi", architecture))
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        platform = {"architecture": architecture, "os": "linux"}
        entries.append({"mediaType": kind, "digest": digest, "size": size, "platform": platform})
    kind = "application/vnd.docker.distribution.manifest.list.v2+json"
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode()
    session = lab.registries.session(registry.host)
    from gorae.registry.repository import Repository

    digest = Repository(session, "t/multi", "pull", "push").put_manifest("all", index, kind)
    name = Reference.parse(f"{base}:all")
    arm = lab.pulls.pull(name, PullOptions(platform=platforms.parse("linux/arm64")), Steps())
    assert arm.id == lab.images.resolve("arm:1").id
    own = lab.pulls.pull(name, PullOptions(platform=platforms.parse("linux/amd64")), Steps())
    assert own.id == lab.images.resolve("sent:1").id
    assert f"{base}@{digest}" in own.digests
    with pytest.raises(NotFound, match="no matching manifest for linux/s390x in the manifest list"):
        lab.pulls.pull(name, PullOptions(platform=platforms.parse("linux/s390x")), Steps())
    seen = lab.distribution.inspect(name)
    assert [one.architecture for one in seen.platforms] == ["amd64", "arm64"]


def test_what_is_not_there(lab: Lab, registry: DockerRegistry) -> None:
    with pytest.raises(NotFound, match="manifest for .*/t/none:1 not found: manifest unknown"):
        lab.pull(f"{registry.host}/t/none:1")
    with pytest.raises(NotFound, match="An image does not exist locally with the tag: .*/t/none"):
        lab.push(f"{registry.host}/t/none:1")
    with pytest.raises(Unavailable, match=r'Get "http://127.0.0.1:1/v2/": dial tcp .*refused'):
        lab.pull("127.0.0.1:1/t/none:1")


def test_foreign_layers_are_refused(lab: Lab, faulty: Faulty, image: bytes) -> None:
    lab.load(image)
    name = f"{faulty.host}/t/foreign:1"
    lab.images.tag("sent:1", name)
    lab.push(name)
    faulty.rule(
        "/manifests/",
        method="GET",
        change=lambda raw: raw.replace(b"rootfs.diff", b"rootfs.foreign.diff"),
    )
    with pytest.raises(InvalidArgument, match="is a foreign layer"):
        lab.pull(name)
