"""What `GET /gorae/images/{name}/leaks` streams: a JSON document a line, each with one field.

{"Leak": {...}}      a secret that was found
{"Layer": {...}}     a layer was looked through
{"Summary": {...}}   the last line; a stream without it broke off
"""

from msgspec import Struct, field


class Hidden(Struct, rename="pascal"):
    """The later layer that takes a file out of sight: `how` is deleted or replaced."""

    layer: int
    how: str
    created_by: str = ""


class Leak(Struct, rename="pascal", omit_defaults=True):
    """`place`: history, env, label or layer. `path`: the file, or the variable's or label's name. `excerpt`: the first
    characters, at most four; the rest of a value is never told. `layer`: from 1, the lowest.
    """

    place: str
    what: str
    excerpt: str
    path: str = ""
    line: int = 0
    layer: int = 0
    diff_id: str = field(default="", name="DiffID")
    created_by: str = ""
    hidden: Hidden | None = None


class Layer(Struct, rename="pascal"):
    """How far it is."""

    number: int
    of: int


class Summary(Struct, rename="pascal"):
    """Sizes in bytes."""

    id: str = field(name="ID")
    layers: int
    files: int
    size: int
    leaks: int


class Line(Struct, rename="pascal", omit_defaults=True):
    """One line: one of them."""

    leak: Leak | None = None
    layer: Layer | None = None
    summary: Summary | None = None
