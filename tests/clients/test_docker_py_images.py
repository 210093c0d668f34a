"""docker-py: images from build to prune."""

import io
import json
import tarfile

import docker
import pytest
from docker.errors import APIError, BuildError, ImageLoadError, ImageNotFound
from tests.clients.conftest import IMAGE

pytestmark = pytest.mark.root


def context(**files: str) -> io.BytesIO:
    """A build context as a tar."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, text in files.items():
            one = tarfile.TarInfo(name.replace("_", "."))
            one.size = len(text)
            tar.addfile(one, io.BytesIO(text.encode()))
    made.seek(0)
    return made


def test_get_list_and_names(client: docker.DockerClient) -> None:
    one = client.images.get(IMAGE)
    assert "bb:latest" in one.tags and one.id.startswith("sha256:") and one.short_id == one.id[:19]
    assert one in client.images.list() and client.images.list(name="bb") == [one]
    assert client.images.list(filters={"reference": "nosuch*"}) == []
    assert one.tag("named", "2")
    assert "named:2" in client.images.get("named:2").tags
    client.images.remove("named:2")
    with pytest.raises(ImageNotFound):
        client.images.get("named:2")


def test_history_and_attributes(client: docker.DockerClient) -> None:
    one = client.images.get(IMAGE)
    assert one.history()[0]["Id"] == one.id
    assert one.attrs["Os"] == "linux" and one.attrs["RootFS"]["Type"] == "layers"


def test_build_from_a_folder(client: docker.DockerClient, tmp_path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM bb\nARG WHO\nCOPY f /f\nRUN echo $WHO >>/f\nCMD cat /f\nLABEL a=b\n"
    )
    (tmp_path / "f").write_text("built for\n")
    made, lines = client.images.build(
        path=str(tmp_path),
        tag="built:1",
        buildargs={"WHO": "docker-py"},
        labels={"c": "d"},
        rm=True,
    )
    assert any("Successfully built" in line.get("stream", "") for line in lines)
    assert made.labels == {"a": "b", "c": "d"} and made.tags == ["built:1"]
    assert client.containers.run(made) == b"built for\ndocker-py\n"
    client.images.remove("built:1", force=True)


def test_build_from_an_archive_and_a_text(client: docker.DockerClient) -> None:
    two = context(Dockerfile="FROM bb AS a\nENV X=a\nFROM bb AS b\nENV X=b\n")
    made, _ = client.images.build(fileobj=two, custom_context=True, target="a")
    assert "X=a" in made.attrs["Config"]["Env"]
    made, _ = client.images.build(fileobj=io.BytesIO(b"FROM bb\nENV X=y\n"))
    assert "X=y" in made.attrs["Config"]["Env"]
    client.images.prune()


def test_build_that_fails(client: docker.DockerClient) -> None:
    with pytest.raises(BuildError, match="returned a non-zero code: 7") as caught:
        client.images.build(fileobj=io.BytesIO(b"FROM bb\nRUN exit 7\n"))
    assert any("exit 7" in line.get("stream", "") for line in caught.value.build_log)
    with pytest.raises(APIError, match="unknown instruction"):
        client.images.build(fileobj=io.BytesIO(b"FROM bb\nNOSUCH x\n"))


def test_build_cache(client: docker.DockerClient) -> None:
    text = b"FROM bb\nRUN cat /proc/sys/kernel/random/uuid >/when\nCMD cat /when\n"
    first, _ = client.images.build(fileobj=io.BytesIO(text))
    again, lines = client.images.build(fileobj=io.BytesIO(text))
    assert first == again and any("Using cache" in line.get("stream", "") for line in lines)
    fresh, _ = client.images.build(fileobj=io.BytesIO(text), nocache=True)
    assert client.containers.run(fresh) != client.containers.run(first)
    assert "SpaceReclaimed" in client.images.prune_builds()


def test_save_and_load(client: docker.DockerClient) -> None:
    one = client.images.get(IMAGE)
    one.tag("carried", "1")
    data = b"".join(client.images.get("carried:1").save(named="carried:1"))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None and json.load(manifest)[0]["RepoTags"] == ["carried:1"]
    client.images.remove("carried:1")
    (found,) = client.images.load(data)
    assert found.id == one.id and "carried:1" in found.tags
    client.images.remove("carried:1")


def test_load_of_garbage(client: docker.DockerClient) -> None:
    with pytest.raises(ImageLoadError, match="invalid tar header"):
        client.images.load(b"this is no archive" * 100)


def test_import(client: docker.DockerClient) -> None:
    answer = client.api.import_image_from_data(
        context(f="x").read(), repository="bare", tag="1", changes=["CMD x"]
    )
    assert "sha256:" in answer
    assert client.images.get("bare:1").attrs["Config"]["Cmd"] == ["/bin/sh", "-c", "x"]
    client.images.remove("bare:1")


def test_remove_and_its_refusals(client: docker.DockerClient) -> None:
    client.images.get(IMAGE).tag("used", "1")
    client.containers.create("used:1", "true")
    with pytest.raises(ImageNotFound):
        client.images.remove("nosuch:1")
    client.images.remove("used:1")
    with pytest.raises(APIError) as caught:
        client.images.remove(client.images.get(IMAGE).id)
    assert caught.value.status_code == 409


def test_prune(client: docker.DockerClient) -> None:
    client.images.build(fileobj=io.BytesIO(b"FROM bb\nENV DANGLING=1\n"))
    assert client.images.list(filters={"dangling": True})
    assert client.images.prune({"dangling": True})["ImagesDeleted"]
    assert client.images.list(filters={"dangling": True}) == []


def test_pull_and_push_of_what_is_not_there(client: docker.DockerClient) -> None:
    with pytest.raises(APIError, match="connection refused"):
        client.images.pull("127.0.0.1:1/nosuch", tag="1")
    client.images.get(IMAGE).tag("127.0.0.1:1/pushed", "1")
    lines = list(client.images.push("127.0.0.1:1/pushed", tag="1", stream=True, decode=True))
    assert "connection refused" in lines[-1]["error"]
    client.images.remove("127.0.0.1:1/pushed:1")
