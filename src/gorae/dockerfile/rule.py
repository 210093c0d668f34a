"""The rules of `build --check`: docker's 22 with their sentences, and three of our own.

The keys are the names that `# check=skip=…` takes. `detail` is filled in with what a finding is about.
Source: the rules' pages at docs.docker.com, BuildKit 0.32; CopyIgnoredFile is on as there.
"""

from dataclasses import dataclass

_PAGES = "https://docs.docker.com/go/dockerfile/rule/"


@dataclass(frozen=True, slots=True)
class Rule:
    """`experimental`: off unless asked for. `url` is empty where there is no page."""

    name: str
    description: str
    detail: str
    url: str = ""
    experimental: bool = False


def _docker(name: str, page: str, description: str, detail: str) -> Rule:
    return Rule(name, description, detail, f"{_PAGES}{page}/" if page else "")


_ALL = (
    _docker(
        "StageNameCasing",
        "stage-name-casing",
        "Stage names should be lowercase",
        "Stage name '{name}' should be lowercase",
    ),
    _docker(
        "FromAsCasing",
        "from-as-casing",
        "The 'as' keyword should match the case of the 'from' keyword",
        "'{as_word}' and '{keyword}' keywords' casing do not match",
    ),
    _docker(
        "NoEmptyContinuation",
        "no-empty-continuation",
        "Empty continuation lines will become errors in a future release",
        "Empty continuation line",
    ),
    _docker(
        "ConsistentInstructionCasing",
        "consistent-instruction-casing",
        "All commands within the Dockerfile should use the same casing (either upper or lower)",
        "Command '{keyword}' should match the case of the command majority ({casing})",
    ),
    _docker(
        "DuplicateStageName",
        "duplicate-stage-name",
        "Stage names should be unique",
        "Duplicate stage name {name}, stage names should be unique",
    ),
    _docker(
        "ReservedStageName",
        "reserved-stage-name",
        "Reserved words should not be used as stage names",
        "Stage name should not use the same name as reserved stage {name}",
    ),
    _docker(
        "JSONArgsRecommended",
        "json-args-recommended",
        "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
        "JSON arguments recommended for {keyword} to prevent unintended behavior related to OS signals",
    ),
    _docker(
        "MaintainerDeprecated",
        "maintainer-deprecated",
        "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
        "Maintainer instruction is deprecated in favor of using label",
    ),
    _docker(
        "UndefinedArgInFrom",
        "undefined-arg-in-from",
        "FROM command must use declared ARGs",
        "FROM argument '{name}' is not declared",
    ),
    _docker(
        "WorkdirRelativePath",
        "workdir-relative-path",
        "Relative workdir without an absolute workdir declared within the build can have unexpected "
        "results if the base image changes",
        "Relative workdir {path} can have unexpected results if the base image changes",
    ),
    _docker(
        "UndefinedVar",
        "undefined-var",
        "Variables should be defined before their use",
        "Usage of undefined variable '${name}'",
    ),
    _docker(
        "MultipleInstructionsDisallowed",
        "multiple-instructions-disallowed",
        "Multiple instructions of the same type should not be used in the same stage",
        "Multiple {keyword} instructions should not be used in the same stage because only the last one "
        "will be used",
    ),
    _docker(
        "LegacyKeyValueFormat",
        "legacy-key-value-format",
        "Legacy key/value format with whitespace separator should not be used",
        '"{keyword} key=value" should be used instead of legacy "{keyword} key value" format',
    ),
    _docker(
        "InvalidBaseImagePlatform",
        "",
        "Base image platform does not match expected target platform",
        "Base image {image} was pulled with platform {actual}, expected {expected} for current build",
    ),
    _docker(
        "RedundantTargetPlatform",
        "redundant-target-platform",
        "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
        "Setting platform to predefined {platform} in FROM is redundant as this is the default behavior",
    ),
    _docker(
        "SecretsUsedInArgOrEnv",
        "secrets-used-in-arg-or-env",
        "Sensitive data should not be used in the ARG or ENV commands",
        "Do not use ARG or ENV instructions for sensitive data ({keyword} {name})",
    ),
    _docker(
        "InvalidDefaultArgInFrom",
        "invalid-default-arg-in-from",
        "Default value for global ARG results in an empty or invalid base image name",
        "Default value for ARG {image} results in empty or invalid base image name",
    ),
    _docker(
        "FromPlatformFlagConstDisallowed",
        "from-platform-flag-const-disallowed",
        "FROM --platform flag should not use a constant value",
        "FROM --platform flag should not use constant value {platform}",
    ),
    _docker(
        "CopyIgnoredFile",
        "copy-ignored-file",
        "Attempting to Copy file that is excluded by .dockerignore",
        "Attempting to {verb} file {path} that is excluded by .dockerignore",
    ),
    Rule(
        "InvalidDefinitionDescription",
        "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. "
        "If this is not intended to be a description comment, add an empty line or comment between the "
        "instruction and the comment.",
        "Comment for {keyword} should follow the format: `# {name} <description>`",
        f"{_PAGES}invalid-definition-description/",
        experimental=True,
    ),
    _docker(
        "ExposeProtoCasing",
        "expose-proto-casing",
        "Protocol in EXPOSE instruction should be lowercase",
        "Defined protocol '{port}' in EXPOSE instruction should be lowercase",
    ),
    _docker(
        "ExposeInvalidFormat",
        "expose-invalid-format",
        "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an "
        "error in a future release",
        "EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'",
    ),
    Rule(
        "GlobalArgOutOfScope",
        "An ARG before the first FROM is empty in a stage that does not declare it again",
        'ARG {name} was declared before FROM (line {line}) and is empty here: add "ARG {name}" to this stage',
    ),
    Rule(
        "CacheMountUnused",
        "A cache mount should serve the command that it is mounted for",
        "{why}",
    ),
    Rule(
        "CopyBeforeInstall",
        "The whole context should not be copied before packages are installed",
        '"{command}" runs again after every change of the context, which line {line} copies whole before it: '
        "copy {manifest} first, install, then copy the rest",
    ),
)

RULES = {rule.name: rule for rule in _ALL}
OWN = ("GlobalArgOutOfScope", "CacheMountUnused", "CopyBeforeInstall")
"""The rules that docker does not have."""
