"""One build under way: what its steps are given beside their own instruction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gorae import errors
from gorae.build.cancel import Cancel
from gorae.build.folder import Folder
from gorae.build.offers import Offers
from gorae.build.progress import Progress
from gorae.build.running import Limits
from gorae.build.secretwatch import SecretWatch
from gorae.build.tree import Tree
from gorae.dockerfile.ignore import Ignore
from gorae.errors import NotFound
from gorae.store.lease import Lease

INSTEAD = "use gorae build, or the docker-buildx plugin of gorae"


class Client(Protocol):
    """What the client can be asked for while the build runs; blocking."""

    def secret(self, secret_id: str) -> bytes | None:
        """A secret's value; None when the client has none of that id. Never kept."""

    def secrets(self) -> dict[str, bytes]:
        """All that it can give, for the build to know what is to be hidden; in memory until its end."""

    def ssh(self, agent_id: str, path: str) -> Callable[[], None] | None:
        """Serve an agent at a socket's path until the answer is called; None when the client has none."""

    def output(self, kind: str, dest: str) -> "Output":
        """A stream to the client. Raises: GoraeError: it takes none."""


class Output(Protocol):
    """A stream to the client; ended by `finish`."""

    def write(self, data: bytes, /) -> object:
        """Raises: Cancelled: the client left."""

    def finish(self) -> None:
        """All was written. Raises: Cancelled."""


class NoClient:
    """Nobody to ask: the classic API, which carries neither secrets nor agents nor outputs."""

    def secret(self, secret_id: str) -> bytes | None:
        """Raises: NotImplemented."""
        raise errors.NotImplemented(f"the classic build API cannot carry secrets: {INSTEAD}")

    def secrets(self) -> dict[str, bytes]:
        """None."""
        return {}

    def ssh(self, agent_id: str, path: str) -> Callable[[], None] | None:
        """Raises: NotImplemented."""
        raise errors.NotImplemented(f"the classic build API cannot carry ssh agents: {INSTEAD}")

    def output(self, kind: str, dest: str) -> Output:
        """Raises: NotImplemented."""
        raise errors.NotImplemented(f"the classic build API cannot send outputs: {INSTEAD}")


@dataclass(slots=True)
class ContextTree:
    """A named tree of files with its ignore rules. `kept`: called at the end, to keep what was learned of it."""

    tree: Tree
    ignore: Ignore | None = None
    kept: Callable[[], None] = lambda: None

    @property
    def folder(self) -> Folder | None:
        """The tree, when it is a folder."""
        return self.tree if isinstance(self.tree, Folder) else None


@dataclass(frozen=True, slots=True)
class LayoutContext:
    """An OCI layout in a folder of the client's, and which of its images is meant. `shown`: what people call it."""

    tree: Tree
    tag: str = ""
    digest: str = ""
    shown: str = "oci-layout"


@dataclass(slots=True)
class Session:
    """See the module. `epoch`: SOURCE_DATE_EPOCH in seconds, None when not given; `rewrite`: clamp the layers' times.

    `watch` is there when the Dockerfile was read: it must know what that shows.
    """

    id: str
    project: str
    progress: Progress
    cancel: Cancel
    lease: Lease
    limits: Limits = field(default_factory=Limits)
    contexts: Mapping[str, ContextTree] = field(default_factory=dict)
    layouts: Mapping[str, LayoutContext] = field(default_factory=dict)
    """By the reference that stands for one in the plan."""
    client: Client = field(default_factory=NoClient)
    scratch: Path = Path("/nonexistent")
    """A folder of this build's own, made when it is needed and removed at its end."""
    platform: str = "linux/amd64"
    epoch: int | None = None
    rewrite: bool = False
    offers: Offers | None = None
    allow: frozenset[str] = frozenset()
    is_kept: bool = True
    """Whether what its steps make goes into the cache."""
    watch: SecretWatch = field(init=False)

    def context(self, name: str) -> ContextTree:
        """A context by name. Raises: NotFound."""
        found = self.contexts.get(name)
        if found is None:
            raise NotFound(f'the build context "{name or "main"}" was not given')
        return found
