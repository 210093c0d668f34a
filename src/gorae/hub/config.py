"""The hub's configuration: a TOML file under the command line's options, under defaults.

listen = ["0.0.0.0:5001"]
url = "https://hub.example.org"
signup = "invite"

[storage]
kind = "s3"
...
"""

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from gorae.errors import InvalidArgument, NotFound

DEFAULT_ROOT = "/var/lib/gorae-hub"
DEFAULT_LISTEN = "127.0.0.1:5001"
MAX_CONFIG_BYTES = 1 << 20
GIB = 1 << 30
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class S3Config:
    """An S3-compatible store. `redirect`: clients fetch blobs there themselves, by signed URLs."""

    endpoint: str = ""
    bucket: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = ""
    prefix: str = ""
    redirect: bool = False


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """Another registry seen through this one.

    `namespace`: the first part of the names here, `*` for every name whose namespace is no account's. `visibility`:
    who may pull through it. `max_age_s`: how long a tag is believed before the other registry is asked again.
    """

    namespace: str
    url: str
    username: str = ""
    password: str = ""
    visibility: str = "public"
    max_age_s: int = 60


@dataclass(frozen=True, slots=True)
class Config:
    """All that can be set. Sizes in bytes, times in seconds; `url` empty: as the client addressed us."""

    root: str = DEFAULT_ROOT
    listen: tuple[str, ...] = (DEFAULT_LISTEN,)
    url: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    database: str = "sqlite"
    s3: S3Config | None = None
    proxies: tuple[ProxyConfig, ...] = ()
    title: str = "gorae hub"
    signup: str = "invite"
    default_visibility: str = "public"
    quota_bytes: int = -1
    token_lifetime_s: int = 300
    login_lifetime_s: int = 90 * 86400
    session_lifetime_s: int = 30 * 86400
    failed_logins: int = 10
    failed_logins_window_s: int = 900
    collect_every_s: int = 3600
    unused_after_s: int = 86400
    untagged_after_s: int = -1
    audit_days: int = 365
    max_blob_bytes: int = 100 * GIB
    max_uploads_per_account: int = 200
    idle_s: int = 60
    webhooks_to_private: bool = False
    metrics_token: str = ""
    log_level: str = "info"


CHOICES = {
    "signup": ("closed", "invite", "open"),
    "default_visibility": ("public", "private"),
    "log_level": ("debug", "info", "warning", "error"),
}


def load(path: str, options: dict[str, Any]) -> Config:
    """The file at `path` (may be empty: none), `options` that were given over it.

    Raises:
        NotFound: no such file. InvalidArgument: naming the key.
    """
    document = _read(path) if path else {}
    storage = document.pop("storage", {})
    kind = storage.pop("kind", "") if storage else "folder"
    proxies = document.pop("proxy", [])
    config = _fill(Config(), document, "the configuration")
    if kind == "s3":
        config = replace(config, s3=_s3(storage))
    elif kind != "folder":
        raise InvalidArgument('storage: "kind" wants "s3"; leave the section out for a folder')
    config = replace(config, proxies=tuple(_proxy(one) for one in proxies))
    return check(_fill(config, options, "the options"))


def _read(path: str) -> dict[str, Any]:
    try:
        data = Path(path).read_bytes()[: MAX_CONFIG_BYTES + 1]
    except FileNotFoundError:
        raise NotFound(f'no such configuration file: "{path}"') from None
    if len(data) > MAX_CONFIG_BYTES:
        raise InvalidArgument(f'"{path}" is too large for a configuration file')
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidArgument(f'"{path}" is not TOML: {error}') from None


def _fill(value: T, given: dict[str, Any], what: str) -> T:
    """`value` with the fields of `given` in it, each of its own type."""
    known = {one.name for one in fields(value)}  # type: ignore[arg-type]
    found: dict[str, Any] = {}
    for key, wanted in given.items():
        if key not in known:
            raise InvalidArgument(f'{what}: unknown key "{key}"')
        default = getattr(value, key)
        if isinstance(default, tuple):
            wanted = tuple([wanted] if isinstance(wanted, str) else wanted)
        elif type(wanted) is not type(default):
            raise InvalidArgument(
                f'{what}: "{key}" wants {type(default).__name__}, found {type(wanted).__name__}'
            )
        found[key] = wanted
    return replace(value, **found)  # type: ignore[type-var]


def _s3(storage: dict[str, Any]) -> S3Config:
    config = _fill(S3Config(), storage, "storage")
    config = replace(
        config,
        access_key=config.access_key or os.environ.get("AWS_ACCESS_KEY_ID", ""),
        secret_key=config.secret_key or os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
    )
    for key in ("endpoint", "bucket", "access_key", "secret_key"):
        if not getattr(config, key):
            raise InvalidArgument(f'storage: "{key}" is missing')
    return config


def _proxy(given: dict[str, Any]) -> ProxyConfig:
    config = _fill(ProxyConfig("", ""), given, "proxy")
    if not config.namespace or not config.url.startswith(("http://", "https://")):
        raise InvalidArgument('proxy: wanted a "namespace" and a "url" that begins with http(s)://')
    if config.visibility not in ("public", "private"):
        raise InvalidArgument('proxy: "visibility" wants public or private')
    return config


def check(config: Config) -> Config:
    """Raises: InvalidArgument: values that cannot be meant."""
    for key, choices in CHOICES.items():
        if getattr(config, key) not in choices:
            raise InvalidArgument(
                f'"{key}" wants {" or ".join(choices)}, found "{getattr(config, key)}"'
            )
    if bool(config.tls_cert) != bool(config.tls_key):
        raise InvalidArgument('"tls_cert" and "tls_key" go together')
    if config.database != "sqlite" and not config.database.startswith("postgresql://"):
        raise InvalidArgument('"database" wants sqlite or a URL that begins with postgresql://')
    if config.url and not config.url.startswith(("http://", "https://")):
        raise InvalidArgument('"url" wants one that begins with http:// or https://')
    return replace(config, root=str(Path(config.root).absolute()), url=config.url.rstrip("/"))


def split_address(text: str) -> tuple[str, int]:
    """`host:port`, `[v6]:port` or `:port`. Raises: InvalidArgument: neither."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise InvalidArgument(f'"{text}" is no address: wanted HOST:PORT')
    return host.strip("[]") or "0.0.0.0", int(port)
