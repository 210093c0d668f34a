"""A build told as docker's classic builder tells it: numbered steps, one after the other, in the file's order.

    Step 2/5 : RUN make
     ---> Running in 0123456789ab
    ...output...
     ---> Removed intermediate container 0123456789ab
     ---> fedcba987654

The image is BuildKit's all the same; the ids in between name what the cache knows.
"""

import hashlib
from collections.abc import Callable

from gorae.build.progress import STDERR, Log, Update, Vertex, Warning
from gorae.build.request import Built
from gorae.build.result import Result
from gorae.build.running import CommandFailed
from gorae.build.solver import StepFailed
from gorae.build.vertex import RunAction, StagePlan, State, TransferAction
from gorae.dockerfile.instruction import Instruction
from gorae.engine.builds import Building
from gorae.errors import GoraeError, InvalidArgument, NotFound, SyntaxFault

Say = Callable[[str], None]


class Narrator:
    """Tells one build; `say` gets pieces of text for the terminal."""

    def __init__(self, say: Say, *, remove: bool = True) -> None:
        self._say = say
        self._remove = remove
        self._running = ""
        self._step: tuple[int, str] = (0, "")

    def update(self, one: Update) -> None:
        """An update of the build's progress."""
        match one:
            case Vertex() if one.why is not None and not one.completed_ns:
                self._begins(one)
            case Log():
                self._output(one)
            case Warning() if one.rule:
                self._say(f"[Warning] {one.short}\n")

    def _begins(self, vertex: Vertex) -> None:
        if " RUN " in vertex.name or vertex.name.startswith("RUN "):
            self._running = vertex.digest.partition(":")[2][:12]
            self._say(f" ---> Running in {self._running}\n")

    def _output(self, log: Log) -> None:
        if self._running:
            text = log.data.decode("utf-8", "replace")
            self._say(f"\x1b[91m{text}\x1b[0m" if log.stream == STDERR else text)

    def tell(self, building: Building) -> None:
        """Solve the plan stage by stage, telling each instruction. Raises: as solving."""
        stages = building.plan.stages
        total = sum(1 + len(stage.walk) for stage in stages)
        number = 0
        for stage in stages:
            number += 1
            self._say(f"Step {number}/{total} : {_text(stage.from_)}")
            self._say("\n")
            self._say(f" ---> {_from_id(stage, building)}\n")
            before = self._start_of(stage)
            all_cached = True
            for instruction, state in stage.walk:
                number += 1
                self._say(f"Step {number}/{total} : {_text(instruction)}")
                self._say("\n")
                result = building.solving.result(state)
                if state.step is not before.step:
                    all_cached = all_cached and result.cached
                self._end_of(result, number, cached=all_cached)
                before = state

    def _start_of(self, stage: StagePlan) -> State:
        first = stage.walk[0][1] if stage.walk else stage.end
        while first.step is not None and first.step.stage == (stage.name or "stage-0"):
            first = first.step.parent
        return first

    def _end_of(self, result: Result, number: int, *, cached: bool) -> None:
        if self._running:
            if self._remove:
                self._say(f" ---> Removed intermediate container {self._running}\n")
            self._running = ""
        elif cached:
            self._say(" ---> Using cache\n")
        self._say(f" ---> {_id(result.key, number)}\n")


def _text(found: Instruction) -> str:
    """An instruction as the classic builder repeats it."""
    return found.text


def _from_id(stage: StagePlan, building: Building) -> str:
    if stage.inherits:
        return _id(stage.from_.image, stage.index)
    return stage.base.identity.partition(":")[2][:12]


def _id(key: str, number: int) -> str:
    return hashlib.sha256(f"{key} {number}".encode()).hexdigest()[:12]


def story_end(built: Built, unused_args: tuple[str, ...]) -> list[str]:
    """What is told when the image is there."""
    lines = []
    if unused_args:
        lines.append(
            f"[Warning] One or more build-args [{' '.join(unused_args)}] were not consumed\n"
        )
    lines.append(f"Successfully built {built.image_id.partition(':')[2][:12]}\n")
    lines += [f"Successfully tagged {name}\n" for name in built.names]
    return lines


_WHOLE = ("the Dockerfile cannot be empty", "no build stage in current context")


def refusal(error: SyntaxFault) -> str:
    """What is wrong with a Dockerfile, with its line: the classic stream shows no excerpt."""
    if not error.line or " line " in error.message or error.message.startswith(_WHOLE):
        return error.message
    return f"dockerfile parse error on line {error.line}: {error.message}"


def failure(error: GoraeError) -> tuple[str, int]:
    """An error in the classic builder's words, and the status of a command that failed."""
    if not isinstance(error, StepFailed):
        return error.message, 0
    cause, action = error.cause, error.step.action
    if isinstance(cause, CommandFailed) and isinstance(action, RunAction):
        command = " ".join(action.argv)
        return f"The command '{command}' returned a non-zero code: {cause.code}", cause.code
    if isinstance(cause, NotFound) and isinstance(action, TransferAction):
        word = "ADD" if action.add else "COPY"
        path = cause.message.partition('"/')[2].partition('"')[0]
        if path:
            return (
                f"{word} failed: file not found in build context or excluded by .dockerignore: "
                f"stat {path}: file does not exist",
                1,
            )
    if isinstance(cause, InvalidArgument) and isinstance(action, TransferAction):
        return f"{'ADD' if action.add else 'COPY'} failed: {cause.message}", 1
    return cause.message, 0
