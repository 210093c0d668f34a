"""The local volume driver's options: which are right, and the mount that they mean. Pure.

`type`, `device` and `o` are what mount(8) takes. A volume with options is mounted at its `_data` while containers
that use it run. oracle: tests/oracle/data_catalogue.py, "volume bad options" and its neighbours.
"""

from collections.abc import Mapping

from gorae.errors import InvalidArgument
from gorae.linux.mount import Mount

OPTIONS = ("type", "device", "o", "size")
_NEEDS = (("device", ("type",)), ("type", ("device",)), ("o", ("device", "type")))
NETWORK_TYPES = ("nfs", "nfs4", "cifs")


def check_options(options: Mapping[str, str]) -> None:
    """Raises: InvalidArgument: in docker's words."""
    for name in sorted(options):
        if name not in OPTIONS:
            raise InvalidArgument(f'invalid option: "{name}"')
    if options.get("size", "0") not in ("", "0"):
        raise InvalidArgument("quota size requested but no quota support")
    for name, needed in _NEEDS:
        for other in needed:
            if name in options and other not in options:
                raise InvalidArgument(f'missing required option: "{other}"')


def mount_of(options: Mapping[str, str]) -> Mount | None:
    """What is to be mounted; None for an ordinary volume, which is a directory."""
    if "type" not in options:
        return None
    words = tuple(one for one in options.get("o", "").split(",") if one)
    device = options["device"]
    if "bind" in words or "rbind" in words:
        rest = tuple(one for one in words if one != "bind")
        return Mount("bind", device, rest)
    return Mount(options["type"], device, words)


def server_of(mount: Mount) -> str:
    """The host name that `addr=` gives to a network file system; empty where there is none to look up."""
    if mount.type not in NETWORK_TYPES:
        return ""
    found = (one.removeprefix("addr=") for one in mount.options if one.startswith("addr="))
    address = next(found, "")
    return "" if all(part.isdigit() for part in address.split(".")) else address


def with_address(mount: Mount, name: str, address: str) -> Mount:
    """The mount with a looked-up address in the name's place."""
    options = tuple(f"addr={address}" if one == f"addr={name}" else one for one in mount.options)
    return Mount(mount.type, mount.source, options)
