"""The secret guard at work in one build: what is about to be stored is looked through, what is told is masked.

    text     history, variables, labels and the rest of the image's config: before the first step, so that a build whose
             steps are all cached is told the same
    layer    each file of a step's layer as it is packed, before it is committed; what was found stays beside the step's
             result, so that a step from the cache is told again
    log      values are hidden, a value that two writes share too; so are they in names, errors and stored records

A layer from the cache that nobody has looked through (it was built with `off`, or comes from an imported cache) is looked
through before it is taken. With `error` the first thing that is found ends the build, and a layer that was not looked
through for the values of today is looked through again. With `off` nothing is looked for, and only the values of secrets
are hidden.
"""

import hmac
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gorae.build.layerscan import LayerScan
from gorae.build.progress import Progress, Warning
from gorae.build.steplog import MAX_BYTES, StepLog
from gorae.build.vertex import Line, Plan, StagePlan, Step, TransferAction
from gorae.dockerfile.instruction import Instruction
from gorae.dockerfile.secretguard import Guard, Leak, Secret, secrets_of
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci.config import ImageConfig

MODES = ("warn", "error", "off")
RULE = "SecretGuard"
MAX_LAYER_LEAKS = 20
"""Of one layer: the rest are counted."""
MAX_REMEMBERED = 16 * 1024


class Looked:
    """Which layers were looked through for which values, as long as this daemon lives. Values stand by keyed hashes."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._clean: dict[tuple[bytes, str], None] = {}

    def mark_of(self, secrets: tuple[Secret, ...]) -> bytes:
        """What stands for some values."""
        found = hmac.new(self._key, digestmod="sha256")
        for one in sorted(secrets, key=lambda one: (one.kind, one.name)):
            for part in (one.kind.encode(), os.fsencode(one.name), one.value):
                found.update(len(part).to_bytes(8, "big") + part)
        return found.digest()

    def add(self, mark: bytes, diff_id: str) -> None:
        """It was looked through, and nothing was found."""
        with self._lock:
            self._clean[mark, diff_id] = None
            while len(self._clean) > MAX_REMEMBERED:
                self._clean.pop(next(iter(self._clean)))

    def knows(self, mark: bytes, diff_id: str) -> bool:
        """Whether it was."""
        with self._lock:
            return (mark, diff_id) in self._clean


class SecretWatch:
    """See the module. `given`: the values of the client's secrets by id."""

    def __init__(
        self,
        mode: str,
        progress: Progress,
        looked: Looked,
        *,
        given: Mapping[str, bytes],
        build_args: Mapping[str, str],
        dockerfile: bytes,
        log_limit: int = MAX_BYTES,
    ) -> None:
        self._mode = mode
        self._progress = progress
        self._looked = looked
        self._given = given
        self._build_args = build_args
        self._dockerfile = dockerfile
        self._log_limit = log_limit
        self._learn({})

    def _learn(self, env: Mapping[str, str]) -> None:
        args = {} if self._mode == "off" else self._build_args
        secrets = secrets_of(self._given, args, env, self._dockerfile)
        self._guard = Guard(secrets, forms=self._mode != "off")
        self._mark = self._looked.mark_of(secrets)

    # telling ----------------------------------------------------------------------------------

    def mask(self, text: str) -> str:
        """A text that is told or stored, its values hidden."""
        if not self._guard.hides:
            return text
        return self._guard.mask(text.encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )

    def masked(self, document: Any) -> Any:
        """The same for every text of a document."""
        if not self._guard.hides:
            return document
        if isinstance(document, str):
            return self.mask(document)
        if isinstance(document, dict):
            return {key: self.masked(value) for key, value in document.items()}
        if isinstance(document, list | tuple):
            return [self.masked(one) for one in document]
        return document

    def log(self, send: Callable[[bytes], None]) -> StepLog:
        """A stream of a step's output."""
        masker = self._guard.masker() if self._guard.hides else None
        return StepLog(send, masker, self._log_limit)

    # texts ------------------------------------------------------------------------------------

    def check_texts(self, plan: Plan, annotations: Mapping[str, str] = {}) -> None:
        """All that the image will say of itself, and nothing that its base image says already.

        Raises:
            SyntaxFault, InvalidArgument: with `error`, something was found.
        """
        if self._mode == "off":
            return
        self._learn(_variables(plan, self._build_args))
        places: dict[tuple[str, str, str], list[_Place]] = {}
        for place in [*_texts(plan.target), *_annotations(annotations)]:
            for leak in self._guard.in_text(place.text, place.name):
                places.setdefault((leak.what, leak.name, leak.kind), []).append(place)
        for (what, name, kind), found in places.items():
            where = _together(found)
            lines = [one.of.location.start_line for one in found if one.of is not None]
            self._tell_text(Leak(what, where, 0, name, kind), found, lines)

    def _tell_text(self, leak: Leak, found: list["_Place"], lines: list[int]) -> None:
        if self._mode == "error":
            first = next((one.of for one in found if one.of is not None), None)
            message = _refused(leak, leak.advice())
            if first is None:
                raise InvalidArgument(message)
            place = first.location
            raise SyntaxFault(message, source=place.source, line=place.start_line)
        vertex = self._progress.digest("exporting to image")
        span = (min(lines), max(lines)) if lines else (0, 0)
        self._warn(vertex, leak, span, "", leak.advice())

    # layers -----------------------------------------------------------------------------------

    @property
    def looks_at_layers(self) -> bool:
        """Whether there is anything to look for in files."""
        return self._mode != "off" and not self._guard.is_idle

    def layer(self) -> LayerScan:
        """Begin to look through a layer."""
        return LayerScan(self._guard)

    def refuses(self, look: Callable[[LayerScan], object]) -> bool:
        """Whether a layer of these files would end the build."""
        if self._mode != "error":
            return False
        scan = self.layer()
        look(scan)
        return bool(scan.end())

    def made(self, step: Step, diff_id: str, scan: LayerScan) -> tuple[Leak, ...]:
        """What was found in a layer that is to be committed. Raises: InvalidArgument: with `error`, a leak."""
        leaks = tuple(replace(leak, where=self.mask(leak.where)) for leak in scan.end())
        if not leaks:
            self._looked.add(self._mark, diff_id)
        self._tell_layer(step, leaks)
        return leaks

    def hit(
        self,
        step: Step,
        diff_id: str,
        known: Sequence[Leak] | None,
        look: Callable[[LayerScan], None],
    ) -> tuple[Leak, ...] | None:
        """A layer comes from the cache, with what was found in it before (None: nobody looked). Raises: as `made`.

        `look` feeds its files to a scan. What is found now is given back to be kept; None when it was not looked through.
        """
        if self._mode == "off":
            return None
        is_new = self._mode == "error" and not self._looked.knows(self._mark, diff_id)
        if known is None or (not known and is_new):
            scan = self.layer()
            look(scan)
            return self.made(step, diff_id, scan)
        self._tell_layer(step, known)
        return None

    def _tell_layer(self, step: Step, leaks: Sequence[Leak]) -> None:
        if not leaks:
            return
        copied = isinstance(step.action, TransferAction)
        if self._mode == "error":
            advice = leaks[0].advice(copied=copied)
            raise InvalidArgument(_refused(leaks[0], advice, more=len(leaks) - 1))
        place = step.instruction.location
        span = (place.start_line, place.end_line)
        vertex = self._progress.digest(step.label)
        keyword = step.instruction.keyword.upper()
        for leak in leaks[:MAX_LAYER_LEAKS]:
            after = f" (line {span[0]}: {keyword})"
            self._warn(vertex, leak, span, after, leak.advice(copied=copied))
        if len(leaks) > MAX_LAYER_LEAKS:
            rest = len(leaks) - MAX_LAYER_LEAKS
            short = f"{RULE}: {rest} more leaks in the layer of line {span[0]}"
            self._progress.emit(Warning(vertex, short, lines=span, rule=RULE))

    def _warn(
        self, vertex: str, leak: Leak, lines: tuple[int, int], after: str, advice: str
    ) -> None:
        short = f"{RULE}: {leak.what} is kept in {leak.where}{after}: {advice}"
        self._progress.emit(Warning(vertex, short, (advice,), lines=lines, rule=RULE))


class _Place:
    """A text of the config: what it is called, and the instruction that says it."""

    __slots__ = ("name", "of", "text")

    def __init__(self, name: str, text: str, of: Instruction | None = None) -> None:
        self.name = name
        self.text = text
        self.of = of


HISTORY = "the history"


def _texts(target: StagePlan) -> list[_Place]:
    base = target.base.config
    config = target.config
    found = [_line(one) for one in target.history]
    env = set(base.config.env) if base else set()
    found += [_Place(f"ENV {one.partition('=')[0]}", one) for one in config.env if one not in env]
    labels = base.config.labels if base else {}
    found += [
        _Place(f'the label "{key}"', f"{key}={value}")
        for key, value in config.labels.items()
        if labels.get(key) != value
    ]
    found += [_Place("ONBUILD", one) for one in _new_triggers(config.on_build, base)]
    return found


def _annotations(given: Mapping[str, str]) -> list[_Place]:
    return [_Place(f'the annotation "{key}"', f"{key}={value}") for key, value in given.items()]


def _line(line: Line) -> _Place:
    return _Place(HISTORY, line.created_by, line.of)


def _new_triggers(triggers: tuple[str, ...], base: ImageConfig | None) -> list[str]:
    known = set(base.config.on_build) if base else set()
    return [one for one in triggers if one not in known]


def _together(places: list[_Place]) -> str:
    """`the history (line 2: ARG, line 3: RUN), ENV TOKEN`."""
    lines = [
        f"line {one.of.location.start_line}: {one.of.keyword.upper()}"
        for one in places
        if one.of is not None
    ]
    names = [one.name for one in places if one.of is None]
    if lines:
        names.insert(0, f"{HISTORY} ({', '.join(dict.fromkeys(lines))})")
    return ", ".join(dict.fromkeys(names))


def _variables(plan: Plan, build_args: Mapping[str, str]) -> dict[str, str]:
    """The variables that build args went into: what is made of the Dockerfile's own words is none to keep."""
    given = [value for value in build_args.values() if value]
    found: dict[str, str] = {}
    for stage in plan.stages:
        for name, value in stage.env.items():
            if any(one in value for one in given):
                found[name] = value
    return found


def _refused(leak: Leak, advice: str, more: int = 0) -> str:
    text = f"{leak.what} would be kept in {leak.where}"
    if more > 0:
        text += f" (and {more} more)"
    return f"{text}: {advice}; --secret-guard=warn builds all the same"
