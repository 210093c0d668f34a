"""What imported caches offer a build: results by their keys, whose layers come when they are wanted.

That a key leads to a layer is believed, as of every cache; nothing else is. A record's parts must give its key, a
layer's bytes its digest and its files its diff id. What does not is refused with all that came from the same place.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from gorae.build import cachekey
from gorae.build.cancel import Cancel
from gorae.build.stacking import Stacking
from gorae.errors import InvalidArgument
from gorae.oci.cacheconfig import CacheConfig, CacheLayer, CacheRecord
from gorae.oci.digest import ChainId
from gorae.store.lease import Lease

Bring = Callable[[CacheLayer, Lease, Cancel], str]
"""A layer's blob into the store, held; its digest. Raises: GoraeError: it cannot be had, or is not what it says."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One result that can be had from `place`."""

    record: CacheRecord
    layer: CacheLayer
    place: str
    bring: Bring


class Offers:
    """Of one build; thread-safe."""

    def __init__(self, stacking: Stacking) -> None:
        self._stacking = stacking
        self._by_key: dict[str, Offer] = {}
        self._lock = threading.Lock()

    def add(self, config: CacheConfig, place: str, bring: Bring) -> None:
        """Raises: InvalidArgument: a record whose parts do not give its key; nothing is added."""
        fresh: dict[str, Offer] = {}
        for one in config.records:
            if cachekey.key_of(one.parts) != one.key:
                raise InvalidArgument(f'the record "{one.key}" is not of the parts that it names')
            offer = Offer(one, config.layers[one.layer], place, bring)
            for key in (one.key, *one.aliases):
                fresh.setdefault(key, offer)
        with self._lock:
            self._by_key = fresh | self._by_key

    def find(self, key: str) -> Offer | None:
        """What stands for a key or an alias."""
        return self._by_key.get(key)

    def refuse(self, place: str) -> None:
        """Take nothing more from there."""
        with self._lock:
            self._by_key = {key: one for key, one in self._by_key.items() if one.place != place}

    def take(self, offer: Offer, parent: str, lease: Lease, cancel: Cancel) -> ChainId:
        """The state of the layer on `parent`, here and held. Raises: GoraeError: see `Bring`, `Stacking.unpack`."""
        blob = offer.bring(offer.layer, lease, cancel)
        return self._stacking.unpack(blob, offer.layer.diff_id, parent, lease)
