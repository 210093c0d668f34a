"""An image's config: what a container of it is by default, and of which layers it is made.

`ImageConfig.raw` are the bytes whose digest is the image's id: they are never written anew for an image that came
from elsewhere. Source: image-spec v1.1 config.md, Docker's image JSON v1.2 (Healthcheck, OnBuild, Shell).
"""

from dataclasses import dataclass, field, replace
from typing import Any

from gorae.errors import InvalidArgument
from gorae.oci import text
from gorae.oci.digest import ChainId, DiffId, Digest, chain_id, digest_of, parse_digest

MAX_LAYERS = 127
WHAT = "image config"


@dataclass(frozen=True, slots=True)
class ImageHealthcheck:
    """Times in ns; zero and empty are "not said"."""

    test: tuple[str, ...] = ()
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The defaults of a container; None where the config says null or nothing."""

    user: str = ""
    exposed_ports: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    volumes: tuple[str, ...] = ()
    working_dir: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: ImageHealthcheck | None = None
    on_build: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    args_escaped: bool = False

    def to_document(self) -> dict[str, Any]:
        """As it stands in the config, in docker's order, nothing empty."""
        check = self.healthcheck
        full: dict[str, Any] = {
            "User": self.user,
            "ExposedPorts": {one: {} for one in sorted(self.exposed_ports)},
            "Env": list(self.env),
            "Entrypoint": None if self.entrypoint is None else list(self.entrypoint),
            "Cmd": None if self.cmd is None else list(self.cmd),
            "Healthcheck": _healthcheck_document(check) if check else None,
            "ArgsEscaped": self.args_escaped,
            "Volumes": {one: {} for one in sorted(self.volumes)},
            "WorkingDir": self.working_dir,
            "OnBuild": list(self.on_build),
            "Labels": dict(sorted(self.labels.items())),
            "StopSignal": self.stop_signal,
            "Shell": list(self.shell),
        }
        return {key: value for key, value in full.items() if value}


@dataclass(frozen=True, slots=True)
class History:
    """How a layer (or, when `empty_layer`, a setting) came to be."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False

    def to_document(self) -> dict[str, Any]:
        """As it stands in the config, nothing empty."""
        full = {
            "created": self.created,
            "author": self.author,
            "created_by": self.created_by,
            "comment": self.comment,
            "empty_layer": self.empty_layer,
        }
        return {key: value for key, value in full.items() if value}


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """A parsed config and its bytes."""

    raw: bytes
    architecture: str
    os: str
    variant: str = ""
    os_version: str = ""
    created: str = ""
    author: str = ""
    comment: str = ""
    docker_version: str = ""
    config: RunConfig = RunConfig()
    diff_ids: tuple[DiffId, ...] = ()
    history: tuple[History, ...] = ()

    @property
    def id(self) -> Digest:
        """The image's id in Docker's sense."""
        return digest_of(self.raw)

    @property
    def chain_id(self) -> ChainId | str:
        """The stack's identity; empty for an image without layers."""
        return chain_id(self.diff_ids) if self.diff_ids else ""

    @classmethod
    def parse(cls, raw: bytes) -> "ImageConfig":
        """Raises: InvalidArgument: naming the bad field."""
        document = text.load(raw, WHAT)

        def word(key: str) -> str:
            return str(text.want(document, key, str, WHAT, ""))

        rootfs = text.want(document, "rootfs", dict, WHAT, {})
        layers = text.want(rootfs, "diff_ids", list, f"{WHAT}, rootfs", [])
        if len(layers) > MAX_LAYERS:
            raise InvalidArgument(f"max depth exceeded: {len(layers)} layers, at most {MAX_LAYERS}")
        history = text.want(document, "history", list, WHAT, [])
        return cls(
            raw=raw,
            architecture=word("architecture"),
            os=word("os") or "linux",
            variant=word("variant"),
            os_version=word("os.version"),
            created=word("created"),
            author=word("author"),
            comment=word("comment"),
            docker_version=word("docker_version"),
            config=run_config(text.want(document, "config", dict, WHAT, {})),
            diff_ids=tuple(DiffId(parse_digest(str(one))) for one in layers),
            history=tuple(_history(one) for one in history),
        )

    @classmethod
    def make(cls, **fields: Any) -> "ImageConfig":
        """A new config of these fields, with its bytes."""
        return replace(cls(raw=b"", **fields)).encoded()

    def extended(self, key: str, value: Any) -> "ImageConfig":
        """The same with a field more, which is not of the image's own."""
        return replace(self, raw=text.dump({**text.load(self.raw, WHAT), key: value}))

    def encoded(self) -> "ImageConfig":
        """The same with bytes made from the fields, in docker's order."""
        document = {
            "architecture": self.architecture,
            "variant": self.variant,
            "author": self.author,
            "comment": self.comment,
            "config": self.config.to_document(),
            "created": self.created,
            "history": [one.to_document() for one in self.history],
            "os": self.os,
            "os.version": self.os_version,
            "rootfs": {"type": "layers", "diff_ids": list(self.diff_ids)},
        }
        kept = {k: v for k, v in document.items() if v or k in ("config", "history", "rootfs")}
        return replace(self, raw=text.dump(kept))


def run_config(document: dict[str, Any]) -> RunConfig:
    """The `config` object. Raises: InvalidArgument: naming the bad field."""

    def words(key: str) -> tuple[str, ...] | None:
        value = document.get(key)
        if isinstance(value, str):
            return (value,)
        found = text.want(document, key, list, WHAT)
        return None if found is None else tuple(str(one) for one in found)

    def keys(key: str) -> tuple[str, ...]:
        return tuple(text.want(document, key, dict, WHAT, {}))

    labels = text.want(document, "Labels", dict, WHAT, {})
    health = text.want(document, "Healthcheck", dict, WHAT)
    return RunConfig(
        user=text.want(document, "User", str, WHAT, ""),
        exposed_ports=keys("ExposedPorts"),
        env=words("Env") or (),
        entrypoint=words("Entrypoint"),
        cmd=words("Cmd"),
        volumes=keys("Volumes"),
        working_dir=text.want(document, "WorkingDir", str, WHAT, ""),
        labels={str(key): str(value) for key, value in labels.items()},
        stop_signal=text.want(document, "StopSignal", str, WHAT, ""),
        healthcheck=None if health is None else _healthcheck(health),
        on_build=words("OnBuild") or (),
        shell=words("Shell") or (),
        args_escaped=bool(document.get("ArgsEscaped")),
    )


def _healthcheck(document: dict[str, Any]) -> ImageHealthcheck:
    def number(key: str) -> int:
        return int(text.want(document, key, int, WHAT, 0))

    return ImageHealthcheck(
        test=tuple(str(one) for one in text.want(document, "Test", list, WHAT, [])),
        interval_ns=number("Interval"),
        timeout_ns=number("Timeout"),
        start_period_ns=number("StartPeriod"),
        start_interval_ns=number("StartInterval"),
        retries=number("Retries"),
    )


def _healthcheck_document(check: ImageHealthcheck) -> dict[str, Any]:
    full = {
        "Test": list(check.test),
        "Interval": check.interval_ns,
        "Timeout": check.timeout_ns,
        "StartPeriod": check.start_period_ns,
        "StartInterval": check.start_interval_ns,
        "Retries": check.retries,
    }
    return {key: value for key, value in full.items() if value}


def _history(one: Any) -> History:
    if not isinstance(one, dict):
        raise InvalidArgument(f"{WHAT}: an entry of history is no object")
    return History(
        created=text.want(one, "created", str, WHAT, ""),
        created_by=text.want(one, "created_by", str, WHAT, ""),
        author=text.want(one, "author", str, WHAT, ""),
        comment=text.want(one, "comment", str, WHAT, ""),
        empty_layer=bool(one.get("empty_layer")),
    )
