"""What a registry is asked without an image coming or going: who I am, what there is, what a tag means; blocking."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from gorae.errors import InvalidArgument
from gorae.oci import text
from gorae.oci.config import ImageConfig
from gorae.oci.manifest import Descriptor, Index, Platform
from gorae.oci.platform import ATTESTATION
from gorae.oci.reference import DEFAULT_DOMAIN, LEGACY_DOMAIN, OFFICIAL, Reference
from gorae.registry.auth import NOBODY, Credentials
from gorae.registry.connect import Registries
from gorae.registry.endpoint import Endpoint
from gorae.registry.repository import Found, Repository
from gorae.registry.session import Session

MAX_CONFIG_BYTES = 8 << 20
SEARCH_LIMIT = 25
MAX_SEARCH_LIMIT = 100
HUB_DOMAINS = ("", DEFAULT_DOMAIN, LEGACY_DOMAIN, "registry-1.docker.io")
MAX_PORT = 65535
MAX_SHOWN = 200
_DOMAIN = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Hit:
    """A repository that a search found."""

    name: str
    description: str
    stars: int
    official: bool
    automated: bool


@dataclass(frozen=True, slots=True)
class Distributed:
    """What a tag means in its registry, and for which platforms."""

    descriptor: Descriptor
    platforms: tuple[Platform, ...]


class Distribution:
    """The service."""

    def __init__(self, registries: Registries) -> None:
        self._registries = registries

    def login(self, credentials: Credentials) -> str:
        """Try the credentials on their server; what to keep instead of the password, empty for nothing.

        Raises:
            Unauthorized: the registry does not take them. Unavailable: it cannot be asked.
        """
        session = self._registries.session(domain_of(credentials.server), credentials)
        token = session.check()
        return token.refresh if token is not None else ""

    def search(self, term: str, limit: int = 0, credentials: Credentials = NOBODY) -> list[Hit]:
        """Repositories by a word; `host/term` asks that registry.

        Raises:
            InvalidArgument: no such limit. Unavailable, NotFound: the registry does not search.
        """
        if limit and not 0 < limit <= MAX_SEARCH_LIMIT:
            raise InvalidArgument(f"limit {limit} is outside the range of [1, {MAX_SEARCH_LIMIT}]")
        domain, word = _search_domain(term)
        query = urlencode({"q": word, "n": limit or SEARCH_LIMIT})
        if domain == DEFAULT_DOMAIN:
            endpoint = Endpoint(f"https://{LEGACY_DOMAIN}")
            session = Session(endpoint, self._registries.transport, NOBODY)
        else:
            session = self._registries.session(domain, credentials)
        body = session.request("GET", f"/v1/search?{query}").read()
        document = text.load(body, "search answer")
        found = text.want(document, "results", list, "search answer", [])
        return [_hit(one) for one in found[:MAX_SEARCH_LIMIT] if isinstance(one, dict)]

    def inspect(self, name: Reference, credentials: Credentials = NOBODY) -> Distributed:
        """What a tag or digest means. Raises: NotFound, Unauthorized, PermissionDenied, Unavailable."""
        one = name.with_default_tag()
        session = self._registries.session(one.domain, credentials)
        repository = Repository(session, one.path, "pull")
        found = repository.manifest(str(one.digest or one.tag))
        return Distributed(
            Descriptor(found.media_type, found.digest, len(found.value.raw)),
            _platforms(repository, found),
        )


def _platforms(repository: Repository, found: Found) -> tuple[Platform, ...]:
    """Of an index what it says, of a manifest what its config says."""
    if isinstance(found.value, Index):
        entries = found.value.manifests
        return tuple(
            one.platform for one in entries if one.platform and ATTESTATION not in one.annotations
        )
    wanted = found.value.config
    raw = repository.read_blob(wanted.digest, wanted.size, MAX_CONFIG_BYTES)
    config = ImageConfig.parse(raw)
    return (Platform(config.architecture, config.os, config.variant, config.os_version),)


def domain_of(server: str) -> str:
    """The domain of a server's address as clients keep it. Raises: InvalidArgument: no address."""
    bare = server.partition("://")[2] or server
    bare = bare.partition("/")[0].rpartition("@")[2]
    if bare in HUB_DOMAINS:
        return DEFAULT_DOMAIN
    found = _DOMAIN.fullmatch(bare)
    if found is None or int(found["port"] or 0) > MAX_PORT:
        raise InvalidArgument(f'"{server[:MAX_SHOWN]}" is no address of a registry')
    return bare


def _search_domain(term: str) -> tuple[str, str]:
    head, slash, tail = term.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        return domain_of(head), tail
    return DEFAULT_DOMAIN, term.removeprefix(f"{OFFICIAL}/")


def _hit(one: dict[str, object]) -> Hit:
    stars = one.get("star_count")
    return Hit(
        name=str(one.get("name") or ""),
        description=str(one.get("description") or ""),
        stars=stars if isinstance(stars, int) else 0,
        official=bool(one.get("is_official")),
        automated=bool(one.get("is_automated")),
    )
