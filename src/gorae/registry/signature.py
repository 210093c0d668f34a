"""Signatures of images, as cosign makes them with a key: what is signed, and whether the key signed it. Pure.

    manifest of the signature, one layer a signature:
        layer bytes   {"critical":{"identity":{"docker-reference":R},"image":{"docker-manifest-digest":D},
                       "type":"cosign container image signature"},"optional":...}     the payload, which is signed
        annotation    dev.cosignproject.cosign/signature: base64 of the signature of these bytes

Keys are PEM public keys: ECDSA (SHA-256), RSA (PKCS#1 v1.5 or PSS, SHA-256) and Ed25519.
Source: sigstore/cosign, specs/SIGNATURE_SPEC.md.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gorae.errors import InvalidArgument
from gorae.oci import text
from gorae.oci.manifest import Descriptor

ARTIFACT_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json"
PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
ANNOTATION = "dev.cosignproject.cosign/signature"
KIND = "cosign container image signature"
MAX_PAYLOAD_BYTES = 64 << 10
MAX_SIGNATURES = 64
MAX_KEY_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that may sign."""

    value: PublicKeyTypes

    @classmethod
    def parse(cls, pem: bytes) -> "Key":
        """Raises: InvalidArgument: no public key in PEM, or of a kind that is not spoken."""
        try:
            found = serialization.load_pem_public_key(pem[:MAX_KEY_BYTES])
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InvalidArgument(f"the key is no public key in PEM: {error}") from None
        if not isinstance(
            found, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey, ed25519.Ed25519PublicKey)
        ):
            raise InvalidArgument("the key is neither ECDSA nor RSA nor Ed25519")
        return cls(found)

    def signed(self, payload: bytes, signature: bytes) -> bool:
        """Whether this key signed these bytes."""
        key = self.value
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, payload, ec.ECDSA(hashes.SHA256()))
            elif isinstance(key, rsa.RSAPublicKey):
                return _signed_by_rsa(key, payload, signature)
            elif isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(signature, payload)
            else:
                return False
        except InvalidSignature:
            return False
        return True


def _signed_by_rsa(key: rsa.RSAPublicKey, payload: bytes, signature: bytes) -> bool:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    for one in (padding.PKCS1v15(), pss):
        try:
            key.verify(signature, payload, one, hashes.SHA256())
        except InvalidSignature:
            continue
        return True
    return False


def tag_of(digest: str) -> str:
    """The tag under which older registries keep the signatures of a manifest."""
    return f"{digest.replace(':', '-')}.sig"


def signature_of(layer: Descriptor) -> bytes:
    """The signature beside a payload; empty where there is none."""
    if layer.media_type != PAYLOAD_TYPE or not 0 < layer.size <= MAX_PAYLOAD_BYTES:
        return b""
    try:
        return base64.b64decode(layer.annotations.get(ANNOTATION, ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def speaks_of(payload: bytes, digest: str, repository: str = "") -> bool:
    """Whether the payload is about the manifest `digest`; with `repository`: and about it under that name."""
    try:
        critical = text.want(text.load(payload, "payload"), "critical", dict, "payload", {})
        image = text.want(critical, "image", dict, "payload", {})
        identity = text.want(critical, "identity", dict, "payload", {})
        if text.want(critical, "type", str, "payload", "") != KIND:
            return False
        if text.want(image, "docker-manifest-digest", str, "payload", "") != digest:
            return False
        named = text.want(identity, "docker-reference", str, "payload", "")
    except InvalidArgument:
        return False
    return not repository or named.partition("@")[0] == repository
