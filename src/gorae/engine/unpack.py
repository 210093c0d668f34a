"""The layers of one image unpacked, bottom first and several at once; blocking.

A layer's directory holds only what the layer itself adds, so that most of the work needs nothing of the layers below:
the rare member that does (a parent directory which only they have) waits for them, and so does its commit. A layer whose
archive still loads holds no other up but those that need it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from gorae.engine.layers import Layers, Watch, chains
from gorae.errors import Cancelled
from gorae.oci.digest import ChainId, DiffId, Digest
from gorae.store.lease import Lease

AT_ONCE = 3
Check = Callable[[], None]
"""Whether to go on. Raises: Cancelled."""


@dataclass(frozen=True, slots=True)
class Job:
    """A layer that is to be unpacked. `archive(check)` gives its blob once it is here, held."""

    diff_id: DiffId
    chain: ChainId
    parent: str
    archive: Callable[[Check], Digest]
    watch: Callable[[Digest], Watch] | None = None
    done: Callable[[], None] = lambda: None


def unpack_all(
    layers: Layers, diff_ids: Sequence[DiffId], blobs: dict[DiffId, Digest], lease: Lease
) -> None:
    """Each layer of a stack whose archives are here. Raises: as `Layers.unpack`."""
    stack = chains(diff_ids)
    jobs = [
        Job(diff_id, chain, parent, lambda _, blob=blobs[diff_id]: blob)  # type: ignore[misc]
        for diff_id, chain, parent in zip(diff_ids, stack, ["", *stack], strict=False)
    ]
    unpack(layers, jobs, lease)


def unpack(layers: Layers, jobs: Sequence[Job], lease: Lease) -> None:
    """Bring each layer into the store, and all of them to the disk.

    Raises:
        As `Layers.unpack`, and what `archive` and `watch` raise: of the lowest layer that failed. No other goes on then.
    """
    stop = threading.Event()
    under_way: dict[str, Future[None]] = {}
    if jobs:
        with ThreadPoolExecutor(min(AT_ONCE, len(jobs)), "unpack") as pool:
            for job in jobs:
                below = under_way.get(job.parent)
                one = _Unpacking(layers, job, lease, below, stop)
                under_way[job.chain] = pool.submit(one.run)
            try:
                _wait(list(under_way.values()))
            finally:
                stop.set()
    layers.sync()


def _wait(jobs: Sequence[Future[None]]) -> None:
    wait(jobs, return_when=FIRST_EXCEPTION)
    for one in jobs:
        if one.done():
            one.result()


class _Unpacking:
    """One layer. `below`: that of its parent, if that is on its way too."""

    def __init__(
        self,
        layers: Layers,
        job: Job,
        lease: Lease,
        below: "Future[None] | None",
        stop: threading.Event,
    ) -> None:
        self._layers = layers
        self._job = job
        self._lease = lease
        self._below = below
        self._stop = stop

    def run(self) -> None:
        job = self._job
        self._check()
        blob = job.archive(self._check)
        watch = job.watch(blob) if job.watch else None
        self._layers.unpack(
            job.diff_id,
            blob,
            job.parent,
            job.chain,
            self._lease,
            self._watched(watch),
            self._wait_for_parent,
        )
        job.done()

    def _check(self) -> None:
        if self._stop.is_set():
            raise Cancelled("another layer could not be unpacked")

    def _watched(self, watch: Watch | None) -> Watch:
        def hear(read_bytes: int) -> None:
            self._check()
            if watch is not None:
                watch(read_bytes)

        return hear

    def _wait_for_parent(self) -> None:
        """Wait until the layer below is a snapshot. Raises: what kept it from being one."""
        if self._below is not None:
            self._below.result()
