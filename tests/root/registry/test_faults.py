"""A registry, or the way to it, that fails in the middle: what arrived whole is not sent twice, a try again completes,
nothing half-stored is to be seen.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.peers.docker_registry import DockerRegistry, docker_registry
from tests.peers.faulty import Faulty
from tests.peers.token_server import TokenServer
from tests.root.registry.lab import ALICE, Lab, Steps, archive, layer_tar

from gorae.errors import (
    GoraeError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthorized,
    Unavailable,
)
from gorae.oci.digest import digest_of
from gorae.registry.auth import Credentials

pytestmark = pytest.mark.root


@pytest.fixture
def there(lab: Lab, faulty: Faulty, registry: DockerRegistry, image: bytes) -> str:
    """A name in the registry whose image three layers have."""
    lab.load(image)
    name = f"{faulty.host}/f/there:1"
    lab.images.tag("sent:1", name)
    lab.push(name)
    faulty.requests.clear()
    return name


def layers_of(registry: DockerRegistry, path: str) -> list[str]:
    return [one["digest"] for one in json.loads(registry.manifest(path, "1"))["layers"]]


# down ---------------------------------------------------------------------------------------------


def test_a_cut_download_goes_on_where_it_stopped(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    cut = layers_of(registry, "f/there")[1]
    faulty.rule(cut, method="GET", times=2, cut_answer=400_000)
    other = make_lab()
    said = Steps()
    other.pull(there, said)
    first, second, third = faulty.made("GET", cut)
    assert "Range" not in first.headers
    at = int(second.headers["Range"].removeprefix("bytes=").rstrip("-"))
    assert 0 < at <= 400_000
    assert int(third.headers["Range"].removeprefix("bytes=").rstrip("-")) > at
    assert any(one.startswith("Retrying in") for one in said.states())
    assert other.parts() == set()


def test_a_broken_pull_is_gone_on_with_by_the_next(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    """Even by another daemon: the part and what came whole are on the disk."""
    layers = layers_of(registry, "f/there")
    rule = faulty.rule(layers[2], method="GET", times=100, cut_answer=300_000)
    refusal = faulty.rule(layers[2], method="GET", times=100, status=404, after=1)
    faulty.rules.reverse()
    first = make_lab()
    with pytest.raises(NotFound):
        first.pull(there)
    assert first.images.all() == []
    assert len(first.parts()) == 1
    faulty.rules.remove(rule)
    faulty.rules.remove(refusal)
    root = first.store.root
    first.downloads._pool.shutdown(wait=True)
    first.store.collector.collect()
    first.close()
    faulty.requests.clear()
    next_one = Lab(root)
    try:
        assert next_one.pull(there).names == (there,)
        assert not faulty.made("GET", layers[0]) and not faulty.made("GET", layers[1])
        (asked,) = faulty.made("GET", layers[2])
        assert asked.headers["Range"].startswith("bytes=")
        assert next_one.parts() == set()
    finally:
        next_one.close()


def test_a_registry_without_ranges(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    cut = layers_of(registry, "f/there")[0]
    whole = next(
        one.read_bytes()
        for one in (registry.folder / "data").rglob("data")
        if one.parent.name == cut[7:]
    )
    faulty.rule(cut, method="GET", cut_answer=100_000)
    faulty.rule(cut, method="GET", status=200, body=whole)
    assert make_lab().pull(there).names == (there,)


def test_a_corrupt_blob_is_refused(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    bad = layers_of(registry, "f/there")[0]
    faulty.rule(bad, method="GET", times=9, change=lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    other = make_lab()
    with pytest.raises(
        InvalidArgument, match=f"filesystem layer verification failed for digest {bad}"
    ):
        other.pull(there)
    assert other.images.all() == []
    assert not any(bad[7:] in one for one in other.files())


@pytest.mark.parametrize("more", [-1000, 1000])
def test_a_lie_about_the_length(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry, more: int
) -> None:
    bad = layers_of(registry, "f/there")[0]
    faulty.rule(bad, method="GET", length=more)
    assert make_lab().pull(there).names == (there,)


def test_more_bytes_than_promised(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    bad = layers_of(registry, "f/there")[0]
    faulty.rule(bad, method="GET", times=9, change=lambda data: data + b"more")
    other = make_lab()
    with pytest.raises(InvalidArgument, match="verification failed"):
        other.pull(there)
    assert not any(bad[7:] in one for one in other.files())


def test_a_manifest_of_another_digest(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, registry: DockerRegistry
) -> None:
    digest = digest_of(registry.manifest("f/there", "1"))
    faulty.rule("/manifests/", method="GET", change=lambda data: data + b"\n")
    with pytest.raises(InvalidArgument, match="manifest verification failed"):
        make_lab().pull(f"{there[:-2]}@{digest}")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("step", ["/v2/$", "/manifests/", "/blobs/"])
def test_what_passes_is_waited_for(
    there: str, make_lab: Callable[..., Lab], faulty: Faulty, status: int, step: str
) -> None:
    faulty.rule(step, method="GET", times=2, status=status, headers={"Retry-After": "0"})
    assert make_lab().pull(there).names == (there,)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, PermissionDenied), (404, NotFound), (503, Unavailable)],
)
@pytest.mark.parametrize("step", ["/manifests/", "/blobs/"])
def test_what_stays_is_told(
    there: str,
    make_lab: Callable[..., Lab],
    faulty: Faulty,
    status: int,
    kind: type[GoraeError],
    step: str,
) -> None:
    faulty.rule(step, method="GET", times=99, status=status, body=b"so it is")
    other = make_lab()
    with pytest.raises(kind, match="so it is"):
        other.pull(there)
    assert other.images.all() == []


def test_a_redirect_takes_no_credentials_along(
    tmp_path: Path, make_lab: Callable[..., Lab], registry: DockerRegistry, image: bytes
) -> None:
    """Blobs come from another host: what says who we are stays here."""
    with (
        docker_registry(tmp_path / "locked", htpasswd=True) as locked,
        Faulty(locked.port) as front,
        Faulty(registry.port) as elsewhere,
    ):
        lab = make_lab()
        lab.load(image)
        name = f"{front.host}/f/redirect:1"
        lab.images.tag("sent:1", name)
        lab.push(name, credentials=ALICE)
        lab.images.tag("sent:1", f"{registry.host}/f/redirect:1")
        lab.push(f"{registry.host}/f/redirect:1")
        for digest in [*layers_of(registry, "f/redirect"), lab.images.resolve("sent:1").id]:
            front.rule(
                digest, method="GET", redirect=f"{elsewhere.url}/v2/f/redirect/blobs/{digest}"
            )
        make_lab().pull(name, credentials=ALICE)
        assert len(elsewhere.made("GET", "/blobs/")) == 4
        for one in elsewhere.requests:
            assert "Authorization" not in one.headers
        assert all("Authorization" in one.headers for one in front.made("GET", "/blobs/"))


def test_a_redirect_without_end(there: str, make_lab: Callable[..., Lab], faulty: Faulty) -> None:
    faulty.rule("/blobs/", method="GET", times=999, redirect=f"{faulty.url}/v2/f/there/blobs/x")
    with pytest.raises(Unavailable, match="stopped after 10 redirects"):
        make_lab().pull(there)


# up -----------------------------------------------------------------------------------------------


@pytest.fixture
def to_send(lab: Lab, faulty: Faulty, tmp_path: Path) -> str:
    """A name for an image whose layers the registry has never seen."""
    seed = tmp_path.name
    lab.load(archive("fresh:1", [layer_tar(f"{seed}-{n}", 4 << 20) for n in "ab"]))
    name = f"{faulty.host}/f/{seed.lower().replace('_', '-')}:1"
    lab.images.tag("fresh:1", name)
    return name


def test_a_cut_upload_goes_on(
    to_send: str, lab: Lab, make_lab: Callable[..., Lab], faulty: Faulty
) -> None:
    faulty.rule("/uploads/", method="PATCH", times=2, cut_request=1 << 20)
    """Debian's registry forgets what it got of a blob: it is sent anew."""
    lab.push(to_send)
    assert make_lab().pull(to_send).id == lab.images.resolve(to_send).id


def test_an_answer_lost_after_the_last_byte(to_send: str, lab: Lab, faulty: Faulty) -> None:
    """The blob arrived whole: it is not sent again."""
    faulty.rule("/uploads/", method="PUT", times=2, cut_answer=0)
    lab.push(to_send)
    sent = sum(one.received for one in faulty.made("PATCH", ""))
    assert sent < 7 << 20  # half of 8 MiB can be compressed


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    ("method", "step"),
    [
        ("HEAD", "/blobs/"),
        ("POST", "/uploads/"),
        ("PATCH", ""),
        ("PUT", "/uploads/"),
        ("PUT", "/manifests/"),
    ],
)
def test_what_passes_is_waited_for_up(
    to_send: str, lab: Lab, faulty: Faulty, status: int, method: str, step: str
) -> None:
    faulty.rule(step, method=method, times=2, status=status)
    lab.push(to_send)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (403, PermissionDenied), (503, Unavailable)]
)
@pytest.mark.parametrize(("method", "step"), [("POST", "/uploads/"), ("PUT", "/manifests/")])
def test_what_stays_is_told_up(
    to_send: str,
    lab: Lab,
    faulty: Faulty,
    status: int,
    kind: type[GoraeError],
    method: str,
    step: str,
) -> None:
    faulty.rule(step, method=method, times=99, status=status, body=b"so it is")
    with pytest.raises(kind, match="so it is"):
        lab.push(to_send)
    faulty.rules.clear()
    faulty.requests.clear()
    lab.push(to_send)
    if step == "/manifests/":  # the layers had arrived
        assert not faulty.made("PATCH", "")


def test_a_registry_that_takes_only_small_pieces(
    to_send: str,
    lab: Lab,
    make_lab: Callable[..., Lab],
    faulty: Faulty,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gorae.registry import upload

    monkeypatch.setattr(upload, "CHUNKS_BYTES", (1 << 20, 512 << 10, 256 << 10))
    faulty.rule("/uploads/", method="PATCH", times=2, status=413)
    lab.push(to_send)
    pieces = [
        one.headers["Content-Range"]
        for one in faulty.made("PATCH", "")
        if "Content-Range" in one.headers
    ]
    assert len(pieces) >= 4
    assert make_lab().pull(to_send).id == lab.images.resolve(to_send).id


# who we are -----------------------------------------------------------------------------------------


def test_a_password_file(
    tmp_path: Path, make_lab: Callable[..., Lab], lab: Lab, image: bytes
) -> None:
    with docker_registry(tmp_path / "locked", htpasswd=True) as locked:
        lab.load(image)
        name = f"{locked.host}/p/x:1"
        lab.images.tag("sent:1", name)
        with pytest.raises(Unauthorized, match="no basic auth credentials"):
            lab.push(name)
        with pytest.raises(Unauthorized):
            lab.push(name, credentials=Credentials("alice", "wrong"))
        lab.push(name, credentials=ALICE)
        with pytest.raises(Unauthorized):
            make_lab().pull(name)
        make_lab().pull(name, credentials=ALICE)
        server = Credentials("alice", "wonder:land", server=locked.host)
        assert lab.distribution.login(server) == ""
        with pytest.raises(Unauthorized, match="failed with status: 401"):
            lab.distribution.login(Credentials("alice", "wrong", server=locked.host))


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path / "tokens") as one:
        yield one


def test_tokens(
    tmp_path: Path, tokens: TokenServer, make_lab: Callable[..., Lab], lab: Lab, image: bytes
) -> None:
    with docker_registry(tmp_path / "token-registry", tokens=tokens) as guarded:
        lab.load(image)
        name = f"{guarded.host}/p/x:1"
        lab.images.tag("sent:1", name)
        with pytest.raises(PermissionDenied, match="denied: requested access"):
            lab.push(name)
        lab.push(name, credentials=ALICE)
        asked = [one for one in tokens.asked if one.user == "alice"]
        assert asked[0].scopes == ("repository:p/x:pull,push",)
        tokens.asked.clear()
        make_lab().pull(name)
        assert {(one.user, one.scopes) for one in tokens.asked} == {("", ("repository:p/x:pull",))}
        server = Credentials("alice", "wonder:land", server=guarded.host)
        refresh = lab.distribution.login(server)
        assert refresh
        other = f"{guarded.host}/p/y:1"
        lab.images.tag("sent:1", other)
        tokens.asked.clear()
        lab.push(other, credentials=Credentials(identity_token=refresh))
        assert {one.method for one in tokens.asked} == {"POST"}
        mounting = [one.scopes for one in tokens.asked if len(one.scopes) == 2]
        assert mounting == [("repository:p/x:pull", "repository:p/y:pull,push")]


def test_a_token_that_ends_during_a_push(tmp_path: Path, tokens: TokenServer, lab: Lab) -> None:
    """In the middle of a layer the registry wants a new one, which is got, and the work goes on."""
    with (
        docker_registry(tmp_path / "token-registry", tokens=tokens) as guarded,
        Faulty(guarded.port) as front,
    ):
        lab.load(archive("long:1", [layer_tar(f"long{n}", 4 << 20) for n in range(2)]))
        name = f"{front.host}/p/long:1"
        lab.images.tag("long:1", name)
        challenge = f'Bearer realm="{tokens.url}",service="tests",error="invalid_token"'
        for method in ("PATCH", "PUT"):
            front.rule(
                "/uploads/", method=method, status=401, headers={"WWW-Authenticate": challenge}
            )
        (digest,) = lab.push(name, credentials=ALICE)
        assert len(tokens.asked) == 3
        assert len({one.headers["Authorization"] for one in front.made("PATCH", "")}) >= 2
        assert lab.pull(f"{front.host}/p/long@{digest}").id == lab.images.resolve("long:1").id


def test_a_token_that_was_too_old(
    tmp_path: Path, tokens: TokenServer, lab: Lab, image: bytes
) -> None:
    """The registry's clock is ahead: it refuses the first token; the second is good."""
    with docker_registry(tmp_path / "token-registry", tokens=tokens) as guarded:
        lab.load(image)
        lab.images.tag("sent:1", f"{guarded.host}/p/old:1")
        tokens.lifetimes_s = [-120]
        lab.push(f"{guarded.host}/p/old:1", credentials=ALICE)
        assert len(tokens.asked) == 2


# the disk -------------------------------------------------------------------------------------------


def test_a_full_disk(there: str, tmp_path: Path, faulty: Faulty, registry: DockerRegistry) -> None:
    """Pull into a file system that is too small; then there is room."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "none", small], check=True)
    try:
        other = Lab(small / "root")
        try:
            with pytest.raises(Unavailable, match="no space left on device"):
                other.pull(there)
            assert other.images.all() == []
            other.downloads._pool.shutdown(wait=True)
            other.close()
            subprocess.run(["mount", "-o", "remount,size=100m", small], check=True)
            other = Lab(small / "root")
            assert other.pull(there).names == (there,)
            assert other.parts() == set()
        finally:
            other.close()
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert not os.path.ismount(small)


def test_mirrors_are_asked_first_and_get_no_credentials(
    tmp_path: Path, make_lab: Callable[..., Lab], lab: Lab, faulty: Faulty, image: bytes
) -> None:
    from gorae.registry.endpoint import Settings

    lab.load(image)
    lab.images.tag("sent:1", f"{faulty.host}/library/mirrored:1")
    lab.push(f"{faulty.host}/library/mirrored:1")
    faulty.requests.clear()
    settings = Settings(mirrors=("http://127.0.0.1:1", faulty.url), certs_dirs=(str(tmp_path),))
    got = make_lab(settings=settings).pull("mirrored:1", credentials=Credentials("me", "secret"))
    assert got.names == ("docker.io/library/mirrored:1",)
    assert faulty.made("GET", "/v2/library/mirrored/manifests/1")
    assert all("Authorization" not in one.headers for one in faulty.requests)
