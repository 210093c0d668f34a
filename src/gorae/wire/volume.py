"""Volumes as documents."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field


class VolumeUsage(Struct, rename="pascal"):
    """-1: not measured."""

    ref_count: int = -1
    size: int = -1


class Origin(Struct, rename="pascal"):
    """gorae's own, in lists: who made an anonymous volume, and its size, measured then; -1: not yet."""

    container: str
    image: str
    size: int
    measured: str


class Volume(Struct, rename="pascal"):
    """A volume."""

    created_at: str
    driver: str
    labels: dict[str, str] | None
    mountpoint: str
    name: str
    options: dict[str, str] | None
    scope: str = "local"
    usage_data: VolumeUsage | UnsetType = UNSET
    gorae: Origin | UnsetType = UNSET


class VolumeList(Struct, rename="pascal"):
    """All volumes."""

    volumes: list[Volume]
    warnings: list[str] | None = None


class VolumeCreate(Struct, rename="pascal"):
    """The request to make one; without a name it is anonymous."""

    name: str = ""
    driver: str = ""
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    cluster_volume_spec: Any = field(default=None, name="ClusterVolumeSpec")


class VolumesPruned(Struct, rename="pascal"):
    """The names that went, and bytes freed."""

    volumes_deleted: list[str] | None
    space_reclaimed: int
