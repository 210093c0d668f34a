"""The lint's walk through the stages: each instruction with the variables that a build would have at it."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gorae.dockerfile import instruction as to
from gorae.dockerfile.expand import expand
from gorae.dockerfile.expose import exposed
from gorae.dockerfile.ignore import Ignore, cleaned
from gorae.dockerfile.lint import BaseImage, Findings, Request
from gorae.dockerfile.mount import check_target, from_of
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.scope import DEFAULT_PATH
from gorae.dockerfile.secretname import looks_secret
from gorae.dockerfile.shell import Expansion, Shell
from gorae.dockerfile.stages import SCRATCH, Dockerfile, Stage, trigger_instruction
from gorae.dockerfile.suggest import nearest, with_suggestion
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci import platform as platforms
from gorae.oci.reference import Reference

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")
_ROOT_PATTERNS = ("*", "**", "**/*")
_CONTENT = Shell("\\", skip_quotes=True)


@dataclass(slots=True)
class _State:
    """What a stage has reached. `env_is_whole` is False on an image whose variables are not known."""

    env: dict[str, str]
    env_is_whole: bool = True
    declared: set[str] = field(default_factory=set)
    has_shell: bool = False
    has_workdir: bool = False
    workdir: str = "/"
    triggers: list[str] = field(default_factory=list)

    def for_child(self) -> "_State":
        return _State(
            dict(self.env),
            self.env_is_whole,
            set(self.declared),
            self.has_shell,
            self.has_workdir,
            self.workdir,
        )


class _Words:
    """Expands for one instruction and tells what was not defined. It is `expand`'s expander."""

    def __init__(self, checker: "StageChecker", found: to.Instruction, state: _State) -> None:
        self._checker = checker
        self._found = found
        self._state = state
        self._shell = checker.shell

    def __call__(self, text: str) -> str:
        return self._told(self._shell.process(text, self._state.env)).text

    def content(self, text: str) -> str:
        return self._told(_CONTENT.process(text, self._state.env)).text

    def words(self, text: str) -> tuple[str, ...]:
        return self._shell.process(text, self._state.env).words  # of EXPOSE, which docker leaves be

    def _told(self, expansion: Expansion) -> Expansion:
        if self._state.env_is_whole:
            for name in sorted(expansion.unset - self._state.declared):
                self._checker.findings.at(self._found.comments).add(
                    "UndefinedVar",
                    self._found.location,
                    name=name,
                    suggestion=_dollar(nearest(name, self._state.env)),
                )
        return expansion


class StageChecker:
    """Checks the stages that are reached, in the file's order."""

    def __init__(
        self,
        file: Dockerfile,
        request: Request,
        findings: Findings,
        global_env: Mapping[str, str],
        images: Sequence[str],
    ) -> None:
        self.findings = findings
        self.shell = Shell(file.ast.escape)
        self._file = file
        self._request = request
        self._global_env = global_env
        self._images = images
        self._states: dict[int, _State] = {}
        self.reached = self._reached()

    def check(self) -> None:
        """Raises: SyntaxFault: what a build of these stages would stop at."""
        for stage in self._file.stages:
            if stage.index in self.reached:
                self._stage(stage)

    def _reached(self) -> frozenset[int]:
        """The stages that the target needs; without a target all. Raises: SyntaxFault: no such target."""
        target, count = self._request.target, len(self._file.stages)
        if not target and self._request.all_stages:
            return frozenset(range(count))
        start = self._index(target, count) if target else count - 1
        if start is None:
            names = [stage.name or f"stage-{stage.index}" for stage in self._file.stages]
            raise SyntaxFault(
                with_suggestion(f"target stage {quoted(target)} could not be found", target, names)
            )
        found: set[int] = set()
        wanted = [start]
        while wanted:
            index = wanted.pop()
            if index not in found:
                found.add(index)
                wanted.extend(self._needs(self._file.stages[index]))
        return frozenset(found)

    def _needs(self, stage: Stage) -> Iterator[int]:
        every = len(self._file.stages)
        base = self._base(stage)
        if base is not None:
            yield base
        names = []
        for found in stage.instructions:
            if isinstance(found, to.Copy) and found.from_.isdecimal():
                yield from (one.index for one in self._file.stages if str(one.index) == found.from_)
            elif isinstance(found, to.Copy):
                names.append((found.from_, every))
            elif isinstance(found, to.Run):
                names += [(from_of(flag), every) for flag in found.mount_flags]
        for name, before in names:
            index = self._index(name, before)
            if index is not None:
                yield index

    def _index(self, name: str, before: int) -> int | None:
        """The last stage of a name among those before another."""
        for stage in reversed(self._file.stages[:before]):
            if name and stage.name == name.lower():
                return stage.index
        return None

    def _base(self, stage: Stage) -> int | None:
        """The stage that this one stands on; in a FROM case counts."""
        for one in reversed(self._file.stages[: stage.index]):
            if one.name and one.name == self._images[stage.index]:
                return one.index
        return None

    def _stage(self, stage: Stage) -> None:
        state = self._states[stage.index] = self._begin(stage)
        once: dict[type, to.Instruction] = {}
        triggers, state.triggers = state.triggers, []
        for expression in triggers:
            self._instruction(trigger_instruction(expression, stage.from_), state, once)
        for found in stage.instructions:
            self._instruction(found, state, once)

    def _begin(self, stage: Stage) -> _State:
        name = self._images[stage.index]
        base = self._base(stage)
        if base is not None:
            below = self._states[base]
            state = below.for_child()
            state.triggers = list(below.triggers)
            return state
        if name == SCRATCH:
            return _State({"PATH": DEFAULT_PATH})
        if name in self._request.contexts:
            return _State({"PATH": DEFAULT_PATH}, env_is_whole=False)
        self._check_reference(name, stage)
        image = self._request.bases(name)
        if image is None:
            return _State({"PATH": DEFAULT_PATH}, env_is_whole=False)
        self._check_base_platform(name, image, stage)
        env = {"PATH": DEFAULT_PATH, **image.env}
        return _State(env, has_shell=bool(image.shell), triggers=list(image.on_build))

    def _check_reference(self, name: str, stage: Stage) -> None:
        try:
            Reference.parse(name)
        except InvalidArgument as error:
            place = stage.from_.location
            raise SyntaxFault(
                f"failed to parse stage name {quoted(name)}: {error.message}",
                source=place.source,
                line=place.start_line,
            ) from None

    def _check_base_platform(self, name: str, image: BaseImage, stage: Stage) -> None:
        text = stage.from_.platform
        if not image.platform:
            return
        wanted = self.shell.expand(text, self._global_env) if text else self._request.platform
        expected, actual = platforms.parse(wanted), platforms.parse(image.platform)
        if (expected.os or actual.os, expected.architecture or actual.architecture) != (
            actual.os,
            actual.architecture,
        ):
            self.findings.at(stage.from_.comments).add(
                "InvalidBaseImagePlatform",
                stage.from_.location,
                image=name,
                actual=quoted(platforms.show(actual)),
                expected=quoted(platforms.show(expected)),
            )

    def _instruction(
        self, found: to.Instruction, state: _State, once: dict[type, to.Instruction]
    ) -> None:
        words = _Words(self, found, state)
        findings = self.findings.at(found.comments)
        try:
            if isinstance(found, to.Arg):
                self._arg(found, state, words, findings)
            else:
                self._judge(expand(found, words), state, once, findings)
        except InvalidArgument as error:
            place = found.location
            raise SyntaxFault(error.message, source=place.source, line=place.start_line) from None

    def _judge(
        self,
        found: to.Instruction,
        state: _State,
        once: dict[type, to.Instruction],
        findings: Findings,
    ) -> None:
        match found:
            case to.Env() | to.Label():
                self._pairs(found, state, findings)
            case to.Cmd() | to.Entrypoint() | to.Healthcheck():
                _check_once(found, once, findings)
                if isinstance(found, to.Command) and found.shell_form and not state.has_shell:
                    findings.add("JSONArgsRecommended", found.location, keyword=found.keyword)
            case to.Shell():
                state.has_shell = True
            case to.Workdir():
                if not state.has_workdir and not found.path.startswith("/"):
                    findings.add("WorkdirRelativePath", found.location, path=quoted(found.path))
                state.has_workdir = True
                state.workdir = posixpath.join(state.workdir, found.path)
            case to.Expose():
                _check_ports(found, findings)
            case to.Volume():
                if "" in found.paths:
                    raise SyntaxFault("VOLUME specified can not be an empty string")
            case to.Run():
                for mount in found.mounts:
                    check_target(mount, state.workdir)
            case to.Transfer():
                if self._request.ignore is not None and not getattr(found, "from_", ""):
                    _check_ignored(found, self._request.ignore, findings)
            case to.Onbuild():
                state.triggers.append(found.expression)
            case _:
                pass

    def _pairs(self, found: to.Env | to.Label, state: _State, findings: Findings) -> None:
        for pair in found.pairs:
            if pair.spaced:
                findings.add("LegacyKeyValueFormat", found.location, keyword=found.keyword)
            if isinstance(found, to.Env):
                if looks_secret(pair.key):
                    findings.add(
                        "SecretsUsedInArgOrEnv",
                        found.location,
                        keyword="ENV",
                        name=quoted(pair.key),
                    )
                state.env[pair.key] = pair.value

    def _arg(self, found: to.Arg, state: _State, words: _Words, findings: Findings) -> None:
        for item in found.items:
            if looks_secret(item.name):
                findings.add(
                    "SecretsUsedInArgOrEnv",
                    found.location,
                    keyword="ARG",
                    name=quoted(item.name),
                )
            value = self._request.build_args.get(item.name)
            if value is None and item.default is not None:
                value = words(item.default)
            elif value is None:
                value = self._global_env.get(item.name)
            if value is not None:
                state.env[item.name] = value
            state.declared.add(item.name)


def _check_once(
    found: to.Instruction, once: dict[type, to.Instruction], findings: Findings
) -> None:
    """The earlier one is told, since it is the one without effect."""
    before = once.get(type(found))
    if before is not None:
        findings.add("MultipleInstructionsDisallowed", before.location, keyword=found.keyword)
    once[type(found)] = found


def _check_ports(found: to.Expose, findings: Findings) -> None:
    for word in found.ports:
        port = exposed(word)
        if port.protocol != port.protocol.lower():
            findings.add("ExposeProtoCasing", found.location, port=word)
        if port.is_mapping:
            findings.add("ExposeInvalidFormat", found.location, port=word)


def _check_ignored(found: to.Transfer, ignore: Ignore, findings: Findings) -> None:
    """A folder below which some rule takes paths in again is not told: what remains of it is hard to say."""
    for source in found.sources:
        if source.startswith(_REMOTE):
            continue
        path = cleaned(source)
        if path in (".", "/"):
            is_ignored = not ignore.has_exceptions and any(
                rule.pattern in _ROOT_PATTERNS for rule in ignore.rules
            )
        else:
            path = path.removeprefix("/")
            is_ignored = ignore.match(path).ignored and not ignore.may_keep_below(path)
        if is_ignored:
            verb = "Add" if isinstance(found, to.Add) else "Copy"
            findings.add("CopyIgnoredFile", found.location, verb=verb, path=quoted(path))


def _dollar(name: str) -> str:
    return f"${name}" if name else ""
