"""Opening below a directory that a stranger filled."""

import os
from pathlib import Path

import pytest

from gorae.errors import KernelError
from gorae.linux import fd as fds


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """root/ with links that lead out, beside a secret."""
    (tmp_path / "secret").write_text("no")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "name").write_text("yes")
    (root / "absolute").symlink_to(tmp_path / "secret")
    (root / "climbing").symlink_to("../../../../../etc/name")
    (root / "loop").symlink_to("loop")
    return root


def test_links_are_resolved_below_the_root(tree: Path) -> None:
    with fds.open_root(str(tree)) as root_fd:
        assert fds.read_in_root(root_fd, "/climbing", 100) == b"yes"
        assert fds.read_in_root(root_fd, "absolute", 100) is None
        assert fds.read_in_root(root_fd, "../secret", 100) is None


def test_only_regular_files_are_read_and_only_so_far(tree: Path) -> None:
    os.mkfifo(tree / "fifo")
    with fds.open_root(str(tree)) as root_fd:
        assert fds.read_in_root(root_fd, "etc", 100) is None
        assert fds.read_in_root(root_fd, "fifo", 100) is None
        assert fds.read_in_root(root_fd, "etc/name", 2) == b"ye"


def test_a_loop_is_the_kernels_error(tree: Path) -> None:
    with fds.open_root(str(tree)) as root_fd, pytest.raises(KernelError) as caught:
        fds.read_in_root(root_fd, "loop", 100)
    assert caught.value.syscall == "openat2"


def test_beneath_refuses_what_leaves_and_magic_links_are_refused_always(tree: Path) -> None:
    with fds.open_root(str(tree)) as root_fd:
        with pytest.raises(KernelError):
            fds.openat2(root_fd, "climbing", os.O_RDONLY, resolve=fds.RESOLVE_BENEATH)
    with fds.open_root("/proc/self") as proc_fd, pytest.raises(KernelError):
        fds.openat2(proc_fd, "cwd", os.O_RDONLY)


def test_descriptors_are_close_on_exec(tree: Path) -> None:
    with fds.open_root(str(tree)) as root_fd:
        fd = fds.openat2(root_fd, "etc", os.O_RDONLY | os.O_DIRECTORY)
        assert not os.get_inheritable(fd)
        os.close(fd)
