"""`RUN --mount=type=…,key=value,…` as a value.

bind     from, source, target, readwrite                    (read-only unless said)
cache    id, target, sharing, from, source, mode, uid, gid, readonly
tmpfs    target, size
secret   id | source, target, env, required, mode, uid, gid
ssh      id, target, required, mode, uid, gid
"""

import csv
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace

from gorae.dockerfile.ignore import cleaned
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.suggest import with_suggestion
from gorae.errors import SyntaxFault

TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
SHARING = ("shared", "private", "locked")
_KEYS = (
    "type", "from", "source", "target", "readonly", "id", "sharing", "required", "size", "mode", "uid", "gid",
    "src", "dst", "destination", "ro", "rw", "readwrite", "env",
)  # fmt: skip
_MAX_32 = 2**32 - 1
_UNITS = {"": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}

Expander = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class RunMount:
    """One mount; None and empty mean: not given. `env` "" is the secret's own name as the variable's."""

    type: str = "bind"
    source: str = ""
    target: str = ""
    from_: str = ""
    readonly: bool | None = None
    id: str = ""
    sharing: str = ""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    size_bytes: int = 0
    required: bool = False
    env: str | None = None

    @property
    def is_readonly(self) -> bool:
        """What was said, or what is usual for the type."""
        return self.type not in ("cache", "tmpfs") if self.readonly is None else self.readonly


def parse_mount(text: str, expand: Expander) -> RunMount:
    """The mount that a flag's value describes.

    Raises:
        SyntaxFault: with BuildKit's sentence.
    """
    mount = RunMount()
    for option in fields_of(text, "mounts"):
        key, equals, value = option.partition("=")
        key = key.lower()
        if equals:
            mount = _with_value(mount, key, expand(value), option)
        else:
            mount = _with_word(mount, key, option)
    return _checked(mount)


def check_target(mount: RunMount, workdir: str) -> str:
    """Where the mount goes, absolute; empty where its type has a place of its own for it.

    Raises:
        SyntaxFault: the root, or a source that an ssh mount does not have.
    """
    if mount.type == "ssh" and mount.source:
        raise SyntaxFault("ssh does not support source")
    if mount.type in ("secret", "ssh"):
        return posixpath.join(workdir, mount.target) if mount.target else ""
    target = cleaned(posixpath.join("/", workdir, mount.target))
    if target == "/":
        raise SyntaxFault('invalid mount target "/"')
    return target


def from_of(text: str) -> str:
    """The `from` of a flag's value, before anything is expanded: the graph of stages needs it.

    Raises:
        SyntaxFault: a variable in it.
    """
    found = ""
    for option in fields_of(text, "mounts"):
        key, equals, value = option.partition("=")
        if equals and key.lower() == "from":
            if "$" in value[:-1]:
                raise SyntaxFault(
                    "'from' doesn't support variable expansion, define alias stage instead"
                )
            found = value
    return found


def fields_of(text: str, what: str) -> list[str]:
    """The fields of one comma-separated line. Raises: SyntaxFault: quotes out of place."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise SyntaxFault(f"failed to parse csv {what}: {error}") from None
    if len(rows) != 1:
        raise SyntaxFault(f"failed to parse csv {what}: wanted one line")
    return rows[0]


def _with_word(mount: RunMount, key: str, option: str) -> RunMount:
    if key in ("readonly", "ro"):
        return replace(mount, readonly=True)
    if key in ("readwrite", "rw"):
        return replace(mount, readonly=False)
    if key == "required":
        _need_type(mount, key, "secret", "ssh")
        return replace(mount, required=True)
    raise SyntaxFault(f"invalid field '{option}' must be a key=value pair")


def _with_value(mount: RunMount, key: str, value: str, option: str) -> RunMount:
    match key:
        case "type":
            return replace(mount, type=_one_of(value, TYPES, "mount type"))
        case "from":
            return replace(mount, from_=value)
        case "source" | "src":
            return replace(mount, source=value)
        case "target" | "dst" | "destination":
            return replace(mount, target=value)
        case "readonly" | "ro":
            return replace(mount, readonly=truth(value, key))
        case "readwrite" | "rw":
            return replace(mount, readonly=not truth(value, key))
        case "required":
            _need_type(mount, key, "secret", "ssh")
            return replace(mount, required=truth(value, key))
        case "size":
            _need_type(mount, key, "tmpfs")
            return replace(mount, size_bytes=_size(value))
        case "id":
            return replace(mount, id=value)
        case "sharing":
            return replace(mount, sharing=_one_of(value, SHARING, "sharing value"))
        case "mode":
            return replace(mount, mode=_number(value, 8, key))
        case "uid":
            return replace(mount, uid=_number(value, 10, key))
        case "gid":
            return replace(mount, gid=_number(value, 10, key))
        case "env":
            return replace(mount, env=value)
        case _:
            raise SyntaxFault(with_suggestion(f"unexpected key '{key}' in '{option}'", key, _KEYS))


def _checked(mount: RunMount) -> RunMount:
    if mount.type not in ("secret", "ssh", "cache"):
        for key, value in (("mode", mount.mode), ("uid", mount.uid), ("gid", mount.gid)):
            if value is not None:
                raise SyntaxFault(f'{key} not allowed for "{mount.type}" type mounts')
    if mount.type == "secret":
        if mount.from_:
            raise SyntaxFault("secret mount should not have a from")
        if mount.sharing:
            raise SyntaxFault("secret mount should not define sharing")
        if not (mount.source or mount.target or mount.id):
            raise SyntaxFault("invalid secret mount. one of source, target required")
        if mount.source and mount.id:
            raise SyntaxFault("both source and id can't be set")
    if mount.sharing and mount.type != "cache":
        raise SyntaxFault(f"invalid cache sharing set for {mount.type} mount")
    return mount


def _need_type(mount: RunMount, key: str, *types: str) -> None:
    if mount.type not in types:
        raise SyntaxFault(f"unexpected key '{key}' for mount type '{mount.type}'")


def _one_of(value: str, names: tuple[str, ...], what: str) -> str:
    if value.lower() in names:
        return value.lower()
    raise SyntaxFault(with_suggestion(f"unsupported {what} {quoted(value)}", value, names))


def truth(value: str, key: str) -> bool:
    """Go's booleans. Raises: SyntaxFault."""
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise SyntaxFault(f"invalid value for {key}: {value}")


def _number(value: str, radix: int, key: str) -> int:
    digits = "01234567" if radix == 8 else "0123456789"
    if 0 < len(value) <= 12 and all(char in digits for char in value):
        number = int(value, radix)
        if number <= _MAX_32:
            return number
    raise SyntaxFault(f"invalid value {value} for {key}")


def _size(value: str) -> int:
    """`64m`, `1.5gb`, `10 KiB`: powers of 1024."""
    text = value.strip(" ")
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    unit = text[len(number) :].lower()
    number = number.removesuffix(" ")
    if unit != "b":
        unit = unit.removesuffix("b").removesuffix("i")
    whole, dot, part = number.partition(".")
    if (
        unit in _UNITS
        and len(number) <= 20
        and whole.isascii()
        and whole.isdigit()
        and (not dot or (part.isascii() and part.isdigit()))
    ):
        return int(float(number) * (1 << _UNITS[unit]))
    raise SyntaxFault(f"invalid value for size: {value}")
