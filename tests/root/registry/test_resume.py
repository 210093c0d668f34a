"""A push into our hub that is cut, and a pull from it: both go on from the byte where they stopped."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.hubserver import PASSWORD, Hub, hub
from tests.peers.faulty import Faulty, Request
from tests.root.registry.lab import Lab, archive, layer_tar

from gorae.errors import InvalidArgument
from gorae.oci import manifest as manifests
from gorae.oci.manifest import Descriptor, Manifest
from gorae.registry.auth import Credentials

pytestmark = pytest.mark.root
ANNA = Credentials("anna", PASSWORD)
CUT = 1_000_000
UPLOAD = "/blobs/uploads/"


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub(tmp_path_factory.mktemp("resume")) as one:
        yield one


@pytest.fixture
def front(harbour: Hub) -> Iterator[Faulty]:
    with Faulty(harbour.port) as one:
        yield one


@pytest.fixture
def to_send(lab: Lab, front: Faulty, request: pytest.FixtureRequest) -> str:
    """An image of two layers of its own, tagged for the hub behind the front."""
    test = "".join(c if c.isalnum() else "-" for c in request.node.name).strip("-")
    layers = [layer_tar(f"{test}-{number}", 6 << 20) for number in range(2)]
    lab.load(archive("resume:1", layers))
    name = f"{front.host}/anna/{test}:1"
    lab.images.tag("resume:1", name)
    return name


def first_bytes(front: Faulty) -> list[int]:
    """Where each PATCH began."""
    return [
        int(one.headers.get("Content-Range", "0-").partition("-")[0])
        for one in front.made("PATCH", UPLOAD)
    ]


def test_cut_on_its_way_up(
    lab: Lab, make_lab: Callable[..., Lab], front: Faulty, to_send: str
) -> None:
    """Twice: the hub is asked how far it got, and gets the rest alone."""
    front.rule(UPLOAD, method="PATCH", times=2, cut_request=CUT)
    lab.push(to_send, credentials=ANNA)
    layers = [one.size for one in manifest_layers(lab, to_send)]
    begun = first_bytes(front)
    assert len(begun) == 4 and begun.count(0) == 2
    assert all(one >= CUT // 2 for one in begun if one)
    assert len(front.made("GET", f"{UPLOAD}[0-9a-f-]+$")) >= 2
    received = sum(one.received for one in front.made("PATCH", UPLOAD))
    assert received <= sum(layers) + 2 * (256 << 10), "what the hub had was not sent again"
    front.requests.clear()
    assert make_lab().pull(to_send).id == lab.images.resolve(to_send).id


def manifest_layers(lab: Lab, name: str) -> list[Descriptor]:
    image = lab.images.resolve(name)
    digest = image.digests[0].partition("@")[2]
    found = manifests.parse(lab.store.content.read(digest))
    assert isinstance(found, Manifest)
    return list(found.layers)


@pytest.mark.parametrize("status", [409, 416])
def test_out_of_step_with_the_hub(lab: Lab, front: Faulty, to_send: str, status: int) -> None:
    """It still reads what a cut left on its way, or has less than it said: it is asked again."""
    front.rule(UPLOAD, method="PATCH", times=2, status=status, body=b"another request is writing")
    lab.push(to_send, credentials=ANNA)
    assert front.made("GET", f"{UPLOAD}[0-9a-f-]+$")


def test_out_of_step_for_good(lab: Lab, front: Faulty, to_send: str) -> None:
    front.rule(UPLOAD, method="PATCH", times=99, status=409, body=b"another request is writing")
    with pytest.raises(InvalidArgument, match="another request is writing"):
        lab.push(to_send, credentials=ANNA)


def test_a_layer_that_arrived_whole_is_not_sent_by_the_next_push(
    lab: Lab, front: Faulty, to_send: str
) -> None:
    refused = front.rule("/manifests/", method="PUT", times=99, status=400, body=b"not now")
    with pytest.raises(InvalidArgument, match="not now"):
        lab.push(to_send, credentials=ANNA)
    front.rules.remove(refused)
    front.requests.clear()
    lab.push(to_send, credentials=ANNA)
    assert not front.made("PATCH", UPLOAD) and not front.made("POST", UPLOAD)


def test_the_hub_is_killed_in_the_middle_of_an_upload(
    lab: Lab, make_lab: Callable[..., Lab], tmp_path: Path, to_send: str, front: Faulty
) -> None:
    """It comes back with the half that it had, and gets the other."""
    (tmp_path / "own").mkdir()
    with hub(tmp_path / "own") as one, Faulty(one.port) as way:
        name = to_send.replace(front.host, way.host)
        lab.images.tag(to_send, name)
        killed: list[bool] = []

        def kill(request: Request) -> None:
            if request.method == "GET" and UPLOAD in request.path and not killed:
                killed.append(True)
                one.kill()
                one.start()

        way.rule(UPLOAD, method="PATCH", times=1, cut_request=CUT)
        way.before = kill
        lab.push(name, credentials=ANNA)
        assert killed
        begun = first_bytes(way)
        assert any(one_begin >= CUT // 2 for one_begin in begun)
        assert make_lab().pull(name).id == lab.images.resolve(name).id


def test_cut_on_its_way_down(
    lab: Lab, make_lab: Callable[..., Lab], front: Faulty, to_send: str
) -> None:
    lab.push(to_send, credentials=ANNA)
    cut = str(manifest_layers(lab, to_send)[0].digest)
    front.requests.clear()
    front.rule(cut, method="GET", times=2, cut_answer=CUT)
    other = make_lab()
    assert other.pull(to_send).id == lab.images.resolve(to_send).id
    asked = [one.headers.get("Range", "") for one in front.made("GET", cut)]
    starts = [int(one.removeprefix("bytes=").rstrip("-") or 0) for one in asked]
    assert starts == sorted(starts) and len(set(starts)) == 3 and starts[0] == 0
    assert other.parts() == set()
