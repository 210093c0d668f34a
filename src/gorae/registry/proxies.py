"""Which HTTP proxy stands before a host, by HTTP_PROXY, HTTPS_PROXY and NO_PROXY or the like settings. Pure.

NO_PROXY is a list with commas: `*`, a network (10.0.0.0/8), an address, a name with all below it, `.name` with what is
below it alone; each but a network may end in `:port`. Nobody stands between us and our own loopback address.
Source: golang.org/x/net/http/httpproxy, which dockerd reads them by.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxies:
    """Addresses of proxies; empty for none. `no`: what is asked without one."""

    http: str = ""
    https: str = ""
    no: str = ""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> "Proxies":
        """As programs agree on it: the name in capitals, else in small letters."""

        def find(name: str) -> str:
            return environment.get(name.upper()) or environment.get(name.lower()) or ""

        return cls(find("http_proxy"), find("https_proxy"), find("no_proxy"))

    def for_host(self, scheme: str, host: str) -> str:
        """The proxy's address for `host` (host[:port]); empty: it is asked itself."""
        found = self.https if scheme == "https" else self.http
        if not found or self._is_spared(scheme, host):
            return ""
        return found if "://" in found else f"http://{found}"

    def _is_spared(self, scheme: str, host: str) -> bool:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").lower().rstrip(".")
        port = str(parts.port or PORTS.get(scheme, 0))
        address = _address(name)
        if name == "localhost" or (address is not None and address.is_loopback):
            return True
        rules = [one.strip().lower() for one in self.no.split(",")]
        return any(_fits(one, name, port, address) for one in rules if one)


NO_PROXIES = Proxies()
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _fits(rule: str, name: str, port: str, address: Address | None) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return address is not None and address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    bare, wanted_port = _parted(rule)
    if wanted_port and wanted_port != port:
        return False
    if address is not None:
        return _address(bare) == address
    bare = bare.removeprefix("*")
    if bare.startswith("."):
        return name.endswith(bare)
    return name == bare or name.endswith(f".{bare}")


def _parted(rule: str) -> tuple[str, str]:
    """(name or address, port or nothing); an IPv6 address with a port stands in brackets."""
    if rule.startswith("["):
        inside, _, rest = rule[1:].partition("]")
        return inside, rest.removeprefix(":")
    if rule.count(":") == 1:
        bare, _, port = rule.partition(":")
        return bare, port
    return rule, ""
