"""Which of a container's networks leads out. Pure.

oracle: the highest priority asked for; of equals the first by name; an internal network never does. IPv4 and IPv6
are chosen each on its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """One network that a container is on; `gateway`, `gateway6`: whether it has one at all."""

    network_id: str
    name: str
    priority: int = 0
    gateway: bool = True
    gateway6: bool = False


def choose(candidates: Iterable[Candidate]) -> tuple[str, str]:
    """The ids of the networks that lead out, for IPv4 and for IPv6; empty: none."""
    order = sorted(candidates, key=lambda one: (-one.priority, one.name))
    four = next((one.network_id for one in order if one.gateway), "")
    six = next((one.network_id for one in order if one.gateway6), "")
    return four, six
