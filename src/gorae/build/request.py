"""What a build is asked for, whoever asks; and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gorae.build import steplog
from gorae.build.running import Limits
from gorae.oci.manifest import Platform
from gorae.registry.auth import NOBODY, Credentials


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The Dockerfile is `dockerfile` (its bytes), or the file `path` of the main context.

    `ignore`: the bytes of the ignore file called `ignore_name`; None: looked for beside the Dockerfile in the context. `log_limit_bytes`: of each
    stream of a step's output; 0: none.
    """

    path: str = "Dockerfile"
    dockerfile: bytes | None = None
    ignore: bytes | None = None
    ignore_name: str = ".dockerignore"
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
    annotations: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    secret_guard: str = "warn"
    verify: bool = False
    """Build twice without the cache and compare."""
    log_limit_bytes: int = steplog.MAX_BYTES
    project: str = ""

    def credentials_for(self, domain: str) -> Credentials:
        """Those that the client sent for a registry."""
        names = ("https://index.docker.io/v1/", "docker.io") if domain == "docker.io" else (domain,)
        found = next((self.credentials[one] for one in names if one in self.credentials), None)
        return found or NOBODY


@dataclass(frozen=True, slots=True)
class Built:
    """What came of it. `names` as people type them."""

    image_id: str = ""
    manifest: str = ""
    names: tuple[str, ...] = ()
    build_id: str = ""
