"""Volumes as documents, and which of them a list's filters take. Pure."""

from msgspec import UNSET

from gorae.engine.volumes import Volume
from gorae.wire import volume as wire
from gorae.wire.filters import Filters
from gorae.wire.timestamp import rfc3339_seconds

FILTERS = ("dangling", "driver", "label", "name")


def document(one: Volume, usage: tuple[int, int] | None = None) -> wire.Volume:
    """A volume; `usage` is (containers, bytes)."""
    return wire.Volume(
        created_at=rfc3339_seconds(one.created_ns),
        driver=one.driver,
        labels=dict(one.labels) or None,
        mountpoint=one.path,
        name=one.name,
        options=dict(one.options) or None,
        usage_data=UNSET if usage is None else wire.VolumeUsage(*usage),
    )


def takes(filters: Filters, one: Volume, *, used: bool) -> bool:
    """Whether a list's filters fit."""
    return (
        filters.any("name", lambda value: value in one.name)
        and filters.exact("driver", one.driver)
        and filters.labels(one.labels)
        and ("dangling" not in filters or filters.flag("dangling", default=False) != used)
    )
