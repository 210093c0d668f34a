"""What comes of a build in other forms: squashed, annotated; and what it stands on: images in OCI layouts."""

import contextlib
import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
from tests.peers.docker_registry import docker_registry
from tests.root.build.conftest import Builder, context
from tests.root.build.test_own import build

pytestmark = pytest.mark.root
LAYERED = """FROM bb
RUN mkdir -p /data/kept /gone && echo x > /data/x && echo 1 > /gone/1 && ln /data/x /data/hard
RUN rm -r /gone /root && echo y > /data/y && rm /data/x
ENV A=b
RUN rm -r /data/kept && mkdir /data/kept && echo new > /data/kept/new && chmod 2770 /data/kept
COPY a /a
CMD ["sh"]
"""


def _tree(data: bytes) -> dict[str, tuple]:
    """Of an archive: path -> type, mode, owner, content or link."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {}
        for one in tar:
            file = tar.extractfile(one) if one.isreg() else None
            content = file.read() if file else one.linkname.encode()
            found[one.name] = (one.type, one.mode, one.uid, one.gid, content)
        return found


def _document(folder: Path, digest: str) -> dict:
    found: dict = json.loads((folder / "blobs/sha256" / digest[7:]).read_bytes())
    return found


def _manifest(builder: Builder, image: str) -> dict:
    """The manifest that an image of the store has."""
    with contextlib.closing(sqlite3.connect(builder.daemon.data_root / "gorae.db")) as db:
        row = db.execute("SELECT manifest FROM image WHERE id = ?", (builder.inspect(image)["Id"],))
        (digest,) = row.fetchone()
    path = builder.daemon.data_root / "content/blobs/sha256" / digest[7:9] / digest[7:]
    found: dict = json.loads(path.read_bytes())
    return found


def _oci(builder: Builder, top: Path, folder: Path, *flags: str) -> Path:
    """Built as an OCI layout, unpacked."""
    archive = folder.with_suffix(".tar")
    status, words = build(builder, top, "-o", f"type=oci,dest={archive}", *flags)
    assert status == 0, words
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return folder


def test_squash(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": LAYERED, "a": "a"})
    assert build(builder, top, "-t", "layered")[0] == 0
    status, words = build(builder, top, "-t", "squashed", "--squash")
    assert status == 0, words
    base, one, many = (builder.inspect(name) for name in ("bb", "squashed", "layered"))
    assert one["RootFS"]["Layers"][:-1] == base["RootFS"]["Layers"]
    assert len(many["RootFS"]["Layers"]) == len(base["RootFS"]["Layers"]) + 4
    assert one["Config"] == many["Config"]
    for name, archive in (("squashed", "s.tar"), ("layered", "l.tar")):
        assert build(
            builder, context(tmp_path / name, {"Dockerfile": f"FROM {name}"}),
            "-o", f"type=tar,dest={tmp_path}/{archive}",
        )[0] == 0  # fmt: skip
    assert _tree((tmp_path / "s.tar").read_bytes()) == _tree((tmp_path / "l.tar").read_bytes())
    lines = json.loads(builder.daemon.get("/images/squashed/history"))
    assert lines[0]["Comment"] == f"merge {many['Id']} to {base['Id']}"
    assert all(line["Size"] == 0 for line in lines[1:7])
    assert [line["CreatedBy"] for line in lines[1:]] == [
        line["CreatedBy"] for line in json.loads(builder.daemon.get("/images/layered/history"))
    ]
    assert (
        builder.daemon.docker("save", "-o", str(tmp_path / "saved.tar"), "squashed").returncode == 0
    )


def test_squash_without_a_base_and_by_the_classic_api(builder: Builder, tmp_path):
    text = "FROM scratch\nCOPY a /a\nCOPY a /b\n"
    top = context(tmp_path / "c", {"Dockerfile": text, "a": "a"})
    assert build(builder, top, "-t", "squashed2", "--squash")[0] == 0
    assert len(builder.inspect("squashed2")["RootFS"]["Layers"]) == 1
    line = json.loads(builder.daemon.get("/images/squashed2/history"))[0]
    assert line["Comment"].startswith("create new from sha256:")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.add(top, ".")
    status, said = builder.daemon.request("POST", "/build?squash=1&t=squashed3", data.getvalue())
    assert status == 200 and b"errorDetail" not in said, said
    assert len(builder.inspect("squashed3")["RootFS"]["Layers"]) == 1


def test_a_layout_as_a_folder(builder: Builder, tmp_path):
    """Written as one, and built on right away."""
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN echo f > /f\n"})
    folder = tmp_path / "layout"
    status, words = build(builder, top, "-o", f"type=oci,tar=false,dest={folder}")
    assert status == 0, words
    assert {one.name for one in folder.iterdir()} == {"blobs", "index.json", "oci-layout"}
    top = context(tmp_path / "d", {"Dockerfile": "FROM base\nRUN cat /f\n"})
    assert build(builder, top, "--build-context", f"base=oci-layout://{folder}")[0] == 0


def test_attributes_of_outputs(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\n"})
    for attributes, said in {
        "type=image,push-by-digest=true": "pushed under its tag",
        "type=image,store=false": "always kept here",
        f"type=oci,dest={tmp_path}/o.tar,compression=zstd": '"zstd" is not written',
        "type=image,tar=false": "tar=false is for type=oci",
    }.items():
        status, words = build(builder, top, "-o", attributes)
        assert status == 1 and said in words, words
    assert build(builder, top, "-t", "media", "-o", "type=image,oci-mediatypes=true")[0] == 0
    assert _manifest(builder, "media")["mediaType"] == "application/vnd.oci.image.manifest.v1+json"


def test_annotations(builder: Builder, tmp_path):
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN true\n"})
    flags = ("--annotation", "a=1", "--annotation", "index,manifest-descriptor:b=2",
             "--annotation", "manifest[linux/s390x]:c=3")  # fmt: skip
    folder = _oci(builder, top, tmp_path / "layout", *flags)
    index = json.loads((folder / "index.json").read_bytes())
    assert index["annotations"] == {"b": "2"}
    assert index["manifests"][0]["annotations"]["b"] == "2"
    assert _document(folder, index["manifests"][0]["digest"])["annotations"] == {"a": "1"}


def test_annotations_of_an_image_here(builder: Builder, tmp_path):
    """They are the image's from then on, one that was built before without them too, and go with a push."""
    top = context(tmp_path / "c", {"Dockerfile": "FROM bb\nRUN true\n"})
    with docker_registry(
        tmp_path / "registry", enter=["nsenter", "-t", str(builder.daemon.netns), "-n"]
    ) as registry:
        name = f"{registry.host}/noted:1"
        assert build(builder, top, "-t", name, "--push")[0] == 0
        image = builder.inspect(name)["Id"]
        status, words = build(
            builder, top, "-t", name, "--push", "--annotation", "org.opencontainers.image.title=x"
        )
        assert status == 0, words
        assert builder.inspect(name)["Id"] == image
        url = f"http://{registry.host}/v2/noted/manifests/1"
        accept = "Accept: application/vnd.oci.image.manifest.v1+json"
        sent = json.loads(builder.daemon.inside("curl", "-sS", "-H", accept, url).stdout)
    for manifest in (sent, _manifest(builder, name)):
        assert manifest["annotations"] == {"org.opencontainers.image.title": "x"}
        assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    for flags, said in {
        ("--annotation", "index:a=b"): "is one manifest without an index",
        ("--annotation", "a=b", "-o", f"type=tar,dest={tmp_path}/x"): "no manifest to hold them",
        ("--annotation", "layer:a=b"): 'unknown annotation type "layer"',
    }.items():
        status, words = build(builder, top, *flags)
        assert status == 1 and said in words, words


def test_named_contexts_that_are_layouts(builder: Builder, tmp_path):
    made = context(
        tmp_path / "made", {"Dockerfile": "FROM bb\nRUN echo in the layout > /l\nENV L=1\n"}
    )
    folder = _oci(builder, made, tmp_path / "layout", "-t", "x/one:v1")
    text = "FROM base\nCOPY --from=base /l /copied\nRUN echo $L >> /copied\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    digest = json.loads((folder / "index.json").read_bytes())["manifests"][0]["digest"]
    before = len(builder.daemon.docker("images", "-aq").stdout.split())
    for place in (f"{folder}:v1", f"{folder}@{digest}", f"{folder}:v1@{digest}", str(folder)):
        status, words = build(
            builder, top, "--build-context", f"base=oci-layout://{place}", "-t", "on-layout"
        )
        assert status == 0, words
        assert (
            builder.run("on-layout", "cat", "/l", "/copied") == "in the layout\nin the layout\n1\n"
        )
    assert len(builder.daemon.docker("images", "-aq").stdout.split()) <= before + 1
    assert builder.daemon.docker("save", "-o", str(tmp_path / "s.tar"), "on-layout").returncode == 0
    for place, said in {
        f"{folder}:v2": 'the layout has no tag "v2": its tags are v1',
        f"{folder}@sha256:{'0' * 64}": "the layout has no manifest",
        str(top): "it is no OCI layout",
    }.items():
        status, words = build(builder, top, "--build-context", f"base=oci-layout://{place}")
        assert status == 1 and said in words, words


def test_a_layout_that_is_not_what_it_says(builder: Builder, tmp_path):
    made = context(tmp_path / "made", {"Dockerfile": "FROM bb\nRUN echo broken > /l\n"})
    folder = _oci(builder, made, tmp_path / "layout")
    index = json.loads((folder / "index.json").read_bytes())
    layer = _document(folder, index["manifests"][0]["digest"])["layers"][-1]["digest"]
    builder.daemon.docker("builder", "prune", "-af")
    path = folder / "blobs/sha256" / layer[7:]
    path.write_bytes(path.read_bytes().replace(b"broken", b"forged"))
    top = context(tmp_path / "c", {"Dockerfile": "FROM base\nRUN cat /l\n"})
    status, words = build(builder, top, "--build-context", f"base=oci-layout://{folder}")
    assert status == 1 and "digest" in words, words


def test_other_named_contexts(builder: Builder, tmp_path):
    """An image under another name, and a folder in the place of an image and of a stage."""
    side = context(tmp_path / "side", {"f": "from the side"})
    text = "FROM nothing-here AS one\nRUN echo stage > /f\nFROM nothing-here\nCOPY --from=one /f /f\nCOPY --from=side f /g\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    flags = ("--build-context", "nothing-here=docker-image://bb", "--build-context", f"side={side}")
    status, words = build(builder, top, *flags, "-t", "named")
    assert status == 0, words
    assert builder.run("named", "cat", "/f", "/g") == "stage\nfrom the side"
    status, words = build(builder, top, *flags, "--build-context", f"one={side}", "-t", "named")
    assert status == 0, words
    assert builder.run("named", "cat", "/f") == "from the side"
