"""Signatures by key, as cosign writes them, made here by openssl: found by tag and by referrers, tried, and asked for
by a policy.
"""

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.peers.docker_registry import DockerRegistry
from tests.root.registry.lab import Lab, Steps

from gorae.engine.pulls import PullOptions
from gorae.errors import InvalidArgument, PermissionDenied
from gorae.oci.digest import digest_of
from gorae.oci.reference import Reference
from gorae.registry.endpoint import Settings
from gorae.registry.repository import Repository
from gorae.registry.signature import ANNOTATION, ARTIFACT_TYPE, KIND, PAYLOAD_TYPE, tag_of

pytestmark = pytest.mark.root
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class Signer:
    """A key pair of openssl's making."""

    def __init__(self, folder: Path, name: str, *, rsa: bool = False) -> None:
        self._private = folder / f"{name}.key"
        self.public = folder / f"{name}.pub"
        kind = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        if not rsa:
            kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        _openssl("genpkey", *kind, "-out", str(self._private))
        _openssl("pkey", "-in", str(self._private), "-pubout", "-out", str(self.public))

    def sign(self, payload: bytes) -> str:
        made = _openssl("dgst", "-sha256", "-sign", str(self._private), stdin=payload)
        return base64.b64encode(made).decode()


def _openssl(*argv: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *argv], input=stdin, capture_output=True, check=True, timeout=60
    )
    return done.stdout


class Signed:
    """An image in the registry, and what puts signatures beside it."""

    def __init__(self, lab: Lab, registry: DockerRegistry, path: str) -> None:
        self.name = f"{registry.host}/{path}:1"
        self._host = registry.host
        lab.images.tag("sent:1", self.name)
        (self.digest,) = lab.push(self.name)
        session = lab.registries.session(registry.host)
        self._repository = Repository(session, path, "pull", "push")

    def payload(self, digest: str = "", reference: str = "") -> bytes:
        critical = {
            "identity": {"docker-reference": reference or self.name.rpartition(":")[0]},
            "image": {"docker-manifest-digest": digest or self.digest},
            "type": KIND,
        }
        return json.dumps({"critical": critical, "optional": None}).encode()

    def _put_blob(self, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._repository.finish_upload(self._repository.begin_upload(), digest, data)
        return digest

    def manifest(self, payload: bytes, signature: str) -> bytes:
        config = b"{}"
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI,
                "artifactType": ARTIFACT_TYPE,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": self._put_blob(config),
                    "size": len(config),
                },
                "layers": [
                    {
                        "mediaType": PAYLOAD_TYPE,
                        "digest": self._put_blob(payload),
                        "size": len(payload),
                        "annotations": {ANNOTATION: signature},
                    }
                ],
                "subject": {"mediaType": OCI, "digest": self.digest, "size": 1},
            }
        ).encode()

    def put_by_tag(self, payload: bytes, signature: str) -> None:
        self._repository.put_manifest(tag_of(self.digest), self.manifest(payload, signature), OCI)

    def put_by_referrers_tag(self, payload: bytes, signature: str) -> None:
        """As clients do where the registry has no referrers of its own."""
        raw = self.manifest(payload, signature)
        digest = digest_of(raw)
        self._repository.put_manifest(digest, raw, OCI)
        entry = {
            "mediaType": OCI,
            "digest": digest,
            "size": len(raw),
            "artifactType": ARTIFACT_TYPE,
        }
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        self._repository.put_manifest(
            self.digest.replace(":", "-"), json.dumps(index).encode(), OCI_INDEX
        )


@pytest.fixture
def signed(lab: Lab, registry: DockerRegistry, image: bytes, tmp_path: Path) -> Signed:
    lab.load(image)
    return Signed(lab, registry, f"v/{tmp_path.name.replace('_', '-').lower()}")


def pull(lab: Lab, name: str, key: Path) -> None:
    options = PullOptions(verify_keys=(key.read_bytes(),))
    lab.pulls.pull(Reference.parse(name), options, Steps())


@pytest.mark.parametrize("rsa", [False, True])
def test_by_the_tag(
    signed: Signed, make_lab: Callable[..., Lab], tmp_path: Path, rsa: bool
) -> None:
    key, other = Signer(tmp_path, "one", rsa=rsa), Signer(tmp_path, "two")
    fresh = make_lab()
    with pytest.raises(PermissionDenied, match="no signature was found"):
        pull(fresh, signed.name, key.public)
    payload = signed.payload()
    signed.put_by_tag(payload, key.sign(payload))
    with pytest.raises(PermissionDenied, match="none of its 1 signatures is by the key"):
        pull(fresh, signed.name, other.public)
    assert fresh.images.all() == []
    assert fresh.files() == set()
    pull(fresh, signed.name, key.public)
    assert fresh.images.resolve(signed.name)


def test_by_referrers(signed: Signed, make_lab: Callable[..., Lab], tmp_path: Path) -> None:
    key = Signer(tmp_path, "one")
    payload = signed.payload()
    signed.put_by_referrers_tag(payload, key.sign(payload))
    pull(make_lab(), signed.name, key.public)


def test_a_signature_of_something_else(
    signed: Signed, make_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    """Good in itself, but not about this image."""
    key = Signer(tmp_path, "one")
    payload = signed.payload("sha256:" + "0" * 64)
    signed.put_by_tag(payload, key.sign(payload))
    with pytest.raises(PermissionDenied):
        pull(make_lab(), signed.name, key.public)


def test_a_changed_payload(signed: Signed, make_lab: Callable[..., Lab], tmp_path: Path) -> None:
    key = Signer(tmp_path, "one")
    signed.put_by_tag(signed.payload() + b" ", key.sign(signed.payload()))
    with pytest.raises(PermissionDenied):
        pull(make_lab(), signed.name, key.public)


def test_no_key(signed: Signed, lab: Lab, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("this is no key")
    with pytest.raises(InvalidArgument, match="no public key in PEM"):
        pull(lab, signed.name, bad)


def test_a_policy(
    signed: Signed, make_lab: Callable[..., Lab], registry: DockerRegistry, tmp_path: Path
) -> None:
    key = Signer(tmp_path, "one")
    policy = tmp_path / "policy.json"
    fresh = make_lab(settings=Settings(certs_dirs=(str(tmp_path),), policy=str(policy)))
    fresh.pull(signed.name)  # there is no policy yet
    fresh.images.remove(signed.name)
    rules = {"registries": {registry.host: {"keys": [str(key.public)], "identity": True}}}
    policy.write_text(json.dumps(rules))
    with pytest.raises(PermissionDenied, match="no signature was found"):
        fresh.pull(signed.name)
    elsewhere = signed.payload(reference="registry.example/another")
    signed.put_by_tag(elsewhere, key.sign(elsewhere))
    with pytest.raises(PermissionDenied):
        fresh.pull(signed.name)
    payload = signed.payload()
    signed.put_by_tag(payload, key.sign(payload))
    fresh.pull(signed.name)
    policy.write_text(json.dumps({"default": {"reject": True}}))
    with pytest.raises(PermissionDenied, match="is refused by the policy"):
        fresh.pull(signed.name)
    policy.write_text('{"registry": {}}')
    with pytest.raises(InvalidArgument, match='"registry" means nothing here'):
        fresh.pull(signed.name)
