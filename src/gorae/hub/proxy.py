"""Other registries seen through this one: what was fetched once is kept, and served while the other is away.

A tag is believed for a while, then the other registry is asked what it means now; manifests by digest and blobs never
change and are fetched once. Several who want the same blob read from one fetch. Nothing can be pushed here.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from gorae.errors import NotFound, PermissionDenied, Unauthorized, Unavailable
from gorae.hub import clock
from gorae.hub.blobs import Blob, Blobs
from gorae.hub.caller import Caller
from gorae.hub.config import ProxyConfig
from gorae.hub.db import Facts
from gorae.hub.fault import BlobUnknown, ManifestUnknown
from gorae.hub.fetch import Fetch
from gorae.hub.manifests import Found, Manifests
from gorae.hub.permissions import ANY, Permissions
from gorae.hub.tables import manifests as rows
from gorae.hub.uploads import Uploads
from gorae.registry.auth import Credentials
from gorae.registry.connect import Registries
from gorae.registry.endpoint import Endpoint, Settings
from gorae.registry.repository import Repository
from gorae.registry.session import Session

_log = logging.getLogger("gorae.hub")
AT_ONCE = 6
FETCHES_AT_ONCE = 6
LONGEST_WAIT_S = 0.5  # somebody waits here too, and may be given what we have
DOCKER_HUB = ("registry-1.docker.io", "docker.io", "index.docker.io")


class Proxies:
    """See the module; all functions block, `pool` is for those that may wait long."""

    def __init__(
        self,
        facts: Facts,
        permissions: Permissions,
        manifests: Manifests,
        blobs: Blobs,
        uploads: Uploads,
    ) -> None:
        self._facts = facts
        self._permissions = permissions
        self._manifests = manifests
        self._blobs = blobs
        self._uploads = uploads
        self._transport = Registries(Settings()).transport
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Lock] = {}
        self._fetches: dict[tuple[str, str], Fetch] = {}
        self._fetchers = ThreadPoolExecutor(FETCHES_AT_ONCE, thread_name_prefix="fetch")
        self.pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="proxy")

    def close(self) -> None:
        """End what has not begun."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._fetchers.shutdown(wait=False, cancel_futures=True)

    def of(self, name: str) -> ProxyConfig | None:
        """The other registry that a name is seen from, None when it is the hub's own."""
        return self._facts.read(lambda tx: self._permissions.proxy_of(tx, name))

    def _repository(self, proxy: ProxyConfig, name: str) -> Repository:
        session = Session(
            Endpoint(proxy.url.rstrip("/")),
            self._transport,
            Credentials(proxy.username, proxy.password),
            lambda seconds: time.sleep(min(seconds, LONGEST_WAIT_S)),
        )
        session.ping()
        return Repository(session, path_there(proxy, name), "pull")

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """One fetch of a thing at a time."""
        with self._lock:
            lock = self._under_way.setdefault(key, threading.Lock())
        with lock:
            yield
        with self._lock:
            if not lock.locked():
                self._under_way.pop(key, None)

    def manifest(self, proxy: ProxyConfig, name: str, reference: str) -> Found:
        """By tag or digest. Raises: ManifestUnknown: the other has none. Unavailable: it is away, and so is ours."""
        with self._alone(f"{name} {reference}"):
            if self._is_fresh(proxy, name, reference):
                return self._manifests.get(name, reference)
            try:
                return self._fetch_manifest(proxy, name, reference)
            except (NotFound, Unauthorized, PermissionDenied) as error:
                raise ManifestUnknown(f'"{proxy.url}" has no such image: {error.message}') from None
            except Unavailable:
                with contextlib.suppress(NotFound):
                    return self._manifests.get(name, reference)
                raise

    def _is_fresh(self, proxy: ProxyConfig, name: str, reference: str) -> bool:
        if ":" in reference:
            return self._facts.read(lambda tx: rows.get(tx, name, reference)) is not None
        tag = self._facts.read(lambda tx: rows.tag(tx, name, reference))
        age_ns = proxy.max_age_s * clock.SECOND_NS
        return tag is not None and tag.pushed_ns + age_ns > clock.now_ns()

    def _fetch_manifest(self, proxy: ProxyConfig, name: str, reference: str) -> Found:
        found = self._repository(proxy, name).manifest(reference)
        caller = Caller(f"proxy of {urlsplit(proxy.url).netloc}", "proxy")
        self._manifests.put(
            name, reference, found.media_type, found.value.raw, caller, complete=False
        )
        return Found(found.digest, found.media_type, found.value.raw)

    def blob_size(self, proxy: ProxyConfig, name: str, digest: str) -> int:
        """Of a blob, which is not fetched for that. Raises: BlobUnknown, Unavailable."""
        with contextlib.suppress(BlobUnknown):
            return self._blobs.get(name, digest).size_bytes
        with _translated(proxy):
            size = self._repository(proxy, name).blob_size(digest)
        if size is None:
            raise BlobUnknown(f'"{proxy.url}" has no such blob')
        return size

    def blob(self, proxy: ProxyConfig, name: str, digest: str) -> Blob | Fetch:
        """Ours, else its fetch, begun or joined, which the caller leaves. Raises: BlobUnknown, Unavailable."""
        while True:
            with self._alone(f"{name} {digest}"):
                with contextlib.suppress(BlobUnknown):
                    return self._blobs.get(name, digest)
                one = self._joined(name, digest) or self._begun(proxy, name, digest)
            if one.can_be_followed:
                return one
            try:
                one.wait()
            finally:
                one.leave()

    def _joined(self, name: str, digest: str) -> Fetch | None:
        found = self._fetches.get((name, digest))
        return found if found is not None and found.join() else None

    def _begun(self, proxy: ProxyConfig, name: str, digest: str) -> Fetch:
        with _translated(proxy):
            one = Fetch(self._repository(proxy, name), name, digest, self._uploads)
        one.join()
        self._fetches[name, digest] = one
        self._fetchers.submit(self._fetch, one)
        return one

    def _fetch(self, one: Fetch) -> None:
        try:
            one.run()
        finally:
            self._fetches.pop((one.name, one.digest), None)
        if one.error is not None:
            _log.warning('fetching "%s" of "%s": %s', one.digest, one.name, one.error.message)

    def tags(self, proxy: ProxyConfig, name: str) -> list[str]:
        """As the other lists them now."""
        return self._repository(proxy, name).tags()


@contextlib.contextmanager
def _translated(proxy: ProxyConfig) -> Iterator[None]:
    """Whatever the other registry refuses is not there."""
    try:
        yield
    except (NotFound, Unauthorized, PermissionDenied) as error:
        raise BlobUnknown(f'"{proxy.url}" has no such blob: {error.message}') from None


def path_there(proxy: ProxyConfig, name: str) -> str:
    """A name as the other registry has it: without the namespace that stands for it; Docker Hub's short names long."""
    path = name if proxy.namespace == ANY else name.removeprefix(f"{proxy.namespace}/")
    is_docker_hub = urlsplit(proxy.url).netloc in DOCKER_HUB
    return f"library/{path}" if is_docker_hub and "/" not in path else path
