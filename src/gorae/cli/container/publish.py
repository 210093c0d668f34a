"""`--publish` and `--expose`: ports, ranges, host addresses."""

from __future__ import annotations

import _socket

from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Bindings = dict[str, list[dict[str, str]]]

PROTOCOLS = ("tcp", "udp", "sctp")


def canonical_ip(text: str) -> str:
    """An address in its shortest form; empty when it is none."""
    for family in (_socket.AF_INET, _socket.AF_INET6):
        try:
            return _socket.inet_ntop(family, _socket.inet_pton(family, text))
        except (OSError, ValueError):
            continue
    return ""


def published(texts: Iterable[str]) -> Bindings:
    """`[address:][host port:]container port[/protocol]` texts as the API's port bindings.

    Raises:
        InvalidArgument: in docker's words.
    """
    bindings: Bindings = {}
    for text in texts:
        for port, binding in _parse(_standard(text)):
            bindings.setdefault(port, []).append(binding)
    return bindings


def _standard(text: str) -> str:
    """`published=8080,target=80,protocol=tcp` in the short notation."""
    if "=" not in text:
        return text
    given = {"protocol": "tcp", "published": "", "target": ""}
    for part in text.split(","):
        name, found, value = part.partition("=")
        if not found or not name:
            raise InvalidArgument(
                f"invalid publish opts format (should be name=value but got '{part}')"
            )
        given[name] = value
    return f"{given['published']}:{given['target']}/{given['protocol']}"


def _parse(text: str) -> list[tuple[str, dict[str, str]]]:
    address, host, container = _split(text)
    container, protocol = split_protocol(container)
    if address.startswith("["):
        address = address[1:].removesuffix("]")
    if address and not canonical_ip(address):
        raise InvalidArgument(f"invalid IP address: {address}")
    if not container:
        raise InvalidArgument(f"no port specified: {text}<empty>")
    first, last = _range(container, f"invalid containerPort: {container}")
    host_first, host_last = _range(host, f"invalid hostPort: {host}") if host else (0, 0)
    if host and last - first != host_last - host_first and first != last:
        raise InvalidArgument(
            f"invalid ranges specified for container and host Ports: {container} and {host}"
        )
    if protocol.lower() not in PROTOCOLS:
        raise InvalidArgument(f"invalid proto: {protocol}")
    found = []
    for offset in range(last - first + 1):
        wanted = str(host_first + offset) if host else ""
        if first == last and host_first != host_last:
            wanted = f"{wanted}-{host_last}"
        found.append(
            (f"{first + offset}/{protocol.lower()}", {"HostIp": address, "HostPort": wanted})
        )
    return found


def _split(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", parts[0]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def split_protocol(text: str) -> tuple[str, str]:
    """Port and protocol of `80/udp`; tcp where none is given."""
    port, _, protocol = text.partition("/")
    return (port, protocol.partition("/")[0] or "tcp") if port else ("", "")


def _range(text: str, complaint: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (first.isdigit() and last.isdigit()) or int(first) > int(last) or int(last) > 65535:
        raise InvalidArgument(complaint)
    return int(first), int(last)


def exposed(texts: Iterable[str]) -> list[str]:
    """The ports of `--expose` as `port/protocol`."""
    found: list[str] = []
    for text in texts:
        if ":" in text:
            raise InvalidArgument(f"invalid port format for --expose: {text}")
        port, protocol = split_protocol(text)
        opening = f"invalid range format for --expose: {text}, error: "
        if not port:
            raise InvalidArgument(f"{opening}empty string specified for ports")
        bad = next((part for part in port.split("-")[:2] if not part.isdigit()), "")
        if bad or not all(port.split("-")[:2]):
            raise InvalidArgument(f'{opening}strconv.ParseUint: parsing "{bad}": invalid syntax')
        first, last = _range(port, f"{opening}invalid range specified for port: {port}")
        found += [f"{number}/{protocol}" for number in range(first, last + 1)]
    return found
