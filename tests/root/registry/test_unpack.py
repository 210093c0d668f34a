"""Layers unpacked several at once: what one needs of those below it, it waits for; a failure leaves nothing."""

import io
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.root.registry.lab import Lab, archive, layer_tar

from gorae.engine.unpack import Job, unpack
from gorae.errors import InvalidArgument
from gorae.oci.digest import DiffId, Digest, chain_ids, digest_of
from gorae.store import overlay
from gorae.store.precedence import Precedence
from gorae.store.tables import layers as layer_rows

pytestmark = pytest.mark.root


def tar(*members: tuple[str, int, bytes | None]) -> bytes:
    """(name, mode, data); None is a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, mode, data in members:
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = mode, 1_700_000_000
            info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            info.size = len(data or b"")
            file.addfile(info, io.BytesIO(data or b""))
    return out.getvalue()


def jobs_of(lab: Lab, layers: list[bytes], late: Callable[[int], None]) -> list[Job]:
    """`late(number)` is called before the archive of that layer is here."""
    digests = [lab.store.content.put(one) for one in layers]
    diff_ids = [DiffId(digest_of(one)) for one in layers]
    chains = chain_ids(diff_ids), ["", *chain_ids(diff_ids)]

    def job(number: int) -> Job:
        def archive(_: object) -> Digest:
            late(number)
            return digests[number]

        return Job(diff_ids[number], chains[0][number], chains[1][number], archive)

    return [job(number) for number in range(len(layers))]


def test_a_layer_waits_for_the_parents_that_only_one_below_has(lab: Lab) -> None:
    bottom = tar(("etc", 0o750, None), ("etc/own", 0o600, b"1"))
    top = tar(("etc/new", 0o644, b"2"))
    began = threading.Event()

    def late(number: int) -> None:
        if number:
            began.set()
        else:
            assert began.wait(30), "the upper layer waits for its turn"

    jobs = jobs_of(lab, [bottom, top], late)
    with lab.store.lease() as lease:
        unpack(lab.layers, jobs, lease)
        upper = lab.store.snapshots.upper(jobs[1].chain)
        assert stat.S_IMODE((upper / "etc").stat().st_mode) == 0o750
        assert (upper / "etc/new").read_bytes() == b"2"
        assert lab.store.snapshots.lowers(jobs[1].chain) == [
            lab.store.snapshots.upper(jobs[0].chain)
        ]


def test_a_root_that_a_layer_says_nothing_of_is_as_the_one_below(lab: Lab) -> None:
    layers = [tar(("./", 0o711, None), ("a", 0o644, b"")), tar(("b", 0o644, b""))]
    jobs = jobs_of(lab, layers, lambda _: None)
    with lab.store.lease() as lease:
        unpack(lab.layers, jobs, lease)
        modes = [lab.store.snapshots.upper(one.chain).stat().st_mode for one in jobs]
    assert [stat.S_IMODE(one) for one in modes] == [0o711, 0o711]


def test_the_failure_of_one_ends_all_and_leaves_nothing(lab: Lab) -> None:
    layers = [layer_tar(name, 1 << 16) for name in ("a", "b", "c")]
    broken = [layers[0], layers[1][:2000], layers[2]]
    with pytest.raises(InvalidArgument, match="unexpected EOF"):
        lab.load(archive("broken:1", broken))
    assert lab.images.all() == []
    assert lab.store.snapshots.keys("") == []
    assert list((lab.store.root / "snapshots").iterdir()) == []


def test_removal_in_the_background_gives_way(lab: Lab) -> None:
    precedence = Precedence(lab.store.root)
    precedence.give_way()
    passed = threading.Event()

    def remove() -> None:
        precedence.give_way()
        passed.set()

    with precedence.taken():
        one = threading.Thread(target=remove)
        one.start()
        assert not passed.wait(0.2)
    assert passed.wait(30)
    one.join()


@pytest.mark.parametrize(("few", "whole"), [(64, 0), (3, 1)])
def test_small_layers_go_to_the_disk_file_by_file(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, few: int, whole: int
) -> None:
    """Others' bytes need not be written for them; what is many goes in one. Either way all of it is there, and counts."""
    synced: list[Path] = []
    real = overlay._syncfs
    monkeypatch.setattr(overlay, "FEW_FILES", few)
    monkeypatch.setattr(overlay, "_syncfs", lambda path: (synced.append(path), real(path)))
    members = [("d", 0o755, None), ("d/e", 0o755, None), ("d/e/f", 0o644, b"1"), ("g", 0o644, b"2")]
    layers = [tar(*members), tar(("h", 0o644, b"3"))]
    jobs = jobs_of(lab, layers, lambda _: None)
    with lab.store.lease() as lease:
        unpack(lab.layers, jobs, lease)
        assert len(synced) == whole
        assert lab.store.db.read(layer_rows.unsynced) == []
        assert lab.store.snapshots.upper(jobs[0].chain).joinpath("d/e/f").read_bytes() == b"1"
