"""Events as documents; `status`, `id` and `from` repeat what older clients read."""

from msgspec import Struct, UnsetType, field


class Actor(Struct, rename="pascal"):
    """The object."""

    id: str = field(name="ID")
    attributes: dict[str, str]


class Event(Struct):
    """One event. `time` in seconds, `time_nano` in ns."""

    status: str | UnsetType
    id: str | UnsetType
    from_image: str | UnsetType = field(name="from")
    type: str = field(name="Type")
    action: str = field(name="Action")
    actor: Actor = field(name="Actor")
    scope: str
    time: int
    time_nano: int = field(name="timeNano")
