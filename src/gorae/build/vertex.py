"""The nodes of a build's graph, as values. Pure.

A `State` is a file system: what a base image holds, or what it is after a `Step`. A step takes one state to the next and
may read others. Steps are compared by identity; what makes two of them equal is the cache's key.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gorae.dockerfile.instruction import From, InlineFile, Instruction
from gorae.dockerfile.mount import RunMount
from gorae.oci.config import ImageConfig, RunConfig

MAIN_CONTEXT = ""
SANDBOX_HOSTNAME = "buildkitsandbox"


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What a stage begins with: an image that is here, or nothing (`config` None, of `scratch`).

    `identity` stands for it in keys: the image's id, never its name.
    """

    reference: str = "scratch"
    identity: str = ""
    config: ImageConfig | None = None
    chain_id: str = ""

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Its layers, bottom first."""
        return self.config.diff_ids if self.config else ()


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The file system after `step`, or the base's own."""

    base: Base
    step: "Step | None" = None


@dataclass(frozen=True, slots=True)
class Context:
    """A tree of files that the client gave by name; empty is the main context."""

    name: str = MAIN_CONTEXT


Source = State | Context


@dataclass(frozen=True, slots=True)
class BoundMount:
    """A mount of a RUN and where it comes from; None for what has no source (tmpfs, secret, ssh, an empty cache)."""

    mount: RunMount
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class RunAction:
    """A command. `args` are the ARGs in sight, as history tells them; `proxies` count neither there nor in the key.

    `script`: a file (name, content) that is mounted below /dev/pipes and run, of a heredoc with `#!`.
    """

    argv: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    user: str
    args: tuple[tuple[str, str], ...] = ()
    mounts: tuple[BoundMount, ...] = ()
    network: str = "default"
    security: str = "sandbox"
    proxies: tuple[str, ...] = ()
    script: tuple[str, str] | None = None
    hostname: str = SANDBOX_HOSTNAME


@dataclass(frozen=True, slots=True)
class TransferAction:
    """A COPY or ADD. `dest` is absolute, with a `/` at the end when it is to be a directory."""

    add: bool
    sources: tuple[str, ...]
    files: tuple[InlineFile, ...]
    dest: str
    source: Source
    chown: str = ""
    chmod: str = ""
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    checksum: str = ""
    keep_git_dir: bool = False
    unpack: bool | None = None


@dataclass(frozen=True, slots=True)
class WorkdirAction:
    """A directory that is made where it is missing, as `user` (empty: root)."""

    path: str
    user: str = ""


Action = RunAction | TransferAction | WorkdirAction


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One node. `label` is what progress calls it; `slot` names it across builds: stage and number."""

    action: Action
    parent: State
    instruction: Instruction
    label: str
    stage: str
    number: int
    no_cache: bool = False

    @property
    def slot(self) -> str:
        """`builder 2`."""
        return f"{self.stage} {self.number}"

    @property
    def inputs(self) -> tuple[Source, ...]:
        """What it reads beside its parent."""
        if isinstance(self.action, TransferAction):
            return (self.action.source,)
        if isinstance(self.action, RunAction):
            return tuple(one.source for one in self.action.mounts if one.source is not None)
        return ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of history to be; `step` None is a setting without a layer. `of`: the instruction that says it."""

    created_by: str
    step: Step | None = None
    of: Instruction | None = None


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage worked out: its end, the config of an image of it, and the history that it adds to its base image's.

    `env`, `args`: the variables at its end, and which of them ARGs made: a stage on top has them too.
    `inherits`: it stands on another stage; `walk`: its instructions, expanded and with the base's triggers first, each
    with the state after it.
    """

    index: int
    name: str
    base: Base
    end: State
    config: RunConfig
    author: str
    history: tuple[Line, ...]
    from_label: str
    from_: From
    inherits: bool
    walk: tuple[tuple[Instruction, State], ...]
    env: Mapping[str, str]
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be done for the target: its stages in the file's order, and build args that nothing asked for."""

    target: StagePlan
    stages: tuple[StagePlan, ...]
    unused_args: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """Every step that the target needs, each after those that it stands on."""
        found: list[Step] = []
        seen: set[int] = set()
        stack: list[tuple[Source, bool]] = [(self.target.end, False)]
        while stack:
            at, ready = stack.pop()
            step = at.step if isinstance(at, State) else None
            if step is None or (id(step) in seen and not ready):
                continue
            if ready:
                found.append(step)
                continue
            seen.add(id(step))
            stack.append((at, True))
            stack += [(one, False) for one in (*step.inputs, step.parent)]
        return found
