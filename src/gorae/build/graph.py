"""A Dockerfile and a request to the graph of what the target needs. Pure.

Only stages that the target reaches are looked at: by FROM, by COPY --from, by RUN --mount=from. Images that a stage
stands on or copies from must be known; those that are not are named together (`MissingBases`), and planning begins anew
when they were found: a base's ONBUILD triggers may need more.

Scopes: ARGs before the first FROM count in FROM lines, and in a stage that says `ARG NAME`. In a stage ARG and ENV are one
environment in which the later line wins; it counts from its line on. Source: Dockerfile reference; BuildKit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gorae.build import settings
from gorae.build.circle import WrongStage, check_circles, stage_index
from gorae.build.refusal import check_entitled, check_sources, check_text, fault, platform_of
from gorae.build.vertex import (
    MAIN_CONTEXT,
    SANDBOX_HOSTNAME,
    Action,
    Base,
    BoundMount,
    Context,
    Line,
    Plan,
    RunAction,
    Source,
    StagePlan,
    State,
    Step,
    TransferAction,
    WorkdirAction,
)
from gorae.dockerfile import instruction as to
from gorae.dockerfile.expand import Expander, expand
from gorae.dockerfile.heredoc import heredoc_of
from gorae.dockerfile.mount import RunMount, check_target
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.scope import DEFAULT_PATH, meta_env, platform_args
from gorae.dockerfile.shell import Shell
from gorae.dockerfile.stages import Dockerfile, Stage, trigger_instruction
from gorae.dockerfile.suggest import with_suggestion
from gorae.errors import GoraeError, InvalidArgument, NotFound, SyntaxFault
from gorae.oci.config import RunConfig
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference

SCRATCH = "scratch"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_PROXY_NAMES = frozenset((*PROXIES, *map(str.lower, PROXIES)))
HOSTNAME_ARG = "BUILDKIT_SANDBOX_HOSTNAME"
_OWN_ARGS = frozenset(
    (HOSTNAME_ARG, "BUILDKIT_INLINE_CACHE", "SOURCE_DATE_EPOCH", "BUILDKIT_MULTI_PLATFORM")
)
"""Build args that steer the build itself."""


class MissingBases(GoraeError):
    """Images that must be found before the graph can be made: (reference, platform), and who asks for each."""

    def __init__(self, wanted: Mapping[tuple[str, str], to.Instruction]) -> None:
        super().__init__(f"images to be found: {', '.join(name for name, _ in wanted)}")
        self.wanted = dict(wanted)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `trees` and `images`: the named contexts, by what they are."""

    target: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    network: str = "default"
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    platform: Platform = Platform("amd64", "linux")
    build_platform: Platform = Platform("amd64", "linux")
    trees: frozenset[str] = frozenset()
    images: Mapping[str, str] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    """Entitlements: `network.host`, `security.insecure`."""


def plan(file: Dockerfile, wish: Wish, bases: Mapping[tuple[str, str], Base]) -> Plan:
    """The graph of the target.

    Raises:
        MissingBases. SyntaxFault: something that cannot be, with its line. NotFound: no such target.
    """
    return _Planner(file, wish, bases).plan()


class _Planner:
    """One planning: stages by need, each once."""

    def __init__(self, file: Dockerfile, wish: Wish, bases: Mapping[tuple[str, str], Base]) -> None:
        self.file = file
        self.wish = wish
        self._bases = bases
        self._done: dict[int, StagePlan] = {}
        self._under_way: list[int] = []
        self._missing: dict[tuple[str, str], to.Instruction] = {}
        self.used_args: set[str] = set()
        stage = wish.target or file.stages[-1].name
        self._predefined = platform_args(wish.build_platform, wish.platform, stage, wish.build_args)
        self.global_args = meta_env(
            file.meta_args, self._predefined, wish.build_args, Shell(file.ast.escape)
        )
        self.used_args.update(item.name for arg in file.meta_args for item in arg.items)

    def plan(self) -> Plan:
        index = self._target()
        check_circles(self.file)
        try:
            target = self.stage(index)
        except GoraeError as error:
            if not self._missing or isinstance(error, WrongStage):
                raise
        if self._missing:
            raise MissingBases(self._missing)
        labels = {**target.config.labels, **self.wish.labels}
        target = replace(target, config=replace(target.config, labels=labels))
        self._done[index] = target
        known = self.used_args | _PROXY_NAMES | _OWN_ARGS | set(self._predefined)
        unused = tuple(sorted(set(self.wish.build_args) - known))
        return Plan(target, tuple(self._done[one] for one in sorted(self._done)), unused)

    def expander(self, env: Mapping[str, str]) -> Expander:
        """Expands with the file's escape character."""
        return Expander(self.file.ast.escape, env)

    def _target(self) -> int:
        wanted = self.wish.target
        stages = self.file.stages
        if not wanted:
            return len(stages) - 1
        for stage in stages:
            if stage.name and stage.name == wanted.lower():
                return stage.index
        if wanted.isdecimal() and int(wanted) < len(stages):
            return int(wanted)
        names = [stage.name or f"stage-{stage.index}" for stage in stages]
        sentence = f"target stage {quoted(wanted)} could not be found"
        raise NotFound(with_suggestion(sentence, wanted, names))

    def stage(self, index: int) -> StagePlan:
        """A stage worked out. Raises: SyntaxFault: it needs itself."""
        found = self._done.get(index)
        if found is None:
            stage = self.file.stages[index]
            if index in self._under_way:
                name = stage.name or stage.from_.image
                raise _wrong(stage.from_, f"circular dependency detected on stage: {name}")
            self._under_way.append(index)
            try:
                found = self._done[index] = _StageWork(self, stage).work()
            finally:
                self._under_way.pop()
        return found

    def base(self, reference: str, platform: str, of: to.Instruction) -> Base:
        """An image by its reference; noted as missing when it is not known yet. Raises: SyntaxFault: none."""
        if reference == SCRATCH:
            return Base()
        try:
            Reference.parse(reference)
        except InvalidArgument as error:
            name = quoted(reference)
            raise _wrong(of, f"failed to parse stage name {name}: {error.message}") from None
        found = self._bases.get((reference, platform))
        if found is None:
            self._missing.setdefault((reference, platform), of)
            return Base(reference)
        return found

    def stage_label(self, stage: Stage) -> str:
        """What progress and records call a stage: nothing when it is the only one."""
        if len(self.file.stages) == 1:
            return ""
        return stage.name or f"stage-{stage.index}"

    def source(self, name: str, of: to.Instruction, stage: Stage, platform: str) -> Source:
        """What `--from` or a mount's `from` names: a named context, a stage, an image.

        Raises:
            SyntaxFault: a stage that is not there, or that needs this one.
        """
        if isinstance(of, to.Copy) and Shell(self.file.ast.escape).expand(name, {}) != name:
            raise fault(
                of,
                "variable expansion is not supported for --from, define a new stage with FROM using "
                "ARG from global scope as a workaround",
            )
        named = self.named_context(name, platform, of)
        if named is not None:
            return named
        index = stage_index(self.file.stages, name)
        if index is None and name.isdecimal():
            index = int(name)
            if index >= len(self.file.stages):
                raise _wrong(of, f"invalid stage index {name}")
        if index is None:
            return State(self.base(name, platform, of))
        if index >= stage.index:
            before = f"it needs to be defined before current stage {quoted(stage.name)}"
            if isinstance(of, to.Run):
                before = "stage needs to be defined before current command"
            verb = "mount" if isinstance(of, to.Run) else "copy"
            raise _wrong(of, f"cannot {verb} from stage {quoted(name)}, {before}")
        return self.stage(index).end

    def named_context(self, name: str, platform: str, of: to.Instruction) -> Source | None:
        """A context that the client gave under this name."""
        for word in (name, name.removeprefix("docker.io/library/").removesuffix(":latest")):
            if word and word in self.wish.trees:
                return Context(word)
            if word and word in self.wish.images:
                return State(self.base(self.wish.images[word], platform, of))
        return None


class _StageWork:
    """One stage being worked out, instruction by instruction."""

    def __init__(self, planner: _Planner, stage: Stage) -> None:
        self._planner = planner
        self._stage = stage
        self._wish = planner.wish
        self._history: list[Line] = []
        self._args: dict[str, str] = {}
        self._number = 1
        self._cmd_was_set = False
        self._author = ""
        self._label = planner.stage_label(stage)

    def work(self) -> StagePlan:
        head = self._stage.from_
        base, inherited = self._from(head)
        config = inherited.config if inherited else _config_of(base)
        self._base = base
        self._state = inherited.end if inherited else State(base)
        self._author = inherited.author if inherited else base.config.author if base.config else ""
        if inherited:
            self._history += inherited.history
        triggers = [trigger_instruction(text, head) for text in config.on_build]
        self._config = replace(config, on_build=())
        self._env = settings.environment(self._config.env)
        if inherited:
            self._env = {**inherited.env, **self._env}
            self._args = dict(inherited.args)
        instructions = (*triggers, *self._stage.instructions)
        self._total = 1 + sum(isinstance(one, _COUNTED) for one in instructions)
        walk = []
        for one in instructions:
            self._instruction(one)
            walk.append((one, self._state))
        return StagePlan(
            index=self._stage.index,
            name=self._label or self._stage.name,
            base=base,
            end=self._state,
            config=self._config,
            author=self._author,
            history=tuple(self._history),
            from_label=self._prefix(1) + f"FROM {base.reference}",
            from_=head,
            inherits=inherited is not None,
            walk=tuple(walk),
            env=self._env,
            args=self._args,
        )

    def _from(self, head: to.From) -> tuple[Base, StagePlan | None]:
        """The base image, or the stage that this one stands on."""
        planner = self._planner
        expander = planner.expander(planner.global_args)
        image = expander(head.image)
        platform = platform_of(head, expander, planner.global_args)
        if not image:
            raise fault(head, f"base name ({head.image}) should not be blank")
        for name in (self._stage.name, image):
            named = planner.named_context(name, platform, head) if name else None
            if isinstance(named, State):
                return named.base, None
            if isinstance(named, Context):
                raise fault(head, f'the build context "{name}" is no image: FROM needs one')
        earlier = planner.file.stages[: self._stage.index]
        for stage in reversed(earlier):
            if stage.name and stage.name == image:
                found = planner.stage(stage.index)
                return found.base, found
        return planner.base(image, platform, head), None

    def _prefix(self, number: int) -> str:
        name = f"{self._label} " if self._label else ""
        return f"[{name}{number}/{self._total}] "

    # instructions -----------------------------------------------------------------------------

    def _instruction(self, found: to.Instruction) -> None:
        check_text(found)
        if isinstance(found, to.Arg):
            self._arg(found)
            return
        expanded = expand(found, self._planner.expander(self._env))
        match expanded:
            case to.Run():
                self._run(expanded)
            case to.Copy() | to.Add():
                self._transfer(expanded)
            case to.Workdir():
                self._workdir(expanded)
            case to.Maintainer():
                self._author = expanded.maintainer
                self._line(f"MAINTAINER {expanded.maintainer}", found)
            case _:
                self._setting(expanded)

    def _setting(self, found: to.Instruction) -> None:
        self._config, line = settings.apply(self._config, found, cmd_was_set=self._cmd_was_set)
        if isinstance(found, to.Cmd):
            self._cmd_was_set = True
        if isinstance(found, to.Env):
            self._env.update((pair.key, pair.value) for pair in found.pairs)
        if line:
            self._line(line, found)

    def _line(self, text: str, of: to.Instruction, step: Step | None = None) -> None:
        self._history.append(Line(text, step, of))

    def _arg(self, found: to.Arg) -> None:
        words = []
        for item in found.items:
            value = self._wish.build_args.get(item.name)
            if value is None:
                if item.default is not None:
                    value = self._planner.expander(self._env)(item.default)
                else:
                    value = self._planner.global_args.get(item.name)
            self._planner.used_args.add(item.name)
            if value is not None:
                self._env[item.name] = value
            self._args[item.name] = value or ""
            words.append(item.name if value is None else f"{item.name}={value}")
        self._line(f"ARG {' '.join(words)}", found)

    def _step(self, found: to.Instruction, action: Action, label: str, created_by: str) -> None:
        self._number += 1
        step = Step(
            action=action,
            parent=self._state,
            instruction=found,
            label=self._prefix(self._number) + label,
            stage=self._label or "stage-0",
            number=self._number,
            no_cache=self._wish.no_cache or self._is_filtered(),
        )
        self._state = State(self._base, step)
        self._line(created_by, found, step)

    def _is_filtered(self) -> bool:
        names = {self._stage.name, f"stage-{self._stage.index}", str(self._stage.index)} - {""}
        return not names.isdisjoint(self._wish.no_cache_filter)

    def _workdir(self, found: to.Workdir) -> None:
        path = settings.join_path(self._config.working_dir, found.path)
        self._config = replace(self._config, working_dir=path)
        if path == "/":
            self._number += 1
            self._line("WORKDIR /", found)
        else:
            action = WorkdirAction(path, self._config.user)
            self._step(found, action, f"WORKDIR {found.path}", f"WORKDIR {path}")

    def _run(self, found: to.Run) -> None:
        check_entitled(found, self._wish.network, self._wish.allow)
        argv, script = self._run_argv(found)
        args = tuple((name, self._env.get(name, value)) for name, value in self._args.items())
        proxies = tuple(
            f"{name}={value}"
            for name, value in self._wish.build_args.items()
            if name in _PROXY_NAMES and name not in self._args
        )
        mounts = tuple(
            BoundMount(
                replace(mount, target=self._mount_target(mount, found)),
                self._mount_source(found, mount.type, mount.from_),
            )
            for mount in found.mounts
        )
        action = RunAction(
            argv=argv,
            env=tuple(f"{name}={value}" for name, value in self._env.items()),
            cwd=self._config.working_dir or "/",
            user=self._config.user,
            args=args,
            mounts=mounts,
            network=found.network if found.network != "default" else self._wish.network,
            security=found.security,
            proxies=proxies,
            script=script,
            hostname=self._wish.build_args.get(HOSTNAME_ARG, "") or SANDBOX_HOSTNAME,
        )
        said = [f"|{len(args)}", *(f"{name}={value}" for name, value in args)] if args else []
        text = " ".join((*said, *argv))
        label = self._shown(found)
        self._step(found, action, f"RUN {label}", f"RUN {text} # buildkit")

    def _shown(self, found: to.Run) -> str:
        """The command for progress, its variables replaced where they can be."""
        words = found.argv if not found.shell_form else (found.script,)
        shell = Shell(
            self._planner.file.ast.escape, raw_quotes=True, raw_escapes=True, keep_unset=True
        )
        try:
            text = " ".join(shell.expand(word, self._env) for word in words)
        except SyntaxFault:
            text = " ".join(words)
        if found.heredocs:
            text += f" ({summary(found.heredocs[0].content)})"
        return text

    def _run_argv(self, found: to.Run) -> tuple[tuple[str, ...], tuple[str, str] | None]:
        """The words to run, and the file that they run when a heredoc begins with `#!`."""
        if not found.heredocs:
            return settings.command_argv(self._config, found), None
        if not found.shell_form:
            raise fault(found, f"parsing produced an invalid run command: {list(found.argv)}")
        first = found.heredocs[0]
        if heredoc_of(found.script.strip()) is None:
            text = found.script + "".join(f"\n{one.content}{one.name}" for one in found.heredocs)
            return settings.shell_argv(self._config, text), None
        content = first.chomped()
        if content.startswith("#!"):
            path = f"{PIPES}/{first.name}"
            return settings.shell_argv(self._config, path), (first.name, content)
        return settings.shell_argv(self._config, content), None

    def _mount_target(self, mount: RunMount, of: to.Run) -> str:
        try:
            return check_target(mount, self._config.working_dir or "/")
        except SyntaxFault as error:
            raise fault(of, error.message) from None

    def _mount_source(self, found: to.Run, kind: str, from_: str) -> Source | None:
        if kind not in ("bind", "cache") or (kind == "cache" and not from_):
            return None
        if not from_:
            return Context(MAIN_CONTEXT)
        return self._planner.source(from_, found, self._stage, "")

    def _transfer(self, found: to.Copy | to.Add) -> None:
        from_ = found.from_ if isinstance(found, to.Copy) else ""
        dest = found.dest
        check_sources(found)
        path = settings.join_path(self._config.working_dir or "/", dest)
        if dest.endswith(("/", "/.")) or dest in (".", ""):
            path = path.rstrip("/") + "/"
        source: Source = Context(MAIN_CONTEXT)
        if from_:
            source = self._planner.source(from_, found, self._stage, "")
        action = TransferAction(
            add=isinstance(found, to.Add),
            sources=found.sources,
            files=found.files,
            dest=path,
            source=source,
            chown=found.chown,
            chmod=found.chmod,
            link=found.link,
            parents=isinstance(found, to.Copy) and found.parents,
            exclude=found.exclude,
            checksum=found.checksum if isinstance(found, to.Add) else "",
            keep_git_dir=isinstance(found, to.Add) and bool(found.keep_git_dir),
            unpack=found.unpack if isinstance(found, to.Add) else None,
        )
        line = _transfer_text(found)
        self._step(found, action, self._transfer_label(found, line), f"{line} # buildkit")

    def _transfer_label(self, found: to.Transfer, line: str) -> str:
        return found.text if not found.files else line


_COUNTED = (to.Run, to.Copy, to.Add, to.Workdir)
PIPES = "/dev/pipes"


def _wrong(found: to.Instruction, message: str) -> WrongStage:
    return WrongStage(message, source=found.location.source, line=found.location.start_line)


def _config_of(base: Base) -> RunConfig:
    """An image's own, or what a stage from nothing begins with; with a PATH in any case."""
    path = f"PATH={DEFAULT_PATH}"
    if base.config is None:
        return RunConfig(env=(path,), working_dir="/")
    config = base.config.config
    if any(one.startswith("PATH=") for one in config.env):
        return config
    return replace(config, env=(*config.env, path))


def _transfer_text(found: to.Copy | to.Add) -> str:
    """The instruction as history has it."""
    words = [found.keyword.upper()]
    if isinstance(found, to.Copy) and found.parents:
        words.append("--parents")
    if found.chown:
        words.append(f"--chown={found.chown}")
    if found.chmod:
        words.append(f"--chmod={found.chmod}")
    words += found.sources
    words += [f"<<{one.name}" for one in found.files]
    return " ".join((*words, found.dest))


def summary(content: str) -> str:
    """A heredoc in a few words."""
    line, newline, _ = content.strip().partition("\n")
    if len(line) > _SUMMARY:
        line = line[:_SUMMARY]
        newline = "..."
    return line + ("..." if newline else "")


_SUMMARY = 50
