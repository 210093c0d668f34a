"""Which address of a registry answers: the endpoints of a domain tried in order, and what was learnt kept a while."""

import os
import socket
import threading
import time
from collections.abc import Iterator

from gorae.errors import GoraeError, Unavailable
from gorae.oci.reference import DEFAULT_DOMAIN
from gorae.registry import fault
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.endpoint import Endpoint, Settings, endpoints, is_insecure
from gorae.registry.proxies import Proxies
from gorae.registry.session import Session, Wait
from gorae.registry.transport import Transport

KEPT_S = 300.0


class Registries:
    """All registries that a daemon speaks to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known: dict[tuple[str, bool], tuple[float, list[Endpoint]]] = {}
        self._lock = threading.Lock()
        proxies = settings.proxies or Proxies.of_environment(os.environ)
        self.transport = Transport(settings.certs_dirs, self._is_insecure, proxies)

    def _is_insecure(self, host: str) -> bool:
        return is_insecure(host, self.settings.insecure, addresses)

    def sessions(
        self,
        domain: str,
        credentials: Credentials = NOBODY,
        *,
        push: bool = False,
        wait: Wait = time.sleep,
    ) -> Iterator[Session]:
        """A session for each address that answers, in the order of trying; a caller goes on after a mirror's failure.

        Credentials are never shown to a mirror: it is another host.

        Raises:
            Unavailable: none answers; the last one's words.
        """
        failure: GoraeError | None = None
        for endpoint in self._endpoints(domain, push=push):
            own = NOBODY if endpoint.mirror else credentials
            session = Session(endpoint, self.transport, own, wait)
            try:
                session.ping()
            except (fault.Unreachable, fault.Broken, fault.Again) as error:
                failure = error
                continue
            if not endpoint.mirror:
                self._remember(domain, endpoint, push=push)
            failure = None
            yield session
            if not endpoint.mirror:
                return
        if failure is not None:
            raise failure

    def session(
        self,
        domain: str,
        credentials: Credentials = NOBODY,
        *,
        push: bool = False,
        wait: Wait = time.sleep,
    ) -> Session:
        """The first of `sessions`. Raises: Unavailable."""
        for one in self.sessions(domain, credentials, push=push, wait=wait):
            return one
        raise Unavailable(f'no address of the registry "{domain}" answers')

    def _endpoints(self, domain: str, *, push: bool) -> list[Endpoint]:
        with self._lock:
            kept_until, known = self._known.get((domain, push), (0.0, []))
        if kept_until > time.monotonic():
            return known
        return endpoints(domain, self.settings, addresses, push=push)

    def _remember(self, domain: str, endpoint: Endpoint, *, push: bool) -> None:
        """An insecure registry speaks TLS or not: once it is known, the other is not tried any more."""
        if domain != DEFAULT_DOMAIN:
            with self._lock:
                self._known[domain, push] = (time.monotonic() + KEPT_S, [endpoint])

    def close(self) -> None:
        """Close what is kept open."""
        self.transport.close()


def addresses(host: str) -> list[str]:
    """A host name's addresses; nothing where it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(one[4][0]) for one in found]
