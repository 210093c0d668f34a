"""What a build is asked for, whoever asks; and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gorae.build.running import Limits
from gorae.oci.manifest import Platform


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The Dockerfile is `dockerfile` (its bytes), or the file `path` of the main context.

    `ignore`: the ignore file's bytes; None: looked for beside the Dockerfile in the context.
    """

    path: str = "Dockerfile"
    dockerfile: bytes | None = None
    ignore: bytes | None = None
    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    pull: bool = False
    network: str = "default"
    platform: Platform | None = None
    limits: Limits = Limits()
    allow: frozenset[str] = frozenset()
    squash: bool = False
    outputs: tuple[Mapping[str, str], ...] = ()
    cache_from: tuple[Mapping[str, str], ...] = ()
    cache_to: tuple[Mapping[str, str], ...] = ()
    context_images: Mapping[str, str] = field(default_factory=dict)
    secret_guard: str = "warn"
    project: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of it. `names` as people type them."""

    image_id: str = ""
    manifest: str = ""
    names: tuple[str, ...] = ()
    build_id: str = ""
