"""How much of an image is its own and how much it shares. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shares:
    """Bytes of layers: in all, each once; and by image those that others have too."""

    total_bytes: int
    shared_bytes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer and the one below it."""

    parent: str
    size_bytes: int


def stack(top: str, layers: Mapping[str, Layer]) -> list[str]:
    """The layers of an image, the upper ones first."""
    found = []
    while top and top in layers:
        found.append(top)
        top = layers[top].parent
    return found


def shares(tops: Mapping[str, str], layers: Mapping[str, Layer]) -> Shares:
    """`tops`: the uppermost layer of each image."""
    stacks = {image: stack(top, layers) for image, top in tops.items()}
    users = Counter(layer for one in stacks.values() for layer in one)
    shared = {
        image: sum(layers[layer].size_bytes for layer in one if users[layer] > 1)
        for image, one in stacks.items()
    }
    return Shares(sum(layers[layer].size_bytes for layer in users), shared)


def own_bytes(tops: Iterable[str], others: Iterable[str], layers: Mapping[str, Layer]) -> int:
    """Bytes of layers that only `tops` have: what goes when they go."""
    kept = {layer for top in others for layer in stack(top, layers)}
    gone = {layer for top in tops for layer in stack(top, layers)} - kept
    return sum(layers[layer].size_bytes for layer in gone)
