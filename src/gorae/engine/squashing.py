"""`--squash`: one layer of all that differs from the base image; blocking.

The layers are carried out again, one after the other, in a state on the base: the kernel keeps the difference. History
keeps its lines, as docker's experimental squash did: those of the build without layers, and one of the merge.
"""

import time
from dataclasses import replace
from pathlib import Path

from gorae.build.exporter import rfc3339
from gorae.build.result import Cache, Result, extended
from gorae.build.session import Session
from gorae.build.vertex import Base
from gorae.build.workspace import Workspaces
from gorae.engine.layers import Layers
from gorae.oci.config import History, ImageConfig
from gorae.oci.digest import DiffId
from gorae.store.archive.apply import Form, apply_layer
from gorae.store.archive.pack import pack_layer
from gorae.store.store import Store


class Squashing:
    """The service."""

    def __init__(self, store: Store, layers: Layers, workspaces: Workspaces, cache: Cache) -> None:
        self._store = store
        self._layers = layers
        self._workspaces = workspaces
        self._cache = cache

    def squash(
        self, config: ImageConfig, end: Result, base: Base, session: Session
    ) -> tuple[ImageConfig, Result]:
        """The image of one layer above its base; the same where it adds none.

        Raises:
            Unavailable: the disk is full. Cancelled.
        """
        below = tuple(DiffId(one) for one in base.diff_ids)
        added = config.diff_ids[len(below) :]
        if not added:
            return config, end
        with self._workspaces.prepare(base.chain_id) as place:
            for diff_id in added:
                session.cancel.check()
                self._carry_out(diff_id, place.rootfs, session)
            self._workspaces.leave(place)
            packed = pack_layer(self._workspaces.upper(place))
            chain = extended(base.chain_id, packed.diff_id)
            self._cache.commit(place.key, packed, chain, session.lease)
        diff_ids = (*below, packed.diff_id)
        made = replace(
            config,
            diff_ids=diff_ids,
            history=_merged(config, base, session.epoch),
            created=_now(session.epoch),
        ).encoded()
        return made, replace(
            end, chain_id=chain, diff_ids=diff_ids, size_bytes=packed.content_bytes
        )

    def _carry_out(self, diff_id: DiffId, rootfs: Path, session: Session) -> None:
        blob = self._layers.archive(diff_id, session.lease)
        with self._store.content.open(blob) as file:
            apply_layer(file, rootfs, form=Form.COPY)


def _now(epoch: int | None) -> str:
    return rfc3339(time.time_ns() if epoch is None else epoch * 10**9)


def _merged(config: ImageConfig, base: Base, epoch: int | None) -> tuple[History, ...]:
    """Source: moby, daemon/images/image_squash.go."""
    count = len(base.config.history) if base.config else 0
    lines = [replace(one, empty_layer=True) for one in config.history[count:]]
    comment = (
        f"merge {config.id} to {base.identity}" if base.identity else f"create new from {config.id}"
    )
    merge = History(created=_now(epoch), comment=comment)
    return (*config.history[:count], *lines, merge)
