"""Events as documents, and which of them a subscriber wants. Pure."""

from msgspec import UNSET

from gorae.engine.model import Event
from gorae.wire import event as wire
from gorae.wire.filters import Filters
from gorae.wire.timestamp import NS

_LEGACY_KINDS = ("container", "image")


def document(one: Event) -> wire.Event:
    """An event; containers and images have the older fields too."""
    legacy = one.kind in _LEGACY_KINDS
    image = one.attributes.get("image", "")
    return wire.Event(
        status=one.action if legacy else UNSET,
        id=one.id if legacy else UNSET,
        from_image=image if one.kind == "container" and image else UNSET,
        type=one.kind,
        action=one.action,
        actor=wire.Actor(one.id, dict(one.attributes)),
        scope=one.scope,
        time=one.time_ns // NS,
        time_nano=one.time_ns,
    )


def takes(filters: Filters, one: Event) -> bool:
    """Whether a subscriber's filters fit.

    An object is named by id, its name, or their beginnings; `image` and `event` also without tag
    and detail. oracle: a filter by name leaves out what is another thing's event about it.
    """
    return (
        filters.any("event", lambda value: _is_action(value, one.action))
        and filters.exact("type", one.kind)
        and filters.exact("scope", one.scope)
        and filters.labels(one.attributes)
        and all(
            _names(filters, kind, one)
            for kind in ("container", "volume", "network", "daemon", "plugin", "image")
        )
    )


def _is_action(wanted: str, action: str) -> bool:
    """`exec_create` takes `exec_create: sh -c ls`, `health_status` every health."""
    return wanted == action or action.partition(":")[0] == wanted


def _names(filters: Filters, kind: str, one: Event) -> bool:
    values = filters.values(kind)
    if not values:
        return True
    if kind == "image":
        return any(_is_image(value, one) for value in values)
    name = one.attributes.get("name", "")
    return any(
        one.id.startswith(value) or name.startswith(value.removeprefix("/")) for value in values
    )


def _is_image(value: str, one: Event) -> bool:
    name = one.attributes.get("name" if one.kind == "image" else "image", "")
    return value in (one.id, name, name.rpartition(":")[0])
