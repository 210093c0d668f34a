"""The options of a tmpfs: which docker lets through. Pure. Source: tmpfs(5), mount(8)"""

from collections.abc import Iterable

from gorae.errors import InvalidArgument

_FLAGS = frozenset(
    [
        "defaults",
        "ro",
        "rw",
        "suid",
        "nosuid",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "sync",
        "async",
        "dirsync",
        "remount",
        "mand",
        "nomand",
        "atime",
        "noatime",
        "diratime",
        "nodiratime",
        "bind",
        "rbind",
        "unbindable",
        "runbindable",
        "private",
        "rprivate",
        "shared",
        "rshared",
        "slave",
        "rslave",
        "relatime",
        "norelatime",
        "strictatime",
        "nostrictatime",
    ]
)
_VALUES = frozenset(("mode", "size", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"))


def check(options: Iterable[str]) -> None:
    """Raises: InvalidArgument: a word that means nothing to a tmpfs."""
    for option in options:
        name, equals, _ = option.partition("=")
        if option not in _FLAGS and not (equals and name in _VALUES):
            raise InvalidArgument(f'invalid tmpfs option "{option}"')
