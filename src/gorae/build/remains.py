"""A step that failed, as it is kept: what a shell in its state needs, as JSON text and back. Pure.

What comes from the client anew each time is not in it: the values of secrets, agents, and the proxies' addresses, which
often hold a password.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from gorae.build.running import Limits
from gorae.build.vertex import SANDBOX_HOSTNAME, BoundMount, RunAction, State, Step
from gorae.dockerfile.mount import RunMount
from gorae.errors import DataLoss

SHELLS = ("sh", "bash", "ash", "dash", "zsh", "ksh", "fish")
DEFAULT_SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True)
class KeptMount:
    """A mount of the step. `state`: the chain id that it shows; `copy`: files of a context, kept beside the row."""

    mount: RunMount
    state: str | None = None
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """See the module. `parent`: the chain id before the step; `code`: the command's status, 0 when it never ran."""

    label: str
    error: str
    code: int
    parent: str
    argv: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    user: str
    mounts: tuple[KeptMount, ...] = ()
    network: str = "default"
    security: str = "sandbox"
    script: tuple[str, str] | None = None
    hostname: str = SANDBOX_HOSTNAME
    limits: Limits = field(default_factory=Limits)

    @property
    def states(self) -> tuple[str, ...]:
        """The snapshots that it stands on or shows."""
        shown = [one.state for one in self.mounts if one.state]
        return tuple(one for one in (self.parent, *shown) if one)

    @property
    def shell(self) -> str:
        """The step's own shell, when it had one that people type into."""
        first = self.argv[0] if self.argv else ""
        return first if first.rpartition("/")[2] in SHELLS else DEFAULT_SHELL

    def action(self, argv: tuple[str, ...], env: tuple[str, ...]) -> RunAction:
        """A run in its place; the sources of its mounts are given by their numbers."""
        return RunAction(
            argv=argv,
            env=(*self.env, *env),
            cwd=self.cwd or "/",
            user=self.user,
            mounts=tuple(BoundMount(one.mount) for one in self.mounts),
            network=self.network,
            security=self.security,
            script=self.script,
            hostname=self.hostname,
        )


def of(
    step: Step, *, error: str, code: int, parent: str, states: Mapping[int, str], limits: Limits
) -> Remains:
    """What is kept of a step. `states`: the chain ids that its mounts show, by the mounts' numbers."""
    action = step.action
    found = action if isinstance(action, RunAction) else _setting(step)
    mounts = tuple(
        KeptMount(one.mount, states.get(number), number not in states and one.source is not None)
        for number, one in enumerate(found.mounts)
    )
    return Remains(
        label=step.label,
        error=error,
        code=code,
        parent=parent,
        argv=found.argv,
        env=found.env,
        cwd=found.cwd,
        user=found.user,
        mounts=mounts,
        network=found.network,
        security=found.security,
        script=found.script,
        hostname=found.hostname,
        limits=limits,
    )


def _setting(step: Step) -> RunAction:
    """Where a command would run in the place of a step that is none: as the last one before it, else as the image says."""
    at: State = step.parent
    while at.step is not None:
        if isinstance(at.step.action, RunAction):
            return replace(at.step.action, argv=(), mounts=(), script=None)
        at = at.step.parent
    config = at.base.config.config if at.base.config is not None else None
    if config is None:
        return RunAction((), (), "/", "")
    return RunAction((), config.env, config.working_dir or "/", config.user)


def encode(remains: Remains) -> str:
    """The text to be kept; bytes that are no text come back as they were."""
    return json.dumps(msgspec.to_builtins(remains))


def decode(text: str) -> Remains:
    """Raises: DataLoss: the text is none of ours."""
    try:
        return msgspec.convert(json.loads(text), type=Remains)
    except (ValueError, msgspec.MsgspecError) as error:
        raise DataLoss(f"a kept build step cannot be read: {error}") from error
