"""`-c`/`--change` of import and commit: instructions that only change an image's config. Pure.

The changes are one small Dockerfile; variables in them are the config's own.
Source: what dockerd 28 answers (tests/unit/dockerfile/test_change.py holds it).
"""

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from gorae.dockerfile import instruction as to
from gorae.dockerfile.expand import Expander, expand
from gorae.dockerfile.expose import exposed
from gorae.dockerfile.ignore import cleaned
from gorae.dockerfile.meaning import checked
from gorae.dockerfile.parser import parse
from gorae.errors import InvalidArgument
from gorae.oci.config import ImageHealthcheck, RunConfig

ALLOWED = (
    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME",
    "WORKDIR",
)  # fmt: skip
DEFAULT_SHELL = ("/bin/sh", "-c")


def apply_changes(config: RunConfig, changes: Sequence[str]) -> RunConfig:
    """The config after the instructions, in order.

    Raises:
        InvalidArgument: an instruction that is not allowed here, or a bad argument.
    """
    if not changes:
        return config
    tree = parse("\n".join(changes).encode("utf-8", "surrogateescape") or b"\n", "change")
    for node in tree.nodes:
        if node.keyword.upper() not in ALLOWED:
            raise InvalidArgument(f"{node.keyword} is not a valid change command")
    for node in tree.nodes:
        env = dict(one.partition("=")[::2] for one in config.env)
        config = applied(config, expand(checked(node), Expander(tree.escape, env)))
    return config


def applied(config: RunConfig, found: to.Instruction) -> RunConfig:
    """The config after one instruction whose variables are expanded.

    Raises:
        InvalidArgument: a port or a path that is none.
    """
    match found:
        case to.Env():
            env = dict(one.partition("=")[::2] for one in config.env)
            env.update({pair.key: pair.value for pair in found.pairs})
            return replace(config, env=tuple(f"{name}={value}" for name, value in env.items()))
        case to.Label():
            labels = {**config.labels, **{pair.key: pair.value for pair in found.pairs}}
            return replace(config, labels=labels)
        case to.Cmd():
            return replace(config, cmd=_argv(config, found))
        case to.Entrypoint():
            return replace(config, entrypoint=_argv(config, found))
        case to.Expose():
            ports = [port for word in found.ports for port in exposed(word).ports]
            known = (*config.exposed_ports, *ports)
            return replace(config, exposed_ports=tuple(dict.fromkeys(known)))
        case to.Volume():
            if "" in found.paths:
                raise InvalidArgument("VOLUME specified can not be an empty string")
            return replace(config, volumes=tuple(dict.fromkeys((*config.volumes, *found.paths))))
        case to.User():
            return replace(config, user=found.user)
        case to.Workdir():
            path = cleaned(posixpath.join("/", config.working_dir, found.path))
            return replace(config, working_dir=path)
        case to.Stopsignal():
            return replace(config, stop_signal=found.signal)
        case to.Onbuild():
            return replace(config, on_build=(*config.on_build, found.expression))
        case to.Healthcheck():
            return replace(config, healthcheck=healthcheck_of(found))
        case _:
            return config


def healthcheck_of(found: to.Healthcheck) -> ImageHealthcheck:
    """The check as an image keeps it."""
    return ImageHealthcheck(
        found.test,
        found.interval_ns,
        found.timeout_ns,
        found.start_period_ns,
        found.start_interval_ns,
        found.retries,
    )


def _argv(config: RunConfig, found: to.Command) -> tuple[str, ...]:
    return (*(config.shell or DEFAULT_SHELL), *found.argv) if found.shell_form else found.argv
