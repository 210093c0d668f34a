"""The checks themselves, in the order in which a build would come upon them."""

from collections.abc import Mapping, Sequence

from gorae.dockerfile import advice
from gorae.dockerfile import instruction as to
from gorae.dockerfile.lint import Control, Findings, Problem, Report, Request, read_control
from gorae.dockerfile.meaning import instruction_of
from gorae.dockerfile.parser import Node, parse
from gorae.dockerfile.quote import quoted
from gorae.dockerfile.scope import meta_env, platform_args
from gorae.dockerfile.shell import Expansion, Shell
from gorae.dockerfile.source import directive, shown
from gorae.dockerfile.stagecheck import StageChecker
from gorae.dockerfile.stages import SCRATCH, Dockerfile, Stage, stages_of
from gorae.dockerfile.suggest import nearest, with_suggestion
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci import platform as platforms
from gorae.oci.reference import Reference

CONTROL_ARG = "BUILDKIT_DOCKERFILE_CHECK"
"""The build arg that takes the place of the file's `check=`."""
RESERVED = ("context", SCRATCH)


def check(text: bytes, name: str, request: Request | None = None) -> Report:
    """All that is to be said about a Dockerfile. Errors of the file are the report's, not raised."""
    request = request or Request()
    findings = Findings(Control())
    problem = None
    try:
        findings.control = _control(text, name, request.build_args)
        _check(text, name, request, findings)
        if findings.control.is_error and findings.all:
            rules = ", ".join(dict.fromkeys(one.rule.name for one in findings.all))
            problem = Problem(f"lint violation found for rules: {rules}")
    except SyntaxFault as fault:
        problem = Problem(shown(fault.message), fault.line, fault.line)
    ordered = sorted(findings.all, key=lambda one: one.start_line)
    return Report(name, text, tuple(ordered), problem)


def _control(text: bytes, name: str, build_args: Mapping[str, str]) -> Control:
    found = directive(text, "check")
    value = build_args.get(CONTROL_ARG)
    if value is None:
        value = found.value.partition(" ")[0] if found else ""
    try:
        return read_control(value)
    except SyntaxFault as fault:
        raise SyntaxFault(f"failed to parse check options: {fault.message}") from None


def _check(text: bytes, name: str, request: Request, findings: Findings) -> None:
    ast = parse(text, name)
    for line in ast.empty_continuations:
        findings.add("NoEmptyContinuation", line)
    for node in ast.nodes:
        _check_node(node, findings)
    file = stages_of(ast)
    _check_names(file.stages, findings)
    _check_casing(file.stages, findings)
    _Froms(file, request, findings).check()


def _check_node(node: Node, findings: Findings) -> None:
    """What one line shows by itself, read before the meaning so that what comes before an error is told."""
    found = instruction_of(node)
    here = findings.at(node.comments)
    if isinstance(found, to.Maintainer):
        here.add("MaintainerDeprecated", found.location)
    elif isinstance(found, to.From):
        if found.typed_name != found.typed_name.lower():
            here.add("StageNameCasing", found.location, name=found.typed_name)
        keyword = found.keyword
        for same_case in (str.lower, str.upper):
            if keyword == same_case(keyword) and found.as_word != same_case(found.as_word):
                here.add("FromAsCasing", found.location, as_word=found.as_word, keyword=keyword)
        if found.name:
            _check_description("FROM", [found.name], found, here)
    elif isinstance(found, to.Arg):
        _check_description("ARG", [item.name for item in found.items], found, here)


def _check_description(
    keyword: str, names: list[str], found: to.Instruction, findings: Findings
) -> None:
    if found.comments and found.comments[-1].split(" ")[0] not in names:
        name = names[0] if len(names) == 1 else "<arg_key>"
        findings.add("InvalidDefinitionDescription", found.location, keyword=keyword, name=name)


def _check_names(stages: Sequence[Stage], findings: Findings) -> None:
    seen: set[str] = set()
    for stage in stages:
        if stage.name in RESERVED:
            findings.add("ReservedStageName", stage.from_.location, name=quoted(stage.name))
        if stage.name in seen:
            findings.add("DuplicateStageName", stage.from_.location, name=quoted(stage.name))
        if stage.name:
            seen.add(stage.name)


def _check_casing(stages: Sequence[Stage], findings: Findings) -> None:
    """Against the majority; a tie is upper case, and words of mixed case do not count."""
    all_of_them = [one for stage in stages for one in (stage.from_, *stage.instructions)]
    lower = sum(one.keyword.islower() for one in all_of_them)
    is_lower = lower > sum(one.keyword.isupper() for one in all_of_them)
    for one in all_of_them:
        wanted = one.keyword.lower() if is_lower else one.keyword.upper()
        if one.keyword != wanted:
            casing = "lowercase" if is_lower else "uppercase"
            findings.add(
                "ConsistentInstructionCasing", one.location, keyword=one.keyword, casing=casing
            )


class _Froms:
    """Checks the FROM lines, then the stages."""

    def __init__(self, file: Dockerfile, request: Request, findings: Findings) -> None:
        self._file = file
        self._request = request
        self._findings = findings
        self._shell = Shell(file.ast.escape)
        self._predefined = platform_args(
            platforms.parse(request.build_platform),
            platforms.parse(request.platform),
            request.target or file.stages[-1].name,
            request.build_args,
        )
        self._declared = {item.name for arg in file.meta_args for item in arg.items}

    def check(self) -> None:
        self._check_defaults()
        env = meta_env(
            self._file.meta_args, self._predefined, self._request.build_args, self._shell
        )
        images = [self._image(stage, env) for stage in self._file.stages]
        stages = StageChecker(self._file, self._request, self._findings, env, images)
        stages.check()
        advice.check(self._file, self._findings, stages.reached)

    def _check_defaults(self) -> None:
        """Whether the names of base images hold without any build arg."""
        try:
            env = meta_env(self._file.meta_args, self._predefined, {}, self._shell)
            for stage in self._file.stages:
                if not _is_reference(self._shell.expand(stage.from_.image, env)):
                    self._findings.add(
                        "InvalidDefaultArgInFrom",
                        stage.from_.location,
                        image=stage.from_.image,
                    )
        except SyntaxFault:
            return  # the build comes upon the same error and tells it

    def _image(self, stage: Stage, env: Mapping[str, str]) -> str:
        """The name of the stage's base. Raises: SyntaxFault: none, or a platform that is none."""
        head = stage.from_
        findings = self._findings.at(head.comments)
        image = self._expanded(head.image, head, env, findings)
        if not image.text:
            raise _fault(f"base name ({head.image}) should not be blank", head)
        if head.platform:
            found = self._expanded(head.platform, head, env, findings)
            self._check_platform(head, found, env, findings)
        return image.text

    def _expanded(
        self, text: str, head: to.From, env: Mapping[str, str], findings: Findings
    ) -> Expansion:
        try:
            found = self._shell.process(text, env)
        except SyntaxFault as fault:
            raise _fault(fault.message, head) from None
        known = {**dict.fromkeys(sorted(self._declared)), **env}
        for name in sorted(found.unset - known.keys()):
            findings.add(
                "UndefinedArgInFrom",
                head.location,
                name=name,
                suggestion=nearest(name, known),
            )
        return found

    def _check_platform(
        self, head: to.From, found: Expansion, env: Mapping[str, str], findings: Findings
    ) -> None:
        if (
            found.used == {"TARGETPLATFORM"}
            and not found.unset
            and found.text == env["TARGETPLATFORM"]
        ):
            findings.add("RedundantTargetPlatform", head.location, platform=head.platform)
        sentence = ""
        if not found.text:
            sentence = f"empty platform value from expression {head.platform}"
        else:
            try:
                one = platforms.parse(found.text)
            except InvalidArgument as error:
                sentence = f"failed to parse platform {head.platform}: {error.message}"
        if sentence:
            for name in sorted(found.unset):
                sentence = with_suggestion(sentence, name, env)
            raise _fault(sentence, head)
        if not (found.used or found.unset):
            names = [one.os or "linux", one.architecture or "amd64"]
            if not any(name in head.name for name in names):
                findings.add(
                    "FromPlatformFlagConstDisallowed", head.location, platform=quoted(found.text)
                )


def _is_reference(text: str) -> bool:
    try:
        Reference.parse(text)
    except InvalidArgument:
        return False
    return True


def _fault(message: str, found: to.Instruction) -> SyntaxFault:
    return SyntaxFault(message, source=found.location.source, line=found.location.start_line)
