"""From a tag or a digest to the one manifest that is wanted, through indexes by platform."""

from collections.abc import Sequence
from dataclasses import dataclass

from gorae.errors import InvalidArgument, NotFound
from gorae.oci import media_type, platform
from gorae.oci.manifest import Manifest, Platform
from gorae.registry.repository import Found, Repository

MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """`chain`: the manifests and indexes on the way, the one asked for first, the image's own last."""

    chain: tuple[Found, ...]
    manifest: Manifest

    @property
    def top(self) -> Found:
        """What the tag means: the digest that people see."""
        return self.chain[0]


def resolve(repository: Repository, reference: str, wanted: Sequence[Platform]) -> Resolved:
    """`wanted`: platforms, the best first.

    Raises:
        NotFound: no such manifest, or none for the platform, in docker's words.
        InvalidArgument: no image. Unauthorized, PermissionDenied, Unavailable: the registry's words.
    """
    chain = [repository.manifest(reference)]
    while not isinstance(chain[-1].value, Manifest):
        if len(chain) > MAX_DEPTH:
            raise InvalidArgument(f"indexes within indexes: more than {MAX_DEPTH} of them")
        chosen = platform.choose(chain[-1].value.manifests, wanted)
        if chosen is None:
            raise NotFound(
                f"no matching manifest for {platform.show(wanted[0])} in the manifest list entries"
            )
        chain.append(repository.manifest(chosen.digest))
    found = chain[-1].value
    check_image(found)
    return Resolved(tuple(chain), found)


def check_image(found: Manifest) -> None:
    """Whether it is an image that can be run.

    Raises:
        InvalidArgument: an artifact of another kind, or layers that are not in the registry.
    """
    if found.config.media_type not in media_type.CONFIGS:
        raise InvalidArgument(
            f'"{found.config.media_type}" is no image\'s configuration: this is an artifact of another kind, '
            "which cannot be run"
        )
    for layer in found.layers:
        if layer.media_type in media_type.FOREIGN:
            raise InvalidArgument(
                f'layer "{layer.digest}" is a foreign layer ({layer.media_type}): '
                "its bytes are not in the registry, and they are not fetched from elsewhere"
            )
        if layer.media_type not in media_type.LAYERS:
            raise InvalidArgument(
                f'layer "{layer.digest}": the media type "{layer.media_type}" cannot be unpacked'
            )
