"""Images as documents."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from gorae.wire.container import GraphDriver

Strings = list[str] | None


class ImageSummary(Struct, rename="pascal"):
    """An image in a list. Bytes; `created` in seconds; -1 is not counted."""

    containers: int
    created: int
    id: str
    labels: dict[str, str] | None
    parent_id: str
    repo_digests: Strings
    repo_tags: Strings
    shared_size: int
    size: int
    virtual_size: int | UnsetType = UNSET


class RootFs(Struct, rename="pascal"):
    """The layers, bottom first."""

    type: str
    layers: Strings


class ImageMetadata(Struct, rename="pascal"):
    """What the daemon knows beside the image."""

    last_tag_time: str


class ImageInspect(Struct, rename="pascal"):
    """All about an image. `config` is kept as the image has it."""

    id: str
    repo_tags: list[str]
    repo_digests: list[str]
    parent: str
    comment: str
    created: str | UnsetType
    container: str | UnsetType
    container_config: Any
    docker_version: str
    author: str
    architecture: str
    variant: str | UnsetType
    os: str
    os_version: str | UnsetType
    size: int
    virtual_size: int | UnsetType
    graph_driver: GraphDriver
    root_fs: RootFs = field(name="RootFS")
    metadata: ImageMetadata
    config: Any


class ImageHistory(Struct, rename="pascal"):
    """A step of an image's making; `id` is `<missing>` but for the last."""

    comment: str
    created: int
    created_by: str
    id: str
    size: int
    tags: Strings


class ImageDeleted(Struct, rename="pascal"):
    """One line of a removal's answer."""

    untagged: str | UnsetType = UNSET
    deleted: str | UnsetType = UNSET


class ImagesPruned(Struct, rename="pascal"):
    """What went, and bytes freed."""

    images_deleted: list[ImageDeleted] | None
    space_reclaimed: int


class BuildPruned(Struct, rename="pascal"):
    """The build cache's records that went, and bytes freed."""

    caches_deleted: Strings
    space_reclaimed: int
