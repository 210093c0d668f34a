"""Where a registry is asked: the addresses of a domain, in the order of trying. Pure.

docker.io      the mirrors, then registry-1.docker.io; pushes go to the last alone
others         https://DOMAIN; where the settings call it insecure: any certificate, then plain http
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gorae.errors import InvalidArgument
from gorae.oci.reference import DEFAULT_DOMAIN
from gorae.registry.proxies import Proxies

HUB = "https://registry-1.docker.io"
INDEX_SERVER = "https://index.docker.io/v1/"
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Insecure without being named, as docker has it: nobody is between us and ourselves."""
CERTS_DIRS = ("/etc/gorae/certs.d", "/etc/docker/certs.d")
Resolve = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the daemon's configuration says about registries. `insecure`: host[:port] or CIDR.

    `certs_dirs`: of several that know a host all count. `proxies`: None for those of the environment.
    """

    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    certs_dirs: tuple[str, ...] = CERTS_DIRS
    proxies: Proxies | None = None
    max_downloads: int = 3
    max_uploads: int = 5
    policy: str = "/etc/gorae/policy.json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address. `url` without a slash at the end; `verified`: its certificate must be good."""

    url: str
    verified: bool = True
    mirror: bool = False

    @property
    def host(self) -> str:
        """host[:port]."""
        return urlsplit(self.url).netloc


def endpoints(
    domain: str, settings: Settings, resolve: Resolve, *, push: bool = False
) -> list[Endpoint]:
    """The addresses to try. `resolve` gives a host name's addresses, nothing where it has none."""
    found = []
    if domain == DEFAULT_DOMAIN:
        if not push:
            for one in settings.mirrors:
                host = urlsplit(one).netloc
                found.append(Endpoint(one, not is_insecure(host, settings.insecure, resolve), True))
        return [*found, Endpoint(HUB)]
    if is_insecure(domain, settings.insecure, resolve):
        return [Endpoint(f"https://{domain}", verified=False), Endpoint(f"http://{domain}", False)]
    return [Endpoint(f"https://{domain}")]


def is_insecure(domain: str, insecure: Iterable[str], resolve: Resolve) -> bool:
    """Whether the settings name the domain, or a network that holds one of its addresses."""
    host = urlsplit(f"//{domain}").hostname or domain
    networks = [
        ipaddress.ip_network(one, strict=False) for one in (*insecure, *LOOPBACK) if "/" in one
    ]
    if domain in insecure or host in insecure:
        return True
    try:
        addresses = [host] if _is_address(host) else list(resolve(host))
        found = [ipaddress.ip_address(one.partition("%")[0]) for one in addresses]
    except ValueError:
        return False
    return any(one in network for one in found for network in networks)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_mirror(url: str) -> str:
    """A mirror's address as it is kept.

    Raises:
        InvalidArgument: with docker's sentence.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise InvalidArgument(f'invalid mirror: unsupported scheme "{parts.scheme}" in "{url}"')
    if parts.query or parts.fragment:
        raise InvalidArgument(f'invalid mirror: query or fragment at end of the URI "{url}"')
    if parts.username:
        raise InvalidArgument("invalid mirror: username/password not allowed in URI")
    if not parts.hostname:
        raise InvalidArgument(f'invalid mirror: "{url}" names no host')
    return url.rstrip("/")


def check_insecure(value: str) -> str:
    """An insecure registry as it is kept: host[:port] or CIDR.

    Raises:
        InvalidArgument: it is neither.
    """
    for scheme in ("http://", "https://"):
        value = value.removeprefix(scheme)
    if "/" in value:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise InvalidArgument(
                f'insecure registry {value} is not valid: invalid host "{value}"'
            ) from None
    elif not value or value.startswith("-"):
        raise InvalidArgument(f"insecure registry {value} is not valid: cannot begin with '-'")
    return value
