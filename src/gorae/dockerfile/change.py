"""`-c`/`--change` of import and commit: Dockerfile instructions that only change an image's config. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gorae.dockerfile.words import json_words, shell_words
from gorae.errors import InvalidArgument
from gorae.oci.config import ImageHealthcheck, RunConfig

_UNITS_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def apply_changes(config: RunConfig, changes: Sequence[str]) -> RunConfig:
    """The config after the instructions, in order.

    Raises:
        InvalidArgument: an instruction that is not allowed here, or a bad argument.
    """
    for text in changes:
        for line in text.splitlines():
            if line.strip():
                config = _apply(config, line.strip())
    return config


def _apply(config: RunConfig, line: str) -> RunConfig:
    keyword, _, rest = line.partition(" ")
    rest = rest.strip()
    handler = _HANDLERS.get(keyword.upper())
    if handler is None:
        if keyword.upper() in ("FROM", "RUN", "COPY", "ADD", "ARG", "SHELL", "MAINTAINER"):
            raise InvalidArgument(f"{keyword.lower()} is not a valid change command")
        raise InvalidArgument(f"unknown instruction: {keyword.upper()}")
    if not rest:
        raise InvalidArgument(f"{keyword.upper()} requires at least one argument")
    return handler(config, rest)


def _command(text: str) -> tuple[str, ...]:
    words = json_words(text)
    return ("/bin/sh", "-c", text) if words is None else tuple(words)


def _cmd(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, cmd=_command(rest))


def _entrypoint(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, entrypoint=_command(rest), cmd=None)


def pairs(rest: str, keyword: str) -> list[tuple[str, str]]:
    """`a=1 b="2 3"` or the older `a 1`. Raises: InvalidArgument: neither."""
    words = shell_words(rest)
    if "=" not in words[0]:
        name, _, value = rest.partition(" ")
        if not value:
            raise InvalidArgument(f"{keyword} must have two arguments")
        return [(name, value.strip())]
    found = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InvalidArgument(
                f'Syntax error - can\'t find = in "{word}". Must be of the form: name=value'
            )
        if not name:
            raise InvalidArgument(f"{keyword} names can not be blank")
        found.append((name, value))
    return found


def _env(config: RunConfig, rest: str) -> RunConfig:
    env = dict(one.partition("=")[::2] for one in config.env)
    env.update(pairs(rest, "ENV"))
    return replace(config, env=tuple(f"{name}={value}" for name, value in env.items()))


def _label(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, labels={**config.labels, **dict(pairs(rest, "LABEL"))})


def _expose(config: RunConfig, rest: str) -> RunConfig:
    ports = list(config.exposed_ports)
    for word in shell_words(rest):
        port, _, protocol = word.partition("/")
        first, _, last = port.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise InvalidArgument(f"invalid containerPort: {port}")
        for number in range(int(first), int(last or first) + 1):
            ports.append(f"{number}/{protocol.lower() or 'tcp'}")
    return replace(config, exposed_ports=tuple(dict.fromkeys(ports)))


def _user(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, user=rest)


def _volume(config: RunConfig, rest: str) -> RunConfig:
    words = json_words(rest) or shell_words(rest)
    if any(not one.strip() for one in words):
        raise InvalidArgument("VOLUME specified can not be an empty string")
    return replace(config, volumes=tuple(dict.fromkeys((*config.volumes, *words))))


def _workdir(config: RunConfig, rest: str) -> RunConfig:
    path = rest if rest.startswith("/") else f"{config.working_dir.rstrip('/')}/{rest}"
    return replace(config, working_dir=path)


def _stop_signal(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, stop_signal=rest)


def _on_build(config: RunConfig, rest: str) -> RunConfig:
    if rest.split()[0].upper() in ("ONBUILD", "FROM", "MAINTAINER"):
        raise InvalidArgument(f"{rest.split()[0].upper()} isn't allowed as an ONBUILD trigger")
    return replace(config, on_build=(*config.on_build, rest))


def _healthcheck(config: RunConfig, rest: str) -> RunConfig:
    options: dict[str, int] = {}
    words = rest.split()
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0)[2:].partition("=")
        options[name] = int(value) if name == "retries" and value.isdigit() else duration_ns(value)
    if not words:
        raise InvalidArgument("HEALTHCHECK requires at least one argument")
    kind = words[0].upper()
    if kind == "NONE":
        return replace(config, healthcheck=ImageHealthcheck(("NONE",)))
    if kind != "CMD":
        raise InvalidArgument(f'Unknown type "{kind}" in HEALTHCHECK (try CMD)')
    command = rest[rest.upper().index("CMD") + 3 :].strip()
    exec_form = json_words(command)
    test = ("CMD-SHELL", command) if exec_form is None else ("CMD", *exec_form)
    return replace(
        config,
        healthcheck=ImageHealthcheck(
            test,
            options.get("interval", 0),
            options.get("timeout", 0),
            options.get("start-period", 0),
            options.get("start-interval", 0),
            options.get("retries", 0),
        ),
    )


def duration_ns(text: str) -> int:
    """Go's durations: `1m30s`, `500ms`. Raises: InvalidArgument."""
    total, at = 0.0, 0
    while at < len(text):
        end = at
        while end < len(text) and (text[end].isdigit() or text[end] == "."):
            end += 1
        unit_end = end
        while unit_end < len(text) and text[unit_end].isalpha():
            unit_end += 1
        unit = text[end:unit_end]
        if end == at or unit not in _UNITS_NS:
            raise InvalidArgument(f'invalid duration "{text}"')
        total += float(text[at:end]) * _UNITS_NS[unit]
        at = unit_end
    if not text:
        raise InvalidArgument('invalid duration ""')
    return int(total)


_HANDLERS: dict[str, Callable[[RunConfig, str], RunConfig]] = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "LABEL": _label,
    "EXPOSE": _expose,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
    "STOPSIGNAL": _stop_signal,
    "ONBUILD": _on_build,
    "HEALTHCHECK": _healthcheck,
}
