"""An image of what a container changed.

The writable layer is copied while the container is frozen, then everything else is done with the copy: the layer is
told (its archive is packed again when somebody wants it), the copy becomes a snapshot on the image's own, and one
transaction makes the image count. A crash before that leaves a snapshot without an owner, which the next start removes.
"""

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from gorae.dockerfile.change import apply_changes
from gorae.engine.copyup import copy_tree
from gorae.engine.images import Image, Images
from gorae.engine.layers import chains
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.model import Container, ContainerSpec, Status
from gorae.engine.record import Record, Records
from gorae.engine.recorder import Recorder
from gorae.engine.when import rfc3339
from gorae.errors import NotFound
from gorae.oci import media_type
from gorae.oci.config import History, ImageConfig, ImageHealthcheck, RunConfig
from gorae.oci.digest import DiffId, Digest, chain_id
from gorae.oci.manifest import Descriptor
from gorae.oci.reference import Reference
from gorae.store import layers
from gorae.store.lease import Lease
from gorae.store.snapshot import SnapshotUsage
from gorae.store.store import Store
from gorae.store.tables import content

Run = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class CommitOptions:
    """What was asked for. `base`: the config to change instead of the container's own; None: that one."""

    reference: str = ""
    author: str = ""
    message: str = ""
    changes: tuple[str, ...] = ()
    pause: bool = True
    base: RunConfig | None = None


class Commits:
    """The service."""

    def __init__(
        self,
        store: Store,
        images: Images,
        recorder: Recorder,
        records: Records,
        lifecycle: Lifecycle,
        freeze: Callable[[str], None],
        thaw: Callable[[str], None],
        run: Run,
    ) -> None:
        self._store = store
        self._images = images
        self._recorder = recorder
        self._records = records
        self._lifecycle = lifecycle
        self._freeze = freeze
        self._thaw = thaw
        self._run = run

    async def commit(self, ref: str, options: CommitOptions) -> Image:
        """The image. The container is frozen for the length of the copy, unless it is asked not to be.

        Raises:
            NotFound: no such container. InvalidArgument: a bad change or name. Unavailable: the disk is full.
        """
        record = self._records.find(ref)
        name = Reference.parse(options.reference).with_default_tag() if options.reference else None
        config = run_config(record.container.spec, options)
        key = f"commit-{secrets.token_hex(8)}"
        image: Image
        try:
            await self._copy(record, key, options)
            image = await self._run(self._finish, record.container, key, config, options, name)
        except BaseException:
            await self._run(self._store.snapshots.remove, key)
            raise
        named = {"imageRef": name.familiar} if name else {}
        more = {"comment": options.message, "imageID": image.id, **named}
        self._lifecycle.publish(record, "commit", more)
        return image

    async def _copy(self, record: Record, key: str, options: CommitOptions) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(record.lock)
            if record.removed:
                raise NotFound(f"No such container: {record.id}")
            if options.pause and record.state.status is Status.RUNNING:
                await self._run(self._freeze, record.id)
                stack.push_async_callback(self._run, self._thaw, record.id)
            await self._run(self._copy_layer, record.container, key)

    def _copy_layer(self, container: Container, key: str) -> None:
        """The writable layer as one of its own on the image's layers, whiteouts and all."""
        snapshots = self._store.snapshots
        base = self._images.config(container.spec.image_id)
        chain = chains(base.diff_ids)
        snapshots.prepare(key, chain[-1] if chain else "")
        target = snapshots.upper(key)
        source_fd = os.open(snapshots.upper(container.id), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.rmdir(target)
            copy_tree(source_fd, target)
        finally:
            os.close(source_fd)

    def _finish(
        self,
        container: Container,
        key: str,
        config: RunConfig,
        options: CommitOptions,
        name: Reference | None,
    ) -> Image:
        store = self._store
        base = self._images.config(container.spec.image_id)
        with Lease(store.db) as lease:
            packed = store.layers.pack(store.snapshots.upper(key))
            added = packed.inodes > 0 or packed.size_bytes > EMPTY_ARCHIVE
            diff_ids = (*base.diff_ids, packed.diff_id) if added else base.diff_ids
            made = image_config(base, config, container, options, diff_ids, added=added)
            if added:
                chain = chain_id(diff_ids)
                store.db.write(lambda tx: lease.hold(tx, "snapshot", chain), durable=False)
                usage = SnapshotUsage(packed.content_bytes, packed.inodes)
                store.snapshots.commit(key, chain, usage=usage)
                store.db.write(lambda tx: layers.record(tx, packed, chain), durable=False)
            else:
                store.snapshots.remove(key)
            names = [name.normalized] if name else []
            self._recorder.record(made, self._blobs(diff_ids), lease, names)
        image = self._images.resolve(made.id)
        if name is not None:
            self._images.announce("tag", image, name.familiar)
        return image

    def _blobs(self, diff_ids: Sequence[DiffId]) -> list[Descriptor | None]:
        """The blob of each layer, None for one that is packed when it is wanted."""
        store = self._store

        def found(diff_id: DiffId) -> Descriptor | None:
            blobs = store.db.read(lambda tx: content.layer_blobs(tx, diff_id))
            for digest, kind in blobs:
                return Descriptor(
                    kind or media_type.DOCKER_LAYER, Digest(digest), store.content.size(digest)
                )
            return None

        return [found(one) for one in diff_ids]


EMPTY_ARCHIVE = 1024
"""Bytes of a tar without members."""


def run_config(spec: ContainerSpec, options: CommitOptions) -> RunConfig:
    """The new image's defaults: the container's own, changed. Pure. Raises: InvalidArgument: a bad change."""
    own = of_spec(spec)
    base = own if options.base is None else merged(options.base, own)
    return apply_changes(base, options.changes)


def of_spec(spec: ContainerSpec) -> RunConfig:
    """What a container is, as an image says it. Pure."""
    check = spec.health
    return RunConfig(
        user=spec.user,
        exposed_ports=spec.exposed_ports,
        env=tuple(one for one in spec.env if "=" in one),
        entrypoint=spec.entrypoint,
        cmd=spec.cmd,
        volumes=spec.volumes,
        working_dir=spec.working_dir,
        labels=dict(spec.labels),
        stop_signal=spec.stop_signal,
        healthcheck=None
        if check is None or not check.test
        else ImageHealthcheck(
            check.test,
            check.interval_ns,
            check.timeout_ns,
            check.start_period_ns,
            check.start_interval_ns,
            check.retries,
        ),
        on_build=spec.on_build,
        shell=spec.shell,
        args_escaped=spec.args_escaped,
    )


def merged(wish: RunConfig, own: RunConfig) -> RunConfig:
    """`wish`, and `own` where it says nothing. Pure."""
    named = {one.partition("=")[0] for one in wish.env}
    return replace(
        own,
        user=wish.user or own.user,
        exposed_ports=tuple(dict.fromkeys((*wish.exposed_ports, *own.exposed_ports))),
        env=(*wish.env, *(one for one in own.env if one.partition("=")[0] not in named)),
        entrypoint=wish.entrypoint or own.entrypoint,
        cmd=wish.cmd or (None if wish.entrypoint else own.cmd),
        volumes=tuple(dict.fromkeys((*wish.volumes, *own.volumes))),
        working_dir=wish.working_dir or own.working_dir,
        labels={**own.labels, **wish.labels},
        stop_signal=wish.stop_signal or own.stop_signal,
        healthcheck=wish.healthcheck or own.healthcheck,
    )


def image_config(
    base: ImageConfig,
    config: RunConfig,
    container: Container,
    options: CommitOptions,
    diff_ids: tuple[DiffId, ...],
    *,
    added: bool,
) -> ImageConfig:
    """The new image's document."""
    created = rfc3339(time.time_ns())
    spec = container.spec
    line = History(
        created=created,
        created_by=" ".join(spec.cmd or ()),
        author=options.author,
        comment=options.message,
        empty_layer=not added,
    )
    return ImageConfig.make(
        architecture=base.architecture,
        os=base.os,
        variant=base.variant,
        os_version=base.os_version,
        created=created,
        author=options.author,
        comment=options.message,
        config=config,
        diff_ids=diff_ids,
        history=(*base.history, line),
    )
