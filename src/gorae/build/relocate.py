"""A context once more, as another machine might have it: in another folder, its files made in another order and at
another time; blocking.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gorae.build import selection
from gorae.build.copying import Writer
from gorae.build.folder import Folder
from gorae.build.ignored import Ignored
from gorae.build.selection import Taken
from gorae.build.session import ContextTree
from gorae.build.tree import Node

SHIFT_NS = 86_400_000_000_000 + 7_000_000_000
"""A day and seven seconds earlier."""


def relocated(
    given: ContextTree, place: Path, check: Callable[[], None], closing: ExitStack
) -> ContextTree:
    """What is left of a context by its ignore rules, copied to a new folder `place`; open until `closing` ends."""
    tree = given.tree
    if given.ignore is not None and given.ignore.rules:
        tree = Ignored(tree, given.ignore)
    place.mkdir(parents=True, mode=0o755)
    root_fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    closing.callback(os.close, root_fd)
    writer = Writer(root_fd, check=check)
    try:
        for taken in selection.select(tree, ["/"]):
            writer.copy(tree, _shifted(taken), "/")
    finally:
        writer.close()
    return ContextTree(Folder(root_fd, as_root=given.folder is not None), given.ignore)


def _shifted(taken: Taken) -> Taken:
    """Folders first, then the files from the last to the first."""
    nodes = [(rel, _earlier(node)) for rel, node in taken.nodes]
    folders = [pair for pair in nodes if pair[1].is_dir]
    files = [pair for pair in nodes if not pair[1].is_dir]
    return replace(taken, nodes=[*folders, *reversed(files)])


def _earlier(node: Node) -> Node:
    return replace(node, mtime_ns=node.mtime_ns - SHIFT_NS)
