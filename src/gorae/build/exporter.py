"""A solved plan made an image: its config with history as BuildKit writes it, its manifest, its layers' records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gorae.build.result import Result
from gorae.build.vertex import Plan, Step
from gorae.oci import manifest as manifests
from gorae.oci import media_type
from gorae.oci.config import History, ImageConfig
from gorae.oci.digest import DiffId, Digest
from gorae.oci.manifest import Descriptor, Manifest, Platform
from gorae.store.db import Tx
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import content, layers

COMMENT = "buildkit.dockerfile.v0"


@dataclass(frozen=True, slots=True)
class Exported:
    """An image whose blobs are in the store, not yet one of its images."""

    config: ImageConfig
    manifest: Manifest
    layers: tuple[Descriptor, ...]
    chain_id: str


def image_config(
    plan: Plan,
    results: Callable[[Step], Result],
    end: Result,
    platform: Platform,
    *,
    epoch: int | None = None,
    now_ns: int = 0,
) -> ImageConfig:
    """The config of the target's image. `results` gives what a step became; `epoch` overrides all new times. Pure."""
    target = plan.target
    base = target.base.config
    lines: list[tuple[History, int | None]] = []
    for line in target.history:
        created = None
        if line.step is not None:
            created = results(line.step).created_ns
        if epoch is not None:
            created = epoch * 10**9
        entry = History(created_by=line.created_by, comment=COMMENT, empty_layer=line.step is None)
        lines.append((entry, created))
    inherited = [(one, None) for one in base.history] if base else []
    history = _dated(lines, _last_time(inherited))
    all_history = (*(one for one, _ in inherited), *history)
    made_at = history[-1].created if history else (base.created if base else "")
    if epoch is not None:
        made_at = rfc3339(epoch * 10**9)
    return ImageConfig.make(
        architecture=base.architecture if base and base.architecture else platform.architecture,
        os=base.os if base else platform.os,
        os_version=base.os_version if base else "",
        variant=base.variant if base else platform.variant,
        author=target.author,
        created=made_at or rfc3339(now_ns),
        config=target.config,
        diff_ids=end.diff_ids,
        history=all_history,
    )


def _last_time(inherited: Sequence[tuple[History, None]]) -> str:
    return next((one.created for one, _ in reversed(inherited) if one.created), "")


def _dated(lines: Sequence[tuple[History, int | None]], before: str) -> list[History]:
    """Settings are as old as the layer before them; those before the first new layer as that one."""
    first = next((created for _, created in lines if created is not None), None)
    at = rfc3339(first) if first is not None else before
    found = []
    for entry, created in lines:
        if created is not None:
            at = rfc3339(created)
        found.append(replace(entry, created=at))
    return found


def rfc3339(time_ns: int) -> str:
    """UTC with as many digits of a second as are needed, as Go writes it."""
    seconds, rest = divmod(time_ns, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{text}{fraction}Z"


def export(store: Store, config: ImageConfig, chain_id: str, lease: Lease) -> Exported:
    """Config and manifest as blobs, held by the lease; everything of the layers on the disk.

    Raises:
        Unavailable: the disk is full.
    """
    found = tuple(layer(store, diff_id) for diff_id in config.diff_ids)
    store.content.put(config.raw, lease)
    descriptor = Descriptor(media_type.DOCKER_CONFIG, config.id, len(config.raw))
    manifest = manifests.make_manifest(descriptor, found, media_type.DOCKER_MANIFEST)
    store.content.put(manifest.raw, lease)
    store.snapshots.sync_committed()
    return Exported(config, manifest, found, chain_id)


def layer(store: Store, diff_id: DiffId) -> Descriptor:
    """How a layer stands in a manifest: the blob that is here, else its plain archive, which can be made."""

    def read(tx: Tx) -> Descriptor | None:
        blobs = content.layer_blobs(tx, diff_id)
        if blobs:
            digest, kind = blobs[0]
            return Descriptor(kind, Digest(digest), content.size(tx, digest) or 0)
        sources = layers.get(tx, diff_id)
        if sources:
            return Descriptor(media_type.DOCKER_LAYER, Digest(diff_id), sources[0].size_bytes)
        return None

    found = store.db.read(read)
    if found is None:
        return Descriptor(
            media_type.DOCKER_LAYER, store.layers.blob(diff_id), store.content.size(diff_id)
        )
    return found


def record(tx: Tx, exported: Exported) -> None:
    """In the image's own transaction: what its manifest keeps alive."""
    digest = exported.manifest.digest
    content.add_edge(tx, digest, exported.config.id)
    for one in exported.layers:
        content.add_edge(tx, digest, one.digest)
