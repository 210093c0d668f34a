"""Whether an image is signed: its signatures looked up in its registry, each tried with the keys that count.

First the referrers (OCI 1.1), then the tag `sha256-HEX.sig`. What is signed may be the index that a tag means or the
manifest of the platform.
"""

from collections.abc import Iterator, Sequence

from gorae.errors import InvalidArgument, NotFound, PermissionDenied
from gorae.oci.manifest import Descriptor, Manifest
from gorae.registry import signature
from gorae.registry.repository import Repository
from gorae.registry.signature import Key


def verify(
    repository: Repository,
    digests: Sequence[str],
    keys: Sequence[Key],
    *,
    name: str,
    identity: str = "",
) -> str:
    """Which of the digests is signed by one of the keys.

    Args:
        digests: the manifests on the way to the image, the one asked for first.
        name: how the refusal calls the image.
        identity: the repository that the signature must name; empty: any.

    Raises:
        PermissionDenied: none is. Unavailable: the registry could not be asked.
    """
    seen = 0
    for digest in digests:
        for layer in _signatures(repository, digest):
            seen += 1
            if seen > signature.MAX_SIGNATURES:
                raise PermissionDenied(
                    f'"{name}" has more than {signature.MAX_SIGNATURES} signatures'
                )
            if _holds(repository, layer, digest, keys, identity):
                return digest
    found = "no signature was found" if not seen else f"none of its {seen} signatures is by the key"
    raise PermissionDenied(f'"{name}" is not signed as it must be: {found}')


def _holds(
    repository: Repository, layer: Descriptor, digest: str, keys: Sequence[Key], identity: str
) -> bool:
    made = signature.signature_of(layer)
    if not made:
        return False
    payload = repository.read_blob(layer.digest, layer.size, signature.MAX_PAYLOAD_BYTES)
    if not signature.speaks_of(payload, digest, identity):
        return False
    return any(key.signed(payload, made) for key in keys)


def _signatures(repository: Repository, digest: str) -> Iterator[Descriptor]:
    """The layers of all manifests that are said to sign."""
    for one in _referrers(repository, digest):
        yield from _layers(repository, one)
    yield from _layers(repository, signature.tag_of(digest))


def _referrers(repository: Repository, digest: str) -> list[str]:
    try:
        found = repository.referrers(digest)
    except InvalidArgument:  # a registry that knows no referrers, and says so in its own way
        return []
    return [str(one.digest) for one in found[: signature.MAX_SIGNATURES]]


def _layers(repository: Repository, reference: str) -> Sequence[Descriptor]:
    try:
        found = repository.manifest(reference).value
    except NotFound:
        return ()
    except InvalidArgument:  # whatever it is, it signs nothing
        return ()
    return found.layers if isinstance(found, Manifest) else ()
