"""Images as documents. Pure."""

from typing import Any

from msgspec import UNSET

from gorae.engine.images import Image, Removed, created_ns
from gorae.oci.config import RunConfig
from gorae.wire import image as wire
from gorae.wire.container import Config, GraphDriver
from gorae.wire.timestamp import NS, rfc3339
from gorae.wire.version import ApiVersion

WITHOUT_VIRTUAL_SIZE = ApiVersion(1, 44)
WITHOUT_CONTAINER_CONFIG = ApiVersion(1, 45)
WITHOUT_EMPTY_FIELDS = ApiVersion(1, 50)
_EMPTY_FIELDS = {
    "AttachStderr": False,
    "AttachStdin": False,
    "AttachStdout": False,
    "Domainname": "",
    "Hostname": "",
    "Image": "",
    "OpenStdin": False,
    "StdinOnce": False,
    "Tty": False,
}
"""What a container's config has and an image's never uses; older clients read it."""

MISSING = "<missing>"


def summary(
    one: Image, version: ApiVersion, *, containers: int, shared_bytes: int = -1
) -> wire.ImageSummary:
    """An image's line in a list."""
    old = version < WITHOUT_VIRTUAL_SIZE
    return wire.ImageSummary(
        containers=containers,
        created=max(0, created_ns(one)) // NS,
        id=one.id,
        labels=dict(one.config.config.labels) or None,
        parent_id="",
        repo_digests=list(one.familiar_digests) or (None if old else []),
        repo_tags=list(one.familiar_names) or (None if old else []),
        shared_size=shared_bytes,
        size=one.size_bytes,
        virtual_size=one.size_bytes if old else UNSET,
    )


def inspect(one: Image, version: ApiVersion) -> wire.ImageInspect:
    """All about an image."""
    config = one.config
    older = version < WITHOUT_CONTAINER_CONFIG
    return wire.ImageInspect(
        id=one.id,
        repo_tags=list(one.familiar_names),
        repo_digests=list(one.familiar_digests),
        parent="",
        comment=config.comment or _last_comment(one),
        created=config.created or UNSET,
        container=UNSET,
        container_config=Config() if older else UNSET,
        docker_version=config.docker_version,
        author=config.author,
        architecture=config.architecture,
        variant=config.variant or UNSET,
        os=config.os,
        os_version=config.os_version or UNSET,
        size=one.size_bytes,
        virtual_size=one.size_bytes if version < WITHOUT_VIRTUAL_SIZE else UNSET,
        graph_driver=GraphDriver(None, "overlay2"),
        root_fs=wire.RootFs("layers", [str(diff_id) for diff_id in config.diff_ids] or None),
        metadata=wire.ImageMetadata(rfc3339(one.tagged_ns)),
        config=run_config(config.config, version),
    )


def _last_comment(one: Image) -> str:
    return one.config.history[-1].comment if one.config.history else ""


def run_config(config: RunConfig, version: ApiVersion) -> dict[str, Any]:
    """The config part in the order of names, as dockerd 28 has it; null for nothing."""
    found = config.to_document()
    for key in ("Cmd", "Entrypoint", "Env", "Labels", "OnBuild", "Volumes"):
        found.setdefault(key, None)
    for key in ("User", "WorkingDir"):
        found.setdefault(key, "")
    if version < WITHOUT_EMPTY_FIELDS:
        found = {**_EMPTY_FIELDS, **found}
    return dict(sorted(found.items()))


def history(one: Image, layer_sizes: list[int], created: list[int]) -> list[wire.ImageHistory]:
    """The steps of an image's making, the last one first; `created` are their times in ns."""
    steps = []
    sizes = iter(layer_sizes)
    for number, step in enumerate(one.config.history):
        size = 0 if step.empty_layer else next(sizes, 0)
        steps.append(
            wire.ImageHistory(
                comment=step.comment,
                created=max(0, created[number]) // NS,
                created_by=step.created_by,
                id=MISSING,
                size=size,
                tags=None,
            )
        )
    if not steps:
        steps.append(wire.ImageHistory("", max(0, created_ns(one)) // NS, "", MISSING, 0, None))
    steps[-1].id = one.id
    steps[-1].tags = list(one.familiar_names) or None
    return steps[::-1]


def removed(lines: list[Removed]) -> list[wire.ImageDeleted]:
    """What a removal took away."""
    return [wire.ImageDeleted(one.untagged or UNSET, one.deleted or UNSET) for one in lines]
