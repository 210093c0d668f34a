"""goraed's configuration: flags over the config file over defaults, with dockerd's names where they apply."""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from gorae.engine import logdriver
from gorae.engine.model import LogConfig
from gorae.errors import InvalidArgument, NotFound
from gorae.registry.endpoint import CERTS_DIRS, Settings, check_insecure, check_mirror
from gorae.registry.proxies import Proxies

DEFAULT_EXEC_ROOT = "/run/gorae"
DEFAULT_SOCKET = "unix:///run/gorae/gorae.sock"
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
PUBLISH_MODES = ("auto", "dnat", "proxy")
MAX_CONFIG_BYTES = 1 << 20
MAX_CONCURRENT = 100
MAX_BIN_HOURS = 24 * 365
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


@dataclass(frozen=True, slots=True)
class Config:
    """All that can be set. Paths are absolute; `hosts` are unix://, tcp:// or fd:// addresses."""

    data_root: str = "/var/lib/gorae"
    exec_root: str = DEFAULT_EXEC_ROOT
    hosts: tuple[str, ...] = (DEFAULT_SOCKET,)
    pidfile: str = "/run/gorae/goraed.pid"
    log_level: str = "info"
    group: str = "docker"
    tls: bool = False
    tlsverify: bool = False
    tlscacert: str = ""
    tlscert: str = ""
    tlskey: str = ""
    insecure_tcp: bool = False
    runtime: str = ""
    bridge: str = "gorae0"
    bip: str = ""
    instance: str = "gorae"
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_opts: tuple[str, ...] = ()
    log_driver: str = "json-file"
    log_opts: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    publish_mode: str = "auto"
    runtimes: dict[str, str] = field(default_factory=dict)
    """Name -> path of further OCI runtimes."""
    init: bool = False
    debug: bool = False
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    certs_dir: str = ""
    http_proxy: str = ""
    https_proxy: str = ""
    no_proxy: str = ""
    policy: str = "/etc/gorae/policy.json"
    max_concurrent_downloads: int = 3
    max_concurrent_uploads: int = 5
    hints: bool = True
    bin_hours: float = 24.0
    """How long what was removed can be brought back; 0: not at all."""

    @property
    def log(self) -> LogConfig:
        """Of the containers that ask for no driver of their own."""
        return LogConfig(self.log_driver, dict(self.log_opts))

    @property
    def cgroup_parent(self) -> str:
        """Where this daemon's containers are: a daemon with another exec root has another place."""
        if self.exec_root == DEFAULT_EXEC_ROOT:
            return "/gorae"
        return f"/gorae-{hashlib.sha256(self.exec_root.encode()).hexdigest()[:8]}"


_FILE_KEYS = {
    "data-root": "data_root",
    "exec-root": "exec_root",
    "hosts": "hosts",
    "pidfile": "pidfile",
    "log-level": "log_level",
    "group": "group",
    "tls": "tls",
    "tlsverify": "tlsverify",
    "tlscacert": "tlscacert",
    "tlscert": "tlscert",
    "tlskey": "tlskey",
    "insecure-tcp": "insecure_tcp",
    "default-runtime": "runtime",
    "bridge": "bridge",
    "bip": "bip",
    "dns": "dns",
    "dns-search": "dns_search",
    "dns-opts": "dns_opts",
    "log-driver": "log_driver",
    "log-opts": "log_opts",
    "labels": "labels",
    "publish-mode": "publish_mode",
    "runtimes": "runtimes",
    "init": "init",
    "debug": "debug",
    "registry-mirrors": "registry_mirrors",
    "insecure-registries": "insecure_registries",
    "certs-dir": "certs_dir",
    "http-proxy": "http_proxy",
    "https-proxy": "https_proxy",
    "no-proxy": "no_proxy",
    "policy": "policy",
    "max-concurrent-downloads": "max_concurrent_downloads",
    "max-concurrent-uploads": "max_concurrent_uploads",
    "bin-hours": "bin_hours",
    "hints": "hints",
}


_KEYS = {name: key for key, name in _FILE_KEYS.items()}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidArgument(f"{message}; see goraed --help")


def parser() -> argparse.ArgumentParser:
    """The flags; what is not given stays None, so that the file can fill it."""
    p = _Parser(
        prog="goraed", description="The gorae daemon: containers over the Docker Engine API."
    )
    p.add_argument("--data-root", metavar="DIR", help="persistent state (/var/lib/gorae)")
    p.add_argument("--exec-root", metavar="DIR", help="run-time state (/run/gorae)")
    p.add_argument(
        "-H",
        "--host",
        dest="hosts",
        action="append",
        metavar="ADDRESS",
        help="listen here: unix://PATH, tcp://HOST:PORT, fd:// (repeatable)",
    )
    p.add_argument("-p", "--pidfile", metavar="FILE", help="where the process id is written")
    p.add_argument("-l", "--log-level", choices=LOG_LEVELS, help="what is logged (info)")
    p.add_argument("-D", "--debug", action="store_true", default=None, help="log level debug")
    p.add_argument(
        "--config-file",
        metavar="FILE",
        default="/etc/gorae/daemon.json",
        help="configuration in JSON (/etc/gorae/daemon.json)",
    )
    p.add_argument("-G", "--group", metavar="NAME", help="group of the unix socket (docker)")
    p.add_argument("--tls", action="store_true", default=None, help="serve tcp with TLS")
    p.add_argument(
        "--tlsverify",
        action="store_true",
        default=None,
        help="serve tcp with TLS and ask clients for certificates",
    )
    p.add_argument(
        "--tlscacert", metavar="FILE", help="trust client certificates signed by this CA"
    )
    p.add_argument("--tlscert", metavar="FILE", help="the server's certificate")
    p.add_argument("--tlskey", metavar="FILE", help="the server's key")
    p.add_argument(
        "--insecure-tcp",
        action="store_true",
        default=None,
        help="allow tcp without TLS on a loopback address",
    )
    p.add_argument(
        "--default-runtime",
        dest="runtime",
        metavar="NAME",
        help="OCI runtime: crun, runc or a path (crun, else runc)",
    )
    p.add_argument("-b", "--bridge", metavar="NAME", help="link of the default network (gorae0)")
    p.add_argument("--bip", metavar="CIDR", help="address of the default bridge")
    p.add_argument(
        "--instance",
        metavar="NAME",
        help="prefix of this daemon's links, rules and cgroups (gorae)",
    )
    p.add_argument("--dns", action="append", metavar="ADDRESS", help="name server for containers")
    p.add_argument("--dns-search", action="append", metavar="DOMAIN")
    p.add_argument("--dns-opt", dest="dns_opts", action="append", metavar="OPTION")
    p.add_argument(
        "--add-runtime",
        dest="runtimes",
        action="append",
        metavar="NAME=PATH",
        help="a further OCI runtime that containers may ask for (repeatable)",
    )
    p.add_argument(
        "--publish-mode",
        choices=PUBLISH_MODES,
        help="published TCP ports by nft rules (dnat), through the relay, which obeys the host's input rules (proxy), "
        "or through the relay only where the host filters its input (auto)",
    )
    p.add_argument("--log-driver", metavar="NAME", help="default log driver (json-file)")
    p.add_argument("--log-opt", dest="log_opts", action="append", metavar="KEY=VALUE")
    p.add_argument("--label", dest="labels", action="append", metavar="KEY=VALUE")
    p.add_argument(
        "--init",
        action="store_true",
        default=None,
        help="run an init in every container unless it says otherwise",
    )
    p.add_argument(
        "--registry-mirror",
        dest="registry_mirrors",
        action="append",
        metavar="URL",
        help="ask here for images of docker.io first (repeatable)",
    )
    p.add_argument(
        "--insecure-registry",
        dest="insecure_registries",
        action="append",
        metavar="HOST|CIDR",
        help="speak to this registry without a good certificate, or without TLS (repeatable)",
    )
    p.add_argument(
        "--certs-dir",
        metavar="DIR",
        help="CAs and client certificates of registries (/etc/gorae/certs.d and /etc/docker/certs.d)",
    )
    for name in ("http-proxy", "https-proxy", "no-proxy"):
        p.add_argument(
            f"--{name}",
            metavar="URL" if name != "no-proxy" else "LIST",
            help=f"in the place of the environment's {name.upper().replace('-', '_')}",
        )
    p.add_argument(
        "--policy", metavar="FILE", help="whose images must be signed (/etc/gorae/policy.json)"
    )
    p.add_argument(
        "--max-concurrent-downloads", type=int, metavar="N", help="layers pulled at once (3)"
    )
    p.add_argument(
        "--max-concurrent-uploads", type=int, metavar="N", help="layers pushed at once (5)"
    )
    p.add_argument(
        "--no-hints",
        dest="hints",
        action="store_false",
        default=None,
        help="tell clients no hints (of anonymous volumes that pile up)",
    )
    p.add_argument(
        "--bin-hours",
        type=float,
        metavar="N",
        help="how long what was removed can be brought back (24; 0: not at all)",
    )
    p.add_argument("-v", "--version", action="store_true", help="print the version and leave")
    return p


def load(argv: Sequence[str]) -> Config:
    """The configuration of this run.

    Raises:
        InvalidArgument: a bad file, or settings that may not stand together.
        NotFound: the named config file is not there.
    """
    given = parser().parse_args(argv)
    named = any(a == "--config-file" or a.startswith("--config-file=") for a in argv)
    from_file = _read_file(Path(given.config_file), must_exist=named)
    flags = {f.name: getattr(given, f.name, None) for f in fields(Config)}
    flags = {name: _frozen(value) for name, value in flags.items() if value is not None}
    both = sorted(set(flags) & set(from_file))
    if both:
        raise InvalidArgument(
            "the following settings are given both as a flag and in "
            f"{given.config_file}: {', '.join(_KEYS[name] for name in both)}; give each once"
        )
    config = replace(Config(), **{**from_file, **flags})
    config = replace(config, runtimes=_runtimes(config.runtimes))
    if config.debug:
        config = replace(config, log_level="debug")
    check(config)
    return config


def _runtimes(given: Any) -> dict[str, str]:
    """Flags of NAME=PATH, or the file's `{"NAME": {"path": PATH}}`, as name -> path.

    Raises:
        InvalidArgument: neither.
    """
    found: dict[str, str] = {}
    pairs = (
        given.items()
        if isinstance(given, dict)
        else ((one.partition("=")[0], one.partition("=")[2]) for one in given)
    )
    for name, value in pairs:
        path = value.get("path", "") if isinstance(value, dict) else value
        if not name or not isinstance(path, str) or not path:
            raise InvalidArgument(f'runtime "{name}": use NAME=PATH')
        found[name] = path
    return found


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        if value and all("=" in str(v) for v in value) and isinstance(value[0], str):
            pairs = [v.partition("=") for v in value]
            if all(
                key.startswith("max-") or key in ("mode", "labels", "env", "tag", "compress")
                for key, _, _ in pairs
            ):
                return {key: v for key, _, v in pairs}
        return tuple(value)
    return value


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except FileNotFoundError:
        if must_exist:
            raise NotFound(
                f'config file "{path}" is not there: give another --config-file'
            ) from None
        return {}
    if len(data) > MAX_CONFIG_BYTES:
        raise InvalidArgument(f'config file "{path}" is larger than {MAX_CONFIG_BYTES} bytes')
    try:
        document = json.loads(data or b"{}")
    except ValueError as error:
        raise InvalidArgument(f'config file "{path}" is not JSON: {error}') from error
    if not isinstance(document, dict):
        raise InvalidArgument(f'config file "{path}": wanted an object at the top')
    document |= _proxies_of(path, document.pop("proxies", {}))
    unknown = sorted(set(document) - set(_FILE_KEYS))
    if unknown:
        raise InvalidArgument(
            f"the following directives don't match any configuration option: {', '.join(unknown)}"
        )
    return {_FILE_KEYS[key]: _typed(path, key, value) for key, value in document.items()}


def _proxies_of(path: Path, given: Any) -> dict[str, Any]:
    """Docker's `"proxies": {"http-proxy": ...}`, as if its keys stood at the top."""
    if not isinstance(given, dict) or set(given) - {"http-proxy", "https-proxy", "no-proxy"}:
        raise InvalidArgument(
            f'config file "{path}": "proxies" wants an object of http-proxy, https-proxy and no-proxy'
        )
    return given


def _typed(path: Path, key: str, value: Any) -> Any:
    """The file's value in the field's type; a wrong one is named."""
    wanted = type(getattr(Config(), _FILE_KEYS[key]))
    if wanted is tuple:
        wanted = list
    if not isinstance(value, wanted):
        raise InvalidArgument(
            f'config file "{path}": "{key}" wants {wanted.__name__}, found {type(value).__name__}'
        )
    return tuple(value) if wanted is list else value


def check(config: Config) -> None:
    """Raises: InvalidArgument: settings that may not stand together."""
    if config.log_level not in LOG_LEVELS:
        raise InvalidArgument(
            f'log level "{config.log_level}" is not one of {", ".join(LOG_LEVELS)}'
        )
    if config.log_driver not in logdriver.OPTIONS:
        raise InvalidArgument(
            f'log driver "{config.log_driver}" is not one of {", ".join(logdriver.OPTIONS)}'
        )
    logdriver.check(config.log)
    if config.publish_mode not in PUBLISH_MODES:
        raise InvalidArgument(
            f'publish mode "{config.publish_mode}" is not one of {", ".join(PUBLISH_MODES)}'
        )
    for host in config.hosts:
        check_host(config, host)
    for name, number in (
        ("max concurrent downloads", config.max_concurrent_downloads),
        ("max concurrent uploads", config.max_concurrent_uploads),
    ):
        if not 0 < number <= MAX_CONCURRENT:
            raise InvalidArgument(f"invalid {name}: {number}: wanted 1 to {MAX_CONCURRENT}")
    if not 0 <= config.bin_hours <= MAX_BIN_HOURS:
        raise InvalidArgument(f"invalid bin hours: {config.bin_hours}: wanted 0 to {MAX_BIN_HOURS}")
    registries(config)
    if (config.tls or config.tlsverify) and not (config.tlscert and config.tlskey):
        raise InvalidArgument("tls needs a certificate and a key: give --tlscert and --tlskey")
    if config.tlsverify and not config.tlscacert:
        raise InvalidArgument(
            "--tlsverify needs --tlscacert, the CA that signs the clients' certificates"
        )


def proxies(config: Config) -> Proxies:
    """Each as configured, else as the environment has it."""
    around = Proxies.of_environment(os.environ)
    return Proxies(
        config.http_proxy or around.http,
        config.https_proxy or around.https,
        config.no_proxy or around.no,
    )


def registries(config: Config) -> Settings:
    """What the registry client is told. Raises: InvalidArgument: no mirror's address, no host or network."""
    return Settings(
        mirrors=tuple(check_mirror(one) for one in config.registry_mirrors),
        insecure=tuple(check_insecure(one) for one in config.insecure_registries),
        certs_dirs=(config.certs_dir,) if config.certs_dir else CERTS_DIRS,
        proxies=proxies(config),
        policy=config.policy,
        max_downloads=config.max_concurrent_downloads,
        max_uploads=config.max_concurrent_uploads,
    )


def check_host(config: Config, host: str) -> None:
    """Raises: InvalidArgument: an unknown kind of address, or tcp that anybody could use as root."""
    kind, found, rest = host.partition("://")
    if not found or kind not in ("unix", "tcp", "fd"):
        raise InvalidArgument(
            f'invalid host "{host}": wanted unix://PATH, tcp://HOST:PORT or fd://'
        )
    if kind != "tcp":
        return
    address, _, port = rest.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise InvalidArgument(f'invalid host "{host}": wanted tcp://HOST:PORT')
    if config.tls or config.tlsverify:
        return
    if address not in LOOPBACK:
        raise InvalidArgument(
            f'refusing "{host}" without TLS: whoever reaches it is root here; '
            "give --tlsverify with certificates, or use ssh"
        )
    if not config.insecure_tcp:
        raise InvalidArgument(
            f'refusing "{host}" without TLS: every local user who reaches it is root here; '
            "give --tlsverify, or --insecure-tcp if that is meant"
        )
