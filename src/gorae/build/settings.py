"""Instructions that only change the image's config, and how each stands in its history. Pure.

The lines of history are BuildKit's, Go's formats included. oracle: tests/oracle, builds.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from gorae.dockerfile import instruction as to
from gorae.dockerfile.arguments import Pair
from gorae.dockerfile.duration import duration_text
from gorae.dockerfile.expose import exposed
from gorae.dockerfile.quote import quoted, quoted_list
from gorae.errors import InvalidArgument, SyntaxFault
from gorae.oci.config import ImageHealthcheck, RunConfig

DEFAULT_SHELL = ("/bin/sh", "-c")


def environment(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=value` words as a mapping."""
    return dict(one.partition("=")[::2] for one in pairs)


def with_env(env: Sequence[str], name: str, value: str) -> tuple[str, ...]:
    """A variable set in its place, or added behind the others."""
    word = f"{name}={value}"
    names = [one.partition("=")[0] for one in env]
    if name not in names:
        return (*env, word)
    return tuple(word if found == name else one for one, found in zip(env, names, strict=True))


def shell_argv(config: RunConfig, script: str) -> tuple[str, ...]:
    """A command line in the shell form."""
    return (*(config.shell or DEFAULT_SHELL), script)


def command_argv(config: RunConfig, found: to.Command) -> tuple[str, ...]:
    """The words of a command in either form."""
    return shell_argv(config, found.script) if found.shell_form else found.argv


def join_path(base: str, path: str) -> str:
    """A path relative to a working directory, normalised."""
    found = posixpath.normpath(posixpath.join(base or "/", path))
    return found[1:] if found.startswith("//") else found


def apply(config: RunConfig, found: to.Instruction, *, cmd_was_set: bool) -> tuple[RunConfig, str]:
    """The config after the instruction, and its line of history (empty: none).

    Raises:
        SyntaxFault: a value that cannot be, with the line.
    """
    try:
        return _apply(config, found, cmd_was_set=cmd_was_set)
    except InvalidArgument as error:
        place = found.location
        raise SyntaxFault(error.message, source=place.source, line=place.start_line) from None


def _apply(config: RunConfig, found: to.Instruction, *, cmd_was_set: bool) -> tuple[RunConfig, str]:
    match found:
        case to.Env():
            env = config.env
            for pair in found.pairs:
                env = with_env(env, pair.key, pair.value)
            return replace(config, env=env), f"ENV {pairs_text(found.pairs)}"
        case to.Label():
            labels = {**config.labels, **{pair.key: pair.value for pair in found.pairs}}
            return replace(config, labels=labels), f"LABEL {pairs_text(found.pairs)}"
        case to.Cmd():
            argv = command_argv(config, found)
            return replace(config, cmd=argv, args_escaped=True), f"CMD {quoted_list(argv)}"
        case to.Entrypoint():
            argv = command_argv(config, found)
            cmd = config.cmd if cmd_was_set else None
            return replace(config, entrypoint=argv, cmd=cmd), f"ENTRYPOINT {quoted_list(argv)}"
        case to.Expose():
            ports = [port for word in found.ports for port in exposed(word).ports]
            config = replace(
                config, exposed_ports=tuple(dict.fromkeys((*config.exposed_ports, *ports)))
            )
            return config, f"EXPOSE [{' '.join(ports)}]"
        case to.Volume():
            if any(not path for path in found.paths):
                raise InvalidArgument("VOLUME specified can not be an empty string")
            config = replace(config, volumes=tuple(dict.fromkeys((*config.volumes, *found.paths))))
            return config, f"VOLUME [{' '.join(found.paths)}]"
        case to.User():
            return replace(config, user=found.user), f"USER {found.user}"
        case to.Shell():
            return replace(config, shell=found.argv), f"SHELL [{' '.join(found.argv)}]"
        case to.Stopsignal():
            return replace(config, stop_signal=found.signal), f"STOPSIGNAL {found.signal}"
        case to.Healthcheck():
            return _healthcheck(config, found)
        case to.Onbuild():
            return replace(config, on_build=(*config.on_build, found.expression)), ""
        case _:
            return config, ""


def pairs_text(pairs: Sequence[Pair]) -> str:
    """`a=1 b=2`, the old form too."""
    return " ".join(f"{one.key}={one.value}" for one in pairs)


def _healthcheck(config: RunConfig, found: to.Healthcheck) -> tuple[RunConfig, str]:
    check = ImageHealthcheck(
        found.test,
        found.interval_ns,
        found.timeout_ns,
        found.start_period_ns,
        found.start_interval_ns,
        found.retries,
    )
    times = (check.interval_ns, check.timeout_ns, check.start_period_ns, check.start_interval_ns)
    words = " ".join(quoted(duration_text(one)) for one in times)
    line = f"HEALTHCHECK &{{{quoted_list(check.test)} {words} {_rune(check.retries)}}}"
    return replace(config, healthcheck=check), line


def _rune(number: int) -> str:
    """A number as Go's `%q` shows it: a character."""
    if 0x20 < number < 0x7F or number == 0x20:
        char = chr(number)
        return f"'\\{char}'" if char in "'\\" else f"'{char}'"
    short = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    if number in short:
        return f"'{short[number]}'"
    if number < 0x80:
        return f"'\\x{number:02x}'"
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        return "'�'"
    char = chr(number)
    if char.isprintable():
        return f"'{char}'"
    return f"'\\u{number:04x}'" if number < 0x10000 else f"'\\U{number:08x}'"
