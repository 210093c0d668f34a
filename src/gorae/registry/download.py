"""Blobs coming down: a few at once, one stream for all who want the same blob, resumed where a stream broke.

waiting -> downloading -> verifying -> complete
              |  ^ cut: again from where it stopped (Range), the hash made anew from what is on disk
              v
           failed (what came stays for the next try), or abandoned (nobody wants it, or no room: what came is removed)
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from gorae.errors import Cancelled, GoraeError, InvalidArgument
from gorae.oci.manifest import Descriptor
from gorae.registry import fault, retry
from gorae.registry.repository import Repository
from gorae.store.content import ContentStore
from gorae.store.db import Database
from gorae.store.ingest import Resumed, StoreFull
from gorae.store.lease import Lease

DOWNLOADING = "Downloading"
VERIFYING = "Verifying Checksum"
COMPLETE = "Download complete"
Watcher = Callable[[str, int, int], None]
"""(state, bytes here, bytes in all); called from the download's thread, must not wait."""


class Download:
    """One blob on its way. Whoever has it must `Downloads.leave` it."""

    def __init__(self, repository: Repository, descriptor: Descriptor, lease: Lease) -> None:
        self.repository = repository
        self.descriptor = descriptor
        self.lease = lease
        self.watchers: list[Watcher] = []
        self.future: Future[None] = Future()
        self.abandoned = threading.Event()
        self.keeps_part = True

    def done(self, timeout_s: float) -> bool:
        """Whether it has come to its end, waiting a moment for it.

        Raises:
            GoraeError: it has failed.
        """
        if not wait((self.future,), timeout_s).done:
            return False
        if self.future.cancelled():
            raise Cancelled("the download was abandoned")
        self.future.result()
        return True

    def tell(self, state: str, current: int = 0, total: int = 0) -> None:
        """To all who watch."""
        for one in tuple(self.watchers):
            one(state, current, total)

    def pause(self, seconds: float) -> None:
        """Before the next try. Raises: Cancelled: nobody wants it any more."""
        self.tell(f"Retrying in {max(round(seconds), 1)} second{'s' * (seconds >= 1.5)}")
        if self.abandoned.wait(seconds):
            raise Cancelled("the download was abandoned")


class Downloads:
    """All downloads of one store."""

    def __init__(self, content: ContentStore, db: Database, at_once: int) -> None:
        self._content = content
        self._db = db
        self.at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, "download")
        self._running: dict[str, Download] = {}
        self._lock = threading.Lock()

    def start(self, repository: Repository, descriptor: Descriptor, watcher: Watcher) -> Download:
        """Fetch a blob, or join those who wait for it."""
        with self._lock:
            found = self._running.get(descriptor.digest)
            if found is None or found.abandoned.is_set() or found.future.done():
                lease = Lease(self._db, kept=descriptor.digest)
                found = Download(repository, descriptor, lease)
                self._running[descriptor.digest] = found
                found.future = self._pool.submit(self._run, found)
            found.watchers.append(watcher)
        return found

    def leave(self, one: Download, watcher: Watcher, *, keep: bool) -> None:
        """Enough of it; the last to leave ends it.

        `keep`: what has come stays for a day, for whoever tries again. Else it is nobody's but those who hold it.
        """
        with self._lock:
            if watcher in one.watchers:
                one.watchers.remove(watcher)
            if one.watchers:
                return
            one.keeps_part = keep
            one.abandoned.set()
            if self._running.get(one.descriptor.digest) is one:
                del self._running[one.descriptor.digest]
        one.future.cancel()
        if not keep:
            one.lease.release()

    def _run(self, one: Download) -> None:
        if self._content.hold(one.descriptor.digest, one.lease):
            one.tell(COMPLETE)
            return
        with self._content.resume(one.descriptor.digest, one.descriptor.size, one.lease) as ingest:
            try:
                fetch(one, ingest)
            except StoreFull:
                ingest.discard()
                raise
            except Cancelled:
                if not one.keeps_part:
                    ingest.discard()
                raise

    def close(self) -> None:
        """End all; what came stays for the next life."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def fetch(one: Download, ingest: Resumed) -> None:
    """Bring a blob into the store.

    Raises:
        InvalidArgument: the bytes are not those of the digest. Cancelled. NotFound, Unavailable...: the last try's.
    """
    wanted = one.descriptor
    attempt = 0
    resumed = ingest.size > 0
    while True:
        before = ingest.size
        try:
            _stream(one, ingest)
            one.tell(VERIFYING)
            ingest.commit()
        except fault.Broken as error:
            attempt = 1 if ingest.size > before else attempt + 1
            _wait_or_raise(one, attempt, "", error)
        except InvalidArgument as error:
            ingest.restart()
            if not resumed:
                raise _corrupt(error, wanted) from None
            resumed = False  # what an earlier try had left was bad: once more from the beginning
        except fault.Again as error:
            attempt += 1
            _wait_or_raise(one, attempt, error.retry_after, error)
        else:
            one.tell(COMPLETE)
            return


def _corrupt(error: GoraeError, wanted: Descriptor) -> GoraeError:
    """Docker's sentence, and what was found."""
    return InvalidArgument(
        f"filesystem layer verification failed for digest {wanted.digest}: {error.message}"
    )


def _wait_or_raise(one: Download, attempt: int, retry_after: str, error: GoraeError) -> None:
    pause = retry.wait_s(attempt, retry_after)
    if pause is None:
        raise error
    one.pause(pause)


def _stream(one: Download, ingest: Resumed) -> None:
    """What is missing, until all of it is here. Raises: Broken: it ended before."""
    wanted = one.descriptor
    if ingest.size < wanted.size or not ingest.size:
        answer, start = one.repository.open_blob(wanted.digest, ingest.size)
        if start != ingest.size:
            ingest.restart()
        with answer:
            for piece in answer.pieces():
                if one.abandoned.is_set():
                    raise Cancelled("the download was abandoned")
                ingest.write(piece)
                one.tell(DOWNLOADING, ingest.size, wanted.size)
    if ingest.size < wanted.size:
        raise fault.Broken(
            f'blob "{wanted.digest}": wanted {wanted.size} bytes, the stream ended after {ingest.size}'
        )
