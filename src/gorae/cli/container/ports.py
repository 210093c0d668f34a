"""A container's ports as a list shows them: ranges joined, mappings with arrows."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def displayed(ports: Iterable[dict[str, Any]]) -> str:
    """`80-81/tcp, 0.0.0.0:8080->80/tcp`.

    Ports that are mapped to themselves, or to nothing, are joined into ranges per address and protocol;
    the others follow one by one.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    done: list[str] = []
    mappings: list[str] = []
    for port in sorted(ports, key=_order):
        address, private, public = (
            port.get("IP", ""),
            port["PrivatePort"],
            port.get("PublicPort", 0),
        )
        if address and public != private:
            mappings.append(f"{join(address, public)}->{private}/{port['Type']}")
            continue
        key = (address, port["Type"])
        group = groups.get(key)
        if group is None:
            groups[key] = [private, private]
        elif private == group[1] + 1:
            group[1] = private
        else:
            done.append(_group(key, group))
            groups[key] = [private, private]
    done += [_group(key, group) for key, group in groups.items()]
    return ", ".join(done + mappings)


def _order(port: dict[str, Any]) -> tuple[int, str, int, str]:
    return port["PrivatePort"], port.get("IP", ""), port.get("PublicPort", 0), port["Type"]


def _group(key: tuple[str, str], group: list[int]) -> str:
    address, protocol = key
    text = str(group[0]) if group[0] == group[1] else f"{group[0]}-{group[1]}"
    if address:
        text = f"{join(address, text)}->{text}"
    return f"{text}/{protocol}"


def join(address: str, port: object) -> str:
    """`address:port`, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
