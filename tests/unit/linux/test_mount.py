"""Mounts as data: what mount(2) is told where the newer calls do not do."""

from gorae.linux.mount import MS_RDONLY, Mount, overlay_data

OVERLAY = Mount(
    "overlay",
    "overlay",
    (
        "lowerdir+=/data,root/2/fs",
        "lowerdir+=/data,root/1/fs",
        "upperdir=/data,root/3/fs",
        "workdir=/data,root/3/work",
        "index=off",
        "ro",
    ),
)


def test_layers_become_one_short_list_top_first() -> None:
    flags, data = overlay_data(OVERLAY, "/data,root", "/proc/self/fd/9")
    assert flags == MS_RDONLY
    assert data == (
        "lowerdir=/proc/self/fd/9/2/fs:/proc/self/fd/9/1/fs,upperdir=/proc/self/fd/9/3/fs,"
        "workdir=/proc/self/fd/9/3/work,index=off"
    )


def test_a_page_of_options_holds_128_layers() -> None:
    layers = tuple(f"lowerdir+=/var/lib/gorae/snapshots/{n}/fs" for n in range(10_000, 10_128))
    one = Mount("overlay", "overlay", layers)
    _, data = overlay_data(one, "/var/lib/gorae/snapshots", "/proc/self/fd/99")
    assert len(data) < 4096


def test_a_mount_describes_itself() -> None:
    assert Mount("tmpfs", "shm", ("size=64m",), "dev/shm").describe() == (
        "mount -t tmpfs -o size=64m shm dev/shm"
    )
