"""Real mounts of overlays, by context and by the option string of older kernels."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gorae.errors import KernelError
from gorae.linux import mount as mounts
from gorae.linux.mount import Mount

pytestmark = pytest.mark.root


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """An empty directory on which nothing is left mounted."""
    path = tmp_path / "target"
    path.mkdir()
    yield path
    while mounts.is_mount_point(str(path)):
        mounts.umount2(str(path), mounts.MNT_DETACH)


def overlay(root: Path, layers: int) -> Mount:
    """`layers` directories, each with a file of its number, below one upper."""
    for number in range(layers):
        (root / str(number)).mkdir(parents=True)
        (root / str(number) / f"file{number}").write_text(str(number))
    for name in ("upper", "work"):
        (root / name).mkdir()
    lowers = [f"lowerdir+={root / str(number)}" for number in reversed(range(layers))]
    return Mount(
        "overlay",
        "overlay",
        (*lowers, f"upperdir={root / 'upper'}", f"workdir={root / 'work'}", "index=off"),
    )


@pytest.mark.parametrize("folder", ["short", "a" * 250])
def test_a_detached_overlay_is_written_and_never_seen(tmp_path: Path, folder: str) -> None:
    one = overlay(tmp_path / folder, 2)
    before = Path("/proc/self/mounts").read_text()
    with mounts.detached(one) as root_fd:
        assert Path("/proc/self/mounts").read_text() == before
        os.mkdir("made", dir_fd=root_fd)
        assert {"file0", "file1", "made"} <= set(os.listdir(root_fd))
    assert (tmp_path / folder / "upper" / "made").is_dir()


def test_a_detached_bind_too(tmp_path: Path) -> None:
    before = Path("/proc/self/mounts").read_text()
    with mounts.detached(Mount("bind", str(tmp_path), ("rw",))) as root_fd:
        assert Path("/proc/self/mounts").read_text() == before
        os.mkdir("made", dir_fd=root_fd)
    assert (tmp_path / "made").is_dir()


def by_context(one: Mount, target: Path) -> None:
    mounts.mount_all([one], str(target))


def by_option_string(one: Mount, target: Path) -> None:
    mounts._mount_by_short_names(one, str(target))


@pytest.mark.parametrize("perform", [by_context, by_option_string])
@pytest.mark.parametrize("layers", [1, 2, 128])
def test_an_overlay_shows_all_its_layers(
    tmp_path: Path, target: Path, perform: Callable[[Mount, Path], None], layers: int
) -> None:
    one = overlay(tmp_path / "with, comma: and colon", layers)
    perform(one, target)
    assert len(os.listdir(target)) == layers
    (target / "new").write_text("x")
    assert (tmp_path / "with, comma: and colon" / "upper" / "new").exists()


def test_paths_longer_than_a_context_takes_are_mounted_too(tmp_path: Path, target: Path) -> None:
    one = overlay(tmp_path / ("d" * 200) / ("e" * 200), 3)
    mounts.mount_all([one], str(target))
    assert len(os.listdir(target)) == 3


def test_a_read_only_overlay_refuses_writes(tmp_path: Path, target: Path) -> None:
    one = overlay(tmp_path / "root", 2)
    lowers = tuple(word for word in one.options if word.startswith("lowerdir"))
    mounts.mount_all([Mount("overlay", "overlay", (*lowers, "ro"))], str(target))
    with pytest.raises(OSError, match="Read-only"):
        (target / "new").write_text("x")


def test_a_read_only_bind_refuses_writes(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    mounts.mount_all([Mount("bind", str(source), ("ro",))], str(target))
    with pytest.raises(OSError, match="Read-only"):
        (target / "new").write_text("x")


def test_what_was_mounted_is_undone_when_a_later_mount_fails(tmp_path: Path, target: Path) -> None:
    good = Mount("tmpfs", "tmpfs", ("size=1m",))
    bad = Mount("bind", str(tmp_path / "missing"), (), "nowhere")
    with pytest.raises(KernelError) as caught:
        mounts.mount_all([good, bad], str(target))
    assert caught.value.not_found
    assert not mounts.is_mount_point(str(target))


def test_a_missing_layer_is_named(tmp_path: Path, target: Path) -> None:
    one = Mount("overlay", "overlay", (f"lowerdir+={tmp_path / 'gone'}", f"lowerdir+={tmp_path}"))
    with pytest.raises(KernelError, match="gone") as caught:
        mounts.mount_all([one], str(target))
    assert caught.value.not_found
