"""The words of EXPOSE: `PORT[-PORT][/PROTOCOL]`, and docker's leniency for `IP:HOSTPORT:` before it."""

from dataclasses import dataclass

from gorae.dockerfile.quote import quoted
from gorae.errors import InvalidArgument

PROTOCOLS = ("tcp", "udp", "sctp")
MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Exposed:
    """One word: its ports as `80/tcp`, the protocol as typed, and whether something stood before the port."""

    ports: tuple[str, ...]
    protocol: str
    is_mapping: bool


def exposed(word: str) -> Exposed:
    """Raises: InvalidArgument: with BuildKit's sentence."""
    *before, container = word.rsplit(":", 2)
    host = before[-1] if before else ""
    address = before[0] if len(before) > 1 else ""
    port, _, protocol = container.partition("/")
    if not port:
        raise InvalidArgument(f"invalid port: {quoted(word)}: no port specified")
    if protocol and protocol.lower() not in PROTOCOLS:
        raise InvalidArgument(f"invalid port: {quoted(word)}: invalid proto: {protocol}")
    if address and not _is_address(address):
        raise InvalidArgument(f"invalid IP address: {address}")
    first, last = _range(port, "containerPort")
    if host:
        host_first, host_last = _range(host, "hostPort")
        if last != first and last - first != host_last - host_first:
            raise InvalidArgument(
                f"invalid ranges specified for container and host Ports: {port} and {host}"
            )
    name = (protocol or "tcp").lower()
    ports = tuple(f"{number}/{name}" for number in range(first, last + 1))
    return Exposed(ports, protocol or "tcp", bool(address or host))


def _range(text: str, what: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    numbers = [_port(one) for one in ((first, last) if dash else (first,))]
    if None in numbers or (numbers[0] or 0) > (numbers[-1] or 0):
        raise InvalidArgument(f"invalid {what}: {text}")
    return numbers[0] or 0, numbers[-1] or 0


def _port(text: str) -> int | None:
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        return None
    return int(digits) if int(digits) <= MAX_PORT else None


def _is_address(text: str) -> bool:
    """Whether the text may be an address: four numbers, or groups of hex digits, in brackets or not."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare:
        groups = bare.split(":")
        return (len(groups) == 8 or (len(groups) < 9 and "::" in bare)) and all(
            len(one) <= 4 and all(char in "0123456789abcdefABCDEF" for char in one)
            for one in groups
        )
    parts = bare.split(".")
    return len(parts) == 4 and all(
        one.isascii() and one.isdigit() and len(one) <= 3 and int(one) < 256 for one in parts
    )
