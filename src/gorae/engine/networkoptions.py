"""A network's driver options (`-o`) as what the kernel is told. Pure; docker's names and sentences."""

from collections.abc import Mapping

from gorae.errors import InvalidArgument
from gorae.net.model import Network, Subnet

BRIDGE = "com.docker.network.bridge."
MTU = "com.docker.network.driver.mtu"
MTU_DEFAULT = 1500
LINK_NAME_BYTES = 15
MACVLAN_MODES = ("bridge", "vepa", "private", "passthru")
BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


def model(
    network_id: str,
    name: str,
    driver: str,
    subnets: tuple[Subnet, ...],
    options: Mapping[str, str],
) -> Network:
    """The network to be made.

    Raises:
        InvalidArgument: an option that cannot be read, or a link's name that is too long.
    """
    bridge = options.get(BRIDGE + "name") or f"gr-{network_id[:12]}"
    if driver == "bridge" and (len(bridge.encode()) > LINK_NAME_BYTES or "/" in bridge):
        raise InvalidArgument("numerical result out of range")
    mode = options.get("macvlan_mode") or ""
    if driver == "macvlan" and mode and mode not in MACVLAN_MODES:
        raise InvalidArgument(
            f"requested macvlan mode '{mode}' is not valid, 'bridge' mode is the macvlan driver default"
        )
    return Network(
        network_id,
        name,
        driver=driver,
        bridge=bridge if driver == "bridge" else "",
        subnets=subnets,
        internal=driver == "macvlan" and not options.get("parent"),
        icc=_flag(options, BRIDGE + "enable_icc"),
        masquerade=_flag(options, BRIDGE + "enable_ip_masquerade"),
        mtu=_mtu(options),
        parent=options.get("parent") or "",
        mode=mode,
        options=dict(options),
    )


def _mtu(options: Mapping[str, str]) -> int:
    text = options.get(MTU) or str(MTU_DEFAULT)
    if not text.isascii() or not text.isdigit() or not 68 <= int(text) <= 65535:
        reason = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise InvalidArgument(f"failed to parse {MTU} value: {text} ({reason})")
    return int(text)


def _flag(options: Mapping[str, str], name: str) -> bool:
    text = options.get(name) or "true"
    found = BOOLEANS.get(text.lower())
    if found is None:
        reason = f'strconv.ParseBool: parsing "{text}": invalid syntax'
        raise InvalidArgument(f"failed to parse {name} value: {text} ({reason})")
    return found
