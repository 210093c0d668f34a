"""Media types of manifests, configs and layers, OCI's and Docker's. Source: image-spec v1.1 media-types.md."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

INDEXES = (OCI_INDEX, DOCKER_LIST)
MANIFESTS = (OCI_MANIFEST, DOCKER_MANIFEST)
LAYERS = (OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, DOCKER_LAYER, DOCKER_LAYER_GZIP)
CONFIGS = (OCI_CONFIG, DOCKER_CONFIG)
OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"
FOREIGN = (DOCKER_FOREIGN, OCI_FOREIGN, f"{OCI_FOREIGN}+gzip", f"{OCI_FOREIGN}+zstd")
"""Layers whose bytes a registry need not have."""
PLAIN_LAYERS = (OCI_LAYER, DOCKER_LAYER)
_OF_FAMILY = {
    OCI_MANIFEST: {DOCKER_LAYER: OCI_LAYER, DOCKER_LAYER_GZIP: OCI_LAYER_GZIP},
    DOCKER_MANIFEST: {OCI_LAYER: DOCKER_LAYER, OCI_LAYER_GZIP: DOCKER_LAYER_GZIP},
}


def layer_of_family(manifest: str, layer: str) -> str:
    """A layer's media type as manifests of that type name it."""
    return _OF_FAMILY.get(manifest, {}).get(layer, layer)
