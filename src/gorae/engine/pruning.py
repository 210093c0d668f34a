"""Prunes and removals that can be undone: plan, carry out, bring back. For the event loop; blocking work runs in the pool."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from gorae.engine import layershares, pruneplan
from gorae.engine.bin import Bin, chosen
from gorae.engine.buildcache import BuildCache, Wanted
from gorae.engine.containers import Containers
from gorae.engine.images import Image, Images, Removed
from gorae.engine.ledger import Ledger
from gorae.engine.model import Container
from gorae.engine.networks import NetworkRecord, Networks
from gorae.engine.pruneplan import Plan, PlanItem
from gorae.engine.removals import Removals
from gorae.engine.volumes import Volume, Volumes
from gorae.errors import GoraeError, InvalidArgument
from gorae.store.tables.bin import BinRow

Run = Callable[..., Awaitable[Any]]
TakesContainer = Callable[[Container], bool]
TakesVolume = Callable[[Volume], bool]
TakesNetwork = Callable[[NetworkRecord], bool]


class Pruning:
    """The service."""

    def __init__(
        self,
        containers: Containers,
        removals: Removals,
        volumes: Volumes,
        images: Images,
        networks: Networks,
        build_cache: BuildCache,
        ledger: Ledger,
        bin_: Bin,
        run: Run,
    ) -> None:
        self._containers = containers
        self._removals = removals
        self._volumes = volumes
        self._images = images
        self._networks = networks
        self._build_cache = build_cache
        self._ledger = ledger
        self._bin = bin_
        self._run = run

    # plans ------------------------------------------------------------------------------------

    def kept(self) -> bool:
        """Whether what a prune takes now can be brought back; if not, the room is short and it goes at once."""
        return self._bin.takes(pruned=True)

    async def plan_containers(self, takes: TakesContainer) -> list[PlanItem]:
        """Stopped containers."""
        figures = await self._run(self._ledger.figures, "container")
        return [
            pruneplan.container_item(one, figures[one.id].size_bytes if one.id in figures else None)
            for one in self._stopped(takes)
        ]

    def _stopped(self, takes: TakesContainer) -> list[Container]:
        return pruneplan.stopped(self._containers.all(), takes, self._removals.is_restarting)

    async def plan_volumes(self, takes: TakesVolume, *, named: bool) -> list[PlanItem]:
        """Unused volumes."""
        figures = await self._run(self._ledger.figures, "volume")
        uses = await self._run(self._ledger.last_uses)
        return [
            pruneplan.volume_item(
                one,
                figures[one.name].size_bytes if one.name in figures else None,
                uses.get(("volume", one.name), 0),
                self.maker(one),
            )
            for one in self._unused(takes, named=named)
        ]

    def makers(self, volume: Volume) -> tuple[str, str]:
        """Who made an anonymous volume: the container's name, and its image's; what is gone by its id."""
        if not volume.anonymous or not volume.container_id:
            return "", ""
        try:
            container = self._containers.get(volume.container_id).name
        except GoraeError:
            container = volume.container_id[:12]
        try:
            image = self._images.resolve(volume.image_id)
        except GoraeError:
            return container, volume.image_id.partition(":")[2][:12]
        return container, next(iter(image.familiar_names), image.short_id)

    def maker(self, volume: Volume) -> str:
        """The same in words."""
        return " of ".join(one for one in self.makers(volume) if one)

    def _unused(self, takes: TakesVolume, *, named: bool) -> list[Volume]:
        usage = self._volumes.usage()
        return pruneplan.unused_volumes(self._volumes.all(), usage, takes, named=named)

    async def plan_images(self, filters: dict[str, list[str]]) -> list[PlanItem]:
        """Unused images."""
        found: list[Image] = await self._run(self._images.prunable, filters)
        uses = await self._run(self._ledger.last_uses)
        layers = await self._run(self._ledger.layers)
        every: list[Image] = await self._run(self._images.all)
        ids = {one.id for one in found}
        others = [one.chain_id for one in every if one.id not in ids]
        return [
            pruneplan.image_item(
                one,
                layershares.own_bytes([one.chain_id], others, layers),
                uses.get(("image", one.id), 0) or one.tagged_ns,
            )
            for one in found
        ]

    def plan_networks(self, takes: TakesNetwork) -> list[PlanItem]:
        """Unused networks."""
        used = {e.network_id for one in self._containers.all() for e in one.state.endpoints}
        found = pruneplan.unused_networks(self._networks.all(), used, takes)
        return [pruneplan.network_item(one) for one in found]

    async def plan_build_cache(self, wanted: Wanted) -> list[PlanItem]:
        """Records of the build cache; these never go to the bin."""
        found = await self._run(self._build_cache.chosen, wanted)
        return [pruneplan.cache_item(one) for one in found]

    async def plan(self, items: list[PlanItem]) -> Plan:
        """A plan of what was chosen; layers that several of the images share count once."""
        ids = {one.key for one in items if one.kind == "image"}
        size = sum(one.size_bytes or 0 for one in items if one.kind != "image")
        if ids:
            every: list[Image] = await self._run(self._images.all)
            layers = await self._run(self._ledger.layers)
            gone = [one.chain_id for one in every if one.id in ids]
            rest = [one.chain_id for one in every if one.id not in ids]
            size += layershares.own_bytes(gone, rest, layers)
        kept = self.kept() and not any(one.kind == "build-cache" for one in items)
        return Plan(tuple(items), size, kept)

    # prunes -----------------------------------------------------------------------------------

    async def prune_containers(
        self, takes: TakesContainer, *, batch: str = ""
    ) -> tuple[list[str], int]:
        """Remove every stopped container: ids, and the bytes that are free now."""
        kept, batch = self.kept(), batch or secrets.token_hex(8)
        items = await self.plan_containers(takes)
        removed, freed = [], 0
        for item in items:
            try:
                await self._removals.remove(item.key, batch=batch, keep=kept)
            except GoraeError:  # it was started or removed meanwhile
                continue
            removed.append(item.key)
            freed += 0 if kept else item.size_bytes or 0
        return removed, freed

    async def prune_volumes(
        self, takes: TakesVolume, *, named: bool, batch: str = ""
    ) -> tuple[list[str], int]:
        """Remove every unused volume: names, and the bytes that are free now."""
        kept, batch = self.kept(), batch or secrets.token_hex(8)
        items = await self.plan_volumes(takes, named=named)
        removed, freed = [], 0
        for item in items:
            try:
                await self._remove_volume(item.key, batch, keep=kept)
            except GoraeError:
                continue
            removed.append(item.key)
            freed += 0 if kept else item.size_bytes or 0
        return removed, freed

    async def prune_networks(self, takes: TakesNetwork, *, batch: str = "") -> list[str]:
        """Remove every unused network: names."""
        keep = self._bin.put_network(batch or secrets.token_hex(8)) if self.kept() else None
        removed = []
        for item in self.plan_networks(takes):
            try:
                await self._run(self._networks.remove, item.key, keep)
            except GoraeError:  # a container came to it meanwhile
                continue
            removed.append(item.name)
        return removed

    async def prune_images(
        self, filters: dict[str, list[str]], *, batch: str = ""
    ) -> tuple[list[Removed], int]:
        """Remove unused images: what was removed, and the bytes that are free now."""
        keep = None
        if self.kept():
            word = batch or secrets.token_hex(8)

            def keep(image: Image) -> Any:
                return self._bin.put_image(word, image)

        gone, freed = await self._run(self._images.prune, filters, keep)
        return gone, freed

    async def remove_volume(self, name: str, *, force: bool = False, batch: str = "") -> None:
        """`volume rm`. Raises: NotFound, Conflict: as `Volumes.remove`."""
        batch = batch or secrets.token_hex(8)
        await self._remove_volume(name, batch, keep=self._bin.takes(), force=force)

    async def _remove_volume(
        self, name: str, batch: str, *, keep: bool, force: bool = False
    ) -> None:
        put = self._bin.put_volume(batch) if keep else None
        await self._run(self._volumes.remove, name, force=force, keep=put)

    # undo -------------------------------------------------------------------------------------

    def entries(self) -> list[BinRow]:
        """What can be brought back, oldest first."""
        return self._bin.entries()

    async def undo(self, asked: str = "", name: str = "") -> list[tuple[str, str]]:
        """Bring back what is asked for, or what the last command took: (kind, name) of each.

        Raises:
            NotFound: it is not in the bin. Conflict: the bin is empty, or a name is taken: give a new one.
        """
        found = chosen(await self._run(self._bin.entries), asked)
        if name and len(found) > 1:
            raise InvalidArgument(
                f"--name renames one thing, {len(found)} would come back: name one of them"
            )
        asked_kind = found[0].kind
        found = self._with_volumes(found)
        order = {"image": 0, "volume": 1, "network": 2, "container": 3}
        back = []
        for row in sorted(found, key=lambda one: order[one.kind]):
            renamed = name if row.kind == asked_kind else ""
            back.append((row.kind, await self._restore(row, renamed)))
        return back

    def _with_volumes(self, found: list[BinRow]) -> list[BinRow]:
        """A container comes back with those of its volumes that lie in the bin too."""
        containers = [row for row in found if row.kind == "container"]
        wanted = {name for row in containers for name in self._bin.volumes_of(row)}
        wanted -= {row.key for row in found if row.kind == "volume"}
        latest = {row.key: row for row in self._bin.entries() if row.kind == "volume"}
        there = {one.name for one in self._volumes.all()}
        return [*found, *(latest[name] for name in wanted - there if name in latest)]

    async def _restore(self, row: BinRow, name: str) -> str:
        if row.kind == "volume":
            restored: str = await self._run(self._bin.restore_volume, row, name)
            return restored
        if row.kind == "network":
            network: str = await self._run(self._bin.restore_network, row, name)
            return network
        if row.kind == "image":
            image: str = await self._run(self._bin.restore_image, row)
            return image
        kept = self._bin.container_row(row, name)
        await self._removals.restore(kept, lambda tx: self._bin.restore_container(tx, row, kept))
        return kept.name

    async def empty(self) -> int:
        """Remove what is in the bin for good; bytes freed."""
        freed: int = await self._run(self._bin.empty)
        return freed

    async def tidy(self) -> None:
        """From time to time: what has lain too long, or takes too much."""
        await self._run(self._bin.tidy)
        await self._run(self._ledger.refresh)
