"""A hub beside an engine on one store: no blob bytes move, one collector, and nobody sees more than before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hubserver import PASSWORD, Hub, sha256
from tests.root.registry.lab import Lab, archive, layer_tar, make_waits_short

from gorae.oci.reference import Reference
from gorae.registry.auth import Credentials

ANNA = Credentials("anna", PASSWORD)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    make_waits_short(monkeypatch)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[tuple[Lab, Hub]]:
    """An engine's store with an image, and a hub on the same root."""
    hub = Hub(tmp_path)
    lab = Lab(hub.root)
    lab.load(archive("sent:1", [layer_tar(name, 2 << 20) for name in ("a", "b")]))
    hub.user("anna", "bob")
    hub.start()
    yield lab, hub
    hub.stop()
    lab.close()


def received(hub: Hub) -> int:
    """Bytes of blobs that came over the wire."""
    text = hub.client().raw("GET", "/metrics").body.decode()
    line = next(
        one for one in text.splitlines() if one.startswith("gorae_hub_received_bytes_total")
    )
    return int(float(line.split()[1]))


def push(lab: Lab, hub: Hub, name: str, credentials: Credentials = ANNA) -> str:
    """By the engine's own client."""
    where = Reference.parse(f"{hub.address}/{name}:1")
    lab.images.tag("sent:1", where.normalized)
    (digest,) = lab.push(where.normalized, credentials=credentials)
    return digest


def test_a_push_moves_no_bytes(street: tuple[Lab, Hub]) -> None:
    lab, hub = street
    digest = push(lab, hub, "anna/app")
    assert received(hub) == 0
    anna = hub.client("anna")
    document = anna.call("GET", "/v2/anna/app/manifests/1")
    assert sha256(document.body) == digest
    for one in (document.json()["config"], *document.json()["layers"]):
        assert sha256(anna.call("GET", f"/v2/anna/app/blobs/{one['digest']}").body) == one["digest"]
    push(lab, hub, "anna/again")
    assert received(hub) == 0


def test_the_users_right_is_checked_as_ever(street: tuple[Lab, Hub]) -> None:
    lab, hub = street
    with pytest.raises(Exception, match="denied"):
        push(lab, hub, "bob/app")
    push(lab, hub, "anna/app")
    layer = hub.client("anna").call("GET", "/v2/anna/app/manifests/1").json()["layers"][0]
    bob = hub.client("bob")
    assert bob.call("HEAD", f"/v2/bob/app/blobs/{layer['digest']}").status == 404
    answer = bob.call("POST", f"/v2/bob/app/blobs/uploads/?mount={layer['digest']}")
    assert answer.status == 202
    assert bob.call("HEAD", f"/v2/bob/app/blobs/{layer['digest']}").status == 404


def test_each_keeps_what_it_needs(street: tuple[Lab, Hub]) -> None:
    lab, hub = street
    push(lab, hub, "anna/app")
    anna = hub.client("anna")
    document = anna.call("GET", "/v2/anna/app/manifests/1").json()
    image = lab.images.resolve("sent:1")
    hub.admin("repo rm", "anna/app")
    hub.admin("gc", unused_after=0)
    assert lab.images.resolve("sent:1").id == image.id
    push(lab, hub, "anna/app")
    lab.images.remove(image.id, force=True)
    lab.store.collector.collect()
    for one in (document["config"], *document["layers"]):
        assert sha256(anna.call("GET", f"/v2/anna/app/blobs/{one['digest']}").body) == one["digest"]
    hub.admin("repo rm", "anna/app")
    lab.store.collector.collect()
    assert lab.store.content.files() == []
