"""Variables in instructions: which fields of which instruction count, and the expanded instruction.

    ADD COPY    sources, destination, --chown, --chmod (ADD: --checksum); heredocs without quotes in their name
    ENV LABEL   names and values      EXPOSE VOLUME USER WORKDIR STOPSIGNAL   all
    RUN         the values of --mount options
    ARG         the default, when it is used (`expand_default`)
    FROM        image and platform, from the ARGs before it alone (`expand_from`)

CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD, SHELL, MAINTAINER and RUN's command stay as written.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from gorae.dockerfile import stopsignal
from gorae.dockerfile.instruction import (
    Add,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Run,
    Stopsignal,
    Transfer,
    User,
    Volume,
    Workdir,
)
from gorae.dockerfile.mount import parse_mount
from gorae.dockerfile.shell import Expansion, Shell
from gorae.dockerfile.source import shown
from gorae.errors import SyntaxFault

AnyInstruction = TypeVar("AnyInstruction", bound=Instruction)
_CONTENT = Shell("\\", skip_quotes=True)


class Words(Protocol):
    """What expands the texts of an instruction."""

    def __call__(self, text: str) -> str:
        """The text, expanded."""

    def content(self, text: str) -> str:
        """The content of a heredoc, expanded."""

    def words(self, text: str) -> tuple[str, ...]:
        """The expanded text's words."""


class Expander:
    """Expands with one environment and remembers which variables were asked for: cache keys and lint need it."""

    def __init__(self, escape: str, env: Mapping[str, str]) -> None:
        self._shell = Shell(escape)
        self._env = env
        self.used: set[str] = set()
        self.unset: set[str] = set()

    def __call__(self, text: str) -> str:
        """Raises: SyntaxFault."""
        return self._note(self._shell, text).text

    def content(self, text: str) -> str:
        """A heredoc's content: quotes are ordinary letters there."""
        return self._note(_CONTENT, text).text

    def words(self, text: str) -> tuple[str, ...]:
        """The expanded words of a text."""
        return self._note(self._shell, text).words

    def _note(self, shell: Shell, text: str) -> Expansion:
        found = shell.process(text, self._env)
        self.used |= found.used
        self.unset |= found.unset
        return found


def expand(instruction: AnyInstruction, expander: Words) -> AnyInstruction:
    """The instruction with its variables replaced.

    Raises:
        SyntaxFault: with BuildKit's sentence and the instruction's line.
    """
    try:
        return _expanded(instruction, expander)  # type: ignore[return-value]
    except SyntaxFault as fault:
        place = instruction.location
        message = shown(fault.message)
        raise SyntaxFault(message, source=place.source, line=place.start_line) from None


def _expanded(found: Instruction, expander: Words) -> Instruction:
    match found:
        case Transfer():
            return _transfer(found, expander)
        case Env() | Label():
            pairs = tuple(
                replace(pair, key=expander(pair.key), value=expander(pair.value))
                for pair in found.pairs
            )
            return replace(found, pairs=pairs)
        case Run():
            mounts = tuple(parse_mount(flag, expander) for flag in found.mount_flags)
            return replace(found, mounts=mounts)
        case Expose():
            ports = tuple(word for port in found.ports for word in expander.words(port))
            return replace(found, ports=ports)
        case Volume():
            return replace(found, paths=tuple(map(expander, found.paths)))
        case User():
            return replace(found, user=expander(found.user))
        case Workdir():
            return replace(found, path=expander(found.path))
        case Stopsignal():
            return replace(found, signal=stopsignal.check(expander(found.signal)))
        case From():
            return replace(found, image=expander(found.image), platform=expander(found.platform))
        case _:
            return found


def _transfer(found: Transfer, expander: Words) -> Transfer:
    changed = replace(
        found,
        chown=expander(found.chown),
        chmod=expander(found.chmod),
        sources=tuple(map(expander, found.sources)),
        dest=expander(found.dest),
        files=tuple(
            replace(one, data=expander.content(one.data)) if one.expand else one
            for one in found.files
        ),
    )
    if isinstance(changed, Add):
        return replace(changed, checksum=expander(changed.checksum))
    return changed
