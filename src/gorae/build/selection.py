"""What the sources of a COPY or ADD take from a tree, and the digest that stands for it in the cache's key.

The listing has one line for each file: path, type and mode, owner, and the content's digest, a link's target or a
device's number; times are left out, as docker leaves them out. The top of a copied directory has no line of its own,
since only what it holds is copied.
"""

import hashlib
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gorae.build.ignored import Ignored
from gorae.build.tree import Node, Tree, clean, is_wild, matches, resolve
from gorae.errors import InvalidArgument, NotFound

MAX_FILES = 2_000_000
MAX_DEPTH = 400
Excluded = Callable[[str, bool], bool]
"""(path relative to the source's root, is a directory) -> leave it out."""


@dataclass(slots=True)
class Taken:
    """One source that was found. `name`: what it is called where it goes; `parents`: the folders to be made there
    first (of --parents), with what they are like; `nodes`: (path relative to the top, file), a directory before what
    it holds; of a single file the path is empty.
    """

    top: Node
    name: str
    nodes: list[tuple[str, Node]]
    parents: tuple[tuple[str, Node], ...] = ()


def select(
    tree: Tree,
    sources: Sequence[str],
    *,
    excluded: Excluded | None = None,
    parents: bool = False,
) -> list[Taken]:
    """Everything that the sources mean, in their order.

    Raises:
        NotFound: one is not there, with BuildKit's sentence. InvalidArgument: a malformed pattern, or too many files.
    """
    found: list[Taken] = []
    for source in sources:
        paths = matches(tree, source.replace("/./", "/") if parents else source, deep=parents)
        for path in paths:
            top = resolve(tree, path)
            if top is None:
                raise NotFound(f'"/{clean(source)}": not found{_why(tree, path)}')
            found.append(_taken(tree, source, path, top, excluded, parents=parents))
        if not paths and is_wild(source):
            continue
    return found


def _why(tree: Tree, path: str) -> str:
    """What keeps a source out of its context, when it is there all the same."""
    why = tree.why_hidden(clean(path)) if isinstance(tree, Ignored) else ""
    return f": {why}" if why else ""


def _taken(
    tree: Tree, source: str, path: str, top: Node, excluded: Excluded | None, *, parents: bool
) -> Taken:
    name = path.rpartition("/")[2]
    nodes = list(_below(tree, top, excluded)) if top.is_dir else [("", top)]
    if not parents:
        return Taken(top, name, nodes)
    kept = _kept_path(source, path)
    above = kept.split("/") if top.is_dir else kept.split("/")[:-1]
    stem = clean(path)[: len(clean(path)) - len(kept)]
    made = []
    for end in range(1, len(above) + 1):
        part = "/".join(above[:end])
        node = resolve(tree, stem + part) if part else None
        if node is not None:
            made.append((part, node))
    return Taken(top, kept, nodes, tuple(made))


def _kept_path(source: str, path: str) -> str:
    """The part of a path that --parents keeps: all, or what follows the source's `/./`."""
    before, pivot, _ = source.partition("/./")
    if not pivot:
        return clean(path)
    depth = len([part for part in clean(before).split("/") if part])
    return "/".join(clean(path).split("/")[depth:])


def _below(tree: Tree, top: Node, excluded: Excluded | None) -> Iterator[tuple[str, Node]]:
    """Everything below, a folder before what it holds; one that is excluded comes before what of it is taken again."""
    stack: list[tuple[str, Node | None, Iterator[Node]]] = [
        ("", None, iter(tree.children(top.path)))
    ]
    cut = len(top.path) + 1 if top.path else 0
    count = 0
    while stack:
        node = next(stack[-1][2], None)
        if node is None:
            stack.pop()
            continue
        rel = node.path[cut:]
        count += 1
        if count > MAX_FILES or len(stack) > MAX_DEPTH:
            raise InvalidArgument(f'"/{top.path}" holds too many files or folders in each other')
        left_out = excluded is not None and excluded(rel, node.is_dir)
        if not left_out:
            for at, (path, waiting, children) in enumerate(stack):
                if waiting is not None:
                    yield path, waiting
                    stack[at] = (path, None, children)
            if not stat.S_ISSOCK(node.mode):
                yield rel, node
        if node.is_dir:
            stack.append((rel, node if left_out else None, iter(tree.children(node.path))))


def listing(tree: Tree, taken: Iterable[Taken]) -> list[str]:
    """The lines of all that was taken; contents are read where their digests are not known.

    Raises:
        Conflict: a file changed meanwhile.
    """
    lines: list[str] = []
    for one in taken:
        top = one.top.path
        for _, node in one.parents:
            lines.append(_line(node, ""))
        for _, node in one.nodes:
            if stat.S_ISREG(node.mode):
                what = (node.digest or tree.digest(node)).hex()
            elif stat.S_ISLNK(node.mode):
                what = node.link
            elif node.rdev:
                what = str(node.rdev)
            else:
                what = ""
            lines.append(_line(node, what))
        if one.top.is_file and one.name != top.rpartition("/")[2]:
            lines.append(f"{one.name}\0as\0{top}")
    return lines


def _line(node: Node, what: str) -> str:
    return f"{node.path}\0{node.mode:o} {node.uid} {node.gid}\0{what}"


def digest_of(lines: Sequence[str]) -> str:
    """The name of a listing."""
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def packed(lines: Sequence[str]) -> bytes:
    """A listing to be kept: contents by their first eight bytes."""
    short = []
    for line in lines:
        path, meta, what = line.split("\0", 2)
        short.append(f"{path}\0{meta}\0{what[:16]}")
    return zlib.compress("\n".join(short).encode("utf-8", "surrogateescape"), 1)


def unpacked(data: bytes) -> dict[str, str]:
    """What was kept: path -> the rest of its line."""
    text = zlib.decompress(data).decode("utf-8", "surrogateescape")
    pairs = (line.partition("\0") for line in text.split("\n") if line)
    return {path: rest for path, _, rest in pairs}
