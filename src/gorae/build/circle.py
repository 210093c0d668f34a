"""Stages that need one another by COPY --from or a mount's `from`: found before anything is planned. Pure."""

from collections.abc import Iterator, Sequence

from gorae.dockerfile import instruction as to
from gorae.dockerfile.mount import from_of
from gorae.dockerfile.stages import Dockerfile, Stage
from gorae.errors import SyntaxFault


class WrongStage(SyntaxFault):
    """A stage that is not there or cannot be had here."""


def stage_index(stages: Sequence[Stage], name: str) -> int | None:
    """The stage of a name; of several the last. Case does not count."""
    wanted = name.lower()
    return next((one.index for one in reversed(stages) if wanted and one.name == wanted), None)


def check_circles(file: Dockerfile) -> None:
    """Raises: WrongStage: a stage needs itself; at the instruction that closes the circle."""
    done: set[int] = set()
    for stage in file.stages:
        _visit(file.stages, stage.index, stage, [], done)


def _visit(
    stages: Sequence[Stage], index: int, start: Stage, path: list[int], done: set[int]
) -> None:
    if index in done:
        return
    done.add(index)
    path.append(index)
    for found, needed in _needs(stages, stages[index]):
        if needed in path:
            name = start.name or f"stage-{start.index}"
            place = found.location
            raise WrongStage(
                f"circular dependency detected on stage: {name}",
                source=place.source,
                line=place.start_line,
            )
        _visit(stages, needed, start, path, done)
    path.pop()


def _needs(stages: Sequence[Stage], stage: Stage) -> Iterator[tuple[to.Instruction, int]]:
    for found in stage.instructions:
        names = []
        if isinstance(found, to.Copy):
            names = [found.from_]
        elif isinstance(found, to.Run):
            names = [from_of(flag) for flag in found.mount_flags]
        for name in names:
            index = stage_index(stages, name)
            if index is None and name.isdecimal() and len(name) < 6 and int(name) < len(stages):
                index = int(name)
            if index is not None:
                yield found, index
