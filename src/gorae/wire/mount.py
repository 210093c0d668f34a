"""Mounts as documents: what is asked for, and what inspect tells."""

from msgspec import UNSET, Struct, UnsetType, field


class BindOptions(Struct, rename="pascal", omit_defaults=True):
    """Of `--mount type=bind`."""

    propagation: str = ""
    non_recursive: bool = False
    create_mountpoint: bool = False
    read_only_non_recursive: bool = False
    read_only_force_recursive: bool = False
    gorae_idmap: str = ""
    """gorae's own: auto, only, none or HOST:CONTAINER:COUNT."""


class Driver(Struct, rename="pascal", omit_defaults=True):
    """A volume driver and its options."""

    name: str = ""
    options: dict[str, str] = field(default_factory=dict)


class VolumeOptions(Struct, rename="pascal", omit_defaults=True):
    """Of `--mount type=volume`."""

    no_copy: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    subpath: str = ""
    driver_config: Driver | UnsetType = UNSET


class ImageOptions(Struct, rename="pascal", omit_defaults=True):
    """Of `--mount type=image`."""

    subpath: str = ""


class TmpfsOptions(Struct, rename="pascal", omit_defaults=True):
    """Of `--mount type=tmpfs`. `mode` as a number; options as [name] or [name, value]."""

    size_bytes: int = 0
    mode: int = 0
    options: list[list[str]] = field(default_factory=list)


class Mount(Struct, rename="pascal", omit_defaults=True):
    """One entry of HostConfig.Mounts."""

    type: str = ""
    source: str = ""
    target: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: BindOptions | UnsetType = UNSET
    volume_options: VolumeOptions | UnsetType = UNSET
    image_options: ImageOptions | UnsetType = UNSET
    tmpfs_options: TmpfsOptions | UnsetType = UNSET


class MountPoint(Struct, rename="pascal"):
    """A mount as it is."""

    type: str
    name: str | UnsetType
    source: str
    destination: str
    driver: str | UnsetType
    mode: str
    rw: bool = field(name="RW")
    propagation: str
