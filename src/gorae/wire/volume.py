"""Volumes as documents."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field


class VolumeUsage(Struct, rename="pascal"):
    """-1: not measured."""

    ref_count: int = -1
    size: int = -1


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
