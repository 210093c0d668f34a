"""What every kind of cgroup tree must do, whoever stands behind it."""

from abc import ABC, abstractmethod

import pytest

from gorae.errors import NotFound
from gorae.linux.cgroup import Cgroups


class CgroupSuite(ABC):
    """Subclasses provide `tree` and `make` as fixtures' results by overriding the two methods."""

    @abstractmethod
    def tree(self) -> Cgroups:
        """The tree under test."""

    @abstractmethod
    def make(self, path: str) -> None:
        """A new, empty cgroup."""

    def test_what_is_not_there(self) -> None:
        tree = self.tree()
        with pytest.raises(NotFound):
            tree.stats("/gorae-suite/none")
        assert tree.pids("/gorae-suite/none") == ()
        assert tree.oom_kills("/gorae-suite/none") == 0
        assert tree.children("/gorae-suite/none") == ()
        tree.remove("/gorae-suite/none")

    def test_a_new_one_is_empty(self) -> None:
        self.make("/gorae-suite/one")
        tree = self.tree()
        stats = tree.stats("/gorae-suite/one")
        assert stats.unified == (tree.mode == "v2")
        assert (stats.pids, stats.memory.usage_bytes, stats.block_bytes) == (0, 0, ())
        assert tree.pids("/gorae-suite/one") == ()
        assert tree.oom_kills("/gorae-suite/one") == 0

    def test_children_and_removal_of_all_below(self) -> None:
        for path in ("/gorae-suite/one/deep/er", "/gorae-suite/two"):
            self.make(path)
        tree = self.tree()
        assert tree.children("/gorae-suite") == ("one", "two")
        tree.remove("/gorae-suite")
        assert tree.children("/gorae-suite") == ()

    def test_freeze_and_thaw(self) -> None:
        self.make("/gorae-suite/one")
        tree = self.tree()
        assert not tree.is_frozen("/gorae-suite/one")
        tree.freeze("/gorae-suite/one", frozen=True)
        assert tree.is_frozen("/gorae-suite/one")
        tree.freeze("/gorae-suite/one", frozen=False)
        assert not tree.is_frozen("/gorae-suite/one")
