"""A manifest as it comes in: checked, and what a registry has to know of it. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from gorae.errors import InvalidArgument
from gorae.hub.fault import DigestInvalid, ManifestInvalid
from gorae.oci import manifest as oci
from gorae.oci import media_type, text
from gorae.oci.digest import parse_digest
from gorae.oci.manifest import Descriptor

MAX_ANNOTATIONS_BYTES = 256 << 10
CONFIGS = (media_type.OCI_CONFIG, media_type.DOCKER_CONFIG)


@dataclass(frozen=True, slots=True)
class Incoming:
    """`config` None for an index; `children` must be in the repository, `foreign` layers need not."""

    media_type: str
    artifact_type: str
    subject: str
    annotations: dict[str, str]
    config: Descriptor | None
    children: tuple[Descriptor, ...]
    total_bytes: int

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests."""
        return self.media_type in media_type.INDEXES


def read(raw: bytes, content_type: str) -> Incoming:
    """Raises: ManifestInvalid: naming the bad field. DigestInvalid: a digest in it is none."""
    try:
        document = text.load(raw, "manifest")
        kind = _media_type(document, content_type)
        parsed = oci.parse(raw, kind)
        return _known(parsed, document, kind)
    except (ManifestInvalid, DigestInvalid):
        raise
    except InvalidArgument as error:
        raise ManifestInvalid(error.message) from None


def _media_type(document: dict[str, Any], content_type: str) -> str:
    said = text.want(document, "mediaType", str, "manifest", "")
    given = content_type.partition(";")[0].strip()
    if document.get("schemaVersion") != 2:
        raise ManifestInvalid('manifest: "schemaVersion" wants 2')
    if given in ("", "application/json", "application/octet-stream"):
        given = said
    if said and given != said:
        raise ManifestInvalid(
            f'the Content-Type is "{given}", but the manifest says that it is "{said}"'
        )
    if not given:
        given = media_type.OCI_INDEX if "manifests" in document else media_type.OCI_MANIFEST
    if given not in (*media_type.INDEXES, *media_type.MANIFESTS):
        raise ManifestInvalid(f'manifests of the type "{given[:100]}" are not taken')
    if (given in media_type.INDEXES) != ("manifests" in document):
        raise ManifestInvalid(f'the manifest is not of the type "{given}"')
    return given


def _known(parsed: oci.Manifest | oci.Index, document: dict[str, Any], kind: str) -> Incoming:
    subject = text.want(document, "subject", dict, "manifest")
    annotations = text.want(document, "annotations", dict, "manifest", {})
    if any(not isinstance(value, str) for value in annotations.values()):
        raise ManifestInvalid("manifest: annotations want texts")
    if len(json.dumps(annotations)) > MAX_ANNOTATIONS_BYTES:
        raise ManifestInvalid(f"manifest: annotations want at most {MAX_ANNOTATIONS_BYTES} bytes")
    artifact = text.want(document, "artifactType", str, "manifest", "")
    config: Descriptor | None = None
    children: tuple[Descriptor, ...] = ()
    if isinstance(parsed, oci.Manifest):
        config = parsed.config
        artifact = artifact or config.media_type
        children = (config, *(one for one in parsed.layers if not is_foreign(one)))
    else:
        children = parsed.manifests
    return Incoming(
        media_type=kind,
        artifact_type=artifact,
        subject=parse_digest(text.want(subject, "digest", str, "subject", "")) if subject else "",
        annotations=annotations,
        config=config,
        children=children,
        total_bytes=sum(one.size for one in children),
    )


def is_foreign(layer: Descriptor) -> bool:
    """Whether a layer stays elsewhere: its licence forbids to hand it on. Source: image-spec v1.1, layer.md."""
    return "foreign" in layer.media_type or "nondistributable" in layer.media_type
