"""A tree without what its ignore file keeps out. A folder that is ignored shows when something below it is taken in again."""

from gorae.build.tree import Node, Tree
from gorae.dockerfile.ignore import ROOT, Ignore, State


class Ignored:
    """See `tree.Tree`."""

    def __init__(self, tree: Tree, ignore: Ignore) -> None:
        self._tree = tree
        self._ignore = ignore
        self._states: dict[str, State] = {"": ROOT}
        self._shown: dict[str, list[Node]] = {}

    def lstat(self, path: str) -> Node | None:
        """See Tree."""
        node = self._tree.lstat(path)
        return node if node is not None and (not path or self._is_shown(node)) else None

    def why_hidden(self, path: str) -> str:
        """Which line of which file keeps out what is there; empty when nothing does."""
        if not path or self._tree.lstat(path) is None:
            return ""
        verdict = self._ignore.match(path)
        if not verdict.ignored or verdict.rule is None:
            return ""
        return f'{self._ignore.source}:{verdict.line} ("{verdict.rule.text}") leaves it out'

    def _is_shown(self, node: Node) -> bool:
        ignored, _ = self._step(node.path)
        return not ignored or (node.is_dir and self._holds_something(node))

    def _step(self, path: str) -> tuple[bool, State]:
        ignored, state = self._ignore.step(path, self._state(path.rpartition("/")[0]))
        self._states[path] = state
        return ignored, state

    def _state(self, path: str) -> State:
        found = self._states.get(path)
        return self._step(path)[1] if found is None else found

    def _holds_something(self, node: Node) -> bool:
        return self._ignore.may_keep_below(node.path) and bool(self.children(node.path))

    def children(self, path: str) -> list[Node]:
        """See Tree."""
        found = self._shown.get(path)
        if found is None:
            state = self._state(path)
            found = []
            for node in self._tree.children(path):
                ignored, self._states[node.path] = self._ignore.step(node.path, state)
                if not ignored or (node.is_dir and self._holds_something(node)):
                    found.append(node)
            self._shown[path] = found
        return found

    def digest(self, node: Node) -> bytes:
        """See Tree."""
        return self._tree.digest(node)

    def open(self, node: Node) -> tuple[int, int]:
        """See Tree."""
        return self._tree.open(node)

    def unchanged(self, node: Node, fd: int) -> bool:
        """See Tree."""
        return self._tree.unchanged(node, fd)

    def xattrs(self, node: Node, fd: int | None) -> dict[str, bytes]:
        """See Tree."""
        return self._tree.xattrs(node, fd)
