"""A container's /etc/hosts, /etc/hostname and /etc/resolv.conf; blocking.

They are written into the container's directory and bound over the image's. A running container's are changed in
place, since it holds the inode; one that the container itself has changed is left alone.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gorae.engine.model import Container, EndpointRecord
from gorae.engine.process import hostname
from gorae.net import resolv
from gorae.runtime.config import MountPoint

FILES = ("hosts", "hostname", "resolv.conf")
HOST_HOSTS = Path("/etc/hosts")
HOST_RESOLV = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


@dataclass(frozen=True, slots=True)
class DnsDefaults:
    """The daemon's own --dns flags, for containers that say nothing."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def mount_points(directory: Path, *, readonly: bool) -> tuple[MountPoint, ...]:
    """The three files as mounts."""
    return tuple(
        MountPoint("bind", str(directory / name), f"/etc/{name}", readonly=readonly)
        for name in FILES
    )


def write(
    container: Container,
    directory: Path,
    *,
    defaults: DnsDefaults,
    host: bool = False,
    endpoints: Sequence[EndpointRecord] = (),
    links: Sequence[tuple[str, str]] = (),
    internal: bool = False,
) -> None:
    """All three, for a container that is about to start; `internal`: names are asked of our own server."""
    spec = container.spec
    own_name = hostname(container)
    full = f"{own_name}.{spec.domainname} {own_name}" if spec.domainname else own_name
    _write(directory / "hostname", f"{own_name}\n")
    base = HOST_HOSTS.read_text(errors="replace") if host else None
    _write(directory / "hosts", _hosts(container, full, endpoints, links, base))
    _write(
        directory / "resolv.conf",
        resolv_conf(container, defaults, keep_loopback=host, internal=internal),
    )


def rewrite(
    container: Container,
    directory: Path,
    *,
    defaults: DnsDefaults,
    before: Sequence[EndpointRecord],
    after: Sequence[EndpointRecord],
    internal: bool,
) -> None:
    """A running container's networks changed: lines for new addresses, none for those that went."""
    path = directory / "hosts"
    gone = {a for one in before for a in (one.ip, one.ip6) if a}
    kept = [a for one in after for a in (one.ip, one.ip6) if a]
    lines = path.read_text(errors="replace").splitlines()
    own_name = hostname(container)
    spec = container.spec
    full = f"{own_name}.{spec.domainname} {own_name}" if spec.domainname else own_name
    ours = {f"{address}\t{full}" for address in gone | set(kept)}
    rest = [line for line in lines if line not in ours]
    _write(path, "".join(f"{line}\n" for line in [*rest, *(f"{a}\t{full}" for a in kept)]))
    resolv_path = directory / "resolv.conf"
    text = resolv_path.read_text(errors="replace")
    for was_internal in (True, False):
        if text == resolv_conf(container, defaults, keep_loopback=False, internal=was_internal):
            if was_internal != internal:
                now = resolv_conf(container, defaults, keep_loopback=False, internal=internal)
                _write(resolv_path, now)
            return


def _hosts(
    container: Container,
    names: str,
    endpoints: Sequence[EndpointRecord],
    links: Sequence[tuple[str, str]],
    base: str | None,
) -> str:
    gateway = next((one.gateway for one in endpoints if one.gateway), "127.0.0.1")
    return resolv.hosts(
        base=base,
        names=names,
        addresses=[a for one in endpoints for a in (one.ip, one.ip6) if a],
        extra=[e.replace(":host-gateway", f":{gateway}") for e in container.spec.extra_hosts],
        links=links,
    )


def resolv_conf(
    container: Container, defaults: DnsDefaults, *, keep_loopback: bool, internal: bool
) -> str:
    """The text of resolv.conf."""
    spec = container.spec
    path, text = host_file()
    return resolv.resolv_conf(
        text,
        path=path,
        servers=spec.dns or defaults.servers,
        search=spec.dns_search or defaults.search,
        options=spec.dns_options or defaults.options,
        keep_loopback=keep_loopback,
        internal=internal,
    )


def servers(container: Container, defaults: DnsDefaults) -> tuple[tuple[str, bool], ...]:
    """Whom our server asks on: (address, whether from the host's namespace)."""
    asked = container.spec.dns or defaults.servers
    if asked:
        return tuple((one, one.startswith("127.") or one == "::1") for one in asked)
    return tuple((one, True) for one in resolv.servers_of(host_settings()))


def host_settings() -> str:
    """The host's resolv.conf."""
    return host_file()[1]


def host_file() -> tuple[str, str]:
    """The path and the text of the host's resolv.conf; behind a stub on the loopback, of what that one uses."""
    for path in HOST_RESOLV:
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if resolv.servers_of(text) != ("127.0.0.53",):
            return str(path), text
    return str(HOST_RESOLV[0]), ""


def _write(path: Path, text: str) -> None:
    """Replace the content in place: a running container holds the file's inode.

    The file is cut after writing, not before: ext4 sends a file that was emptied and closed to the disk at once.
    """
    data = text.encode(errors="surrogateescape")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with open(fd, "wb") as file:
        file.write(data)
        file.truncate()
