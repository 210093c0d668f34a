"""The variables that a Dockerfile has without saying so, and those of the ARGs before the first FROM."""

from collections.abc import Iterable, Mapping

from gorae.dockerfile.instruction import Arg
from gorae.dockerfile.shell import Shell
from gorae.errors import SyntaxFault
from gorae.oci import platform as platforms
from gorae.oci.manifest import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH of a stage whose image has none."""


def platform_args(
    build: Platform, target: Platform, stage: str, overrides: Mapping[str, str]
) -> dict[str, str]:
    """`BUILDPLATFORM` and its kin, `TARGETSTAGE`; a build arg of the same name wins."""
    own = {"TARGETSTAGE": stage or "default"}
    for prefix, one in (("BUILD", build), ("TARGET", target)):
        own |= {
            f"{prefix}PLATFORM": platforms.show(one),
            f"{prefix}OS": one.os,
            f"{prefix}OSVERSION": one.os_version,
            f"{prefix}ARCH": one.architecture,
            f"{prefix}VARIANT": one.variant,
        }
    return {name: overrides.get(name, value) for name, value in own.items()}


def meta_env(
    meta_args: Iterable[Arg],
    predefined: Mapping[str, str],
    build_args: Mapping[str, str],
    shell: Shell,
) -> dict[str, str]:
    """The environment of FROM lines; an ARG without a value leaves its name unset.

    Raises:
        SyntaxFault: a default that cannot be expanded, with its line.
    """
    env = dict(predefined)
    for arg in meta_args:
        for item in arg.items:
            value = build_args.get(item.name)
            if value is None and item.default is not None:
                try:
                    value = shell.expand(item.default, env)
                except SyntaxFault as fault:
                    place = arg.location
                    raise SyntaxFault(
                        fault.message, source=place.source, line=place.start_line
                    ) from None
            if value is not None:
                env[item.name] = value
    return env
