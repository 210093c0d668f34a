"""A container's spec and its image's defaults, made one. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gorae.engine.model import ContainerSpec, HealthCheck
from gorae.errors import InvalidArgument
from gorae.oci.config import RunConfig

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def merge(spec: ContainerSpec, image: RunConfig) -> ContainerSpec:
    """Fill what `spec` leaves open from the image, by docker's rules.

    Raises:
        InvalidArgument: neither names a program.
    """
    entrypoint, cmd = _command(spec, image)
    if not entrypoint and not cmd:
        raise InvalidArgument("no command specified")
    return replace(
        spec,
        entrypoint=entrypoint,
        cmd=cmd,
        env=_missing_env(spec.env, image.env or ()),
        working_dir=spec.working_dir or image.working_dir or "",
        user=spec.user or image.user or "",
        labels={**(image.labels or {}), **spec.labels},
        stop_signal=spec.stop_signal or image.stop_signal or "",
        shell=spec.shell or tuple(image.shell or ()),
        health=_health(spec.health, image),
        volumes=_union(spec.volumes, image.volumes or ()),
        exposed_ports=_union(spec.exposed_ports, image.exposed_ports or ()),
        on_build=spec.on_build,
    )


def _command(
    spec: ContainerSpec, image: RunConfig
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """An entrypoint of the spec's own sets the image's CMD aside; `[""]` only clears the image's."""
    if spec.entrypoint:
        own = () if spec.entrypoint == ("",) else spec.entrypoint
        return own or None, spec.cmd or None
    entrypoint = tuple(image.entrypoint or ()) or None
    if spec.cmd:
        return entrypoint, spec.cmd
    return entrypoint, tuple(image.cmd or ()) or None


def _name(variable: str) -> str:
    return variable.partition("=")[0]


def _missing_env(own: Sequence[str], image: Iterable[str]) -> tuple[str, ...]:
    """The spec's variables first, then those of the image that it does not name."""
    named = {_name(one) for one in own}
    return (*own, *(one for one in image if _name(one) not in named))


def _union(own: Sequence[str], image: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*own, *image)))


def _health(own: HealthCheck | None, image: RunConfig) -> HealthCheck | None:
    base = image.healthcheck
    if base is None:
        return own
    from_image = HealthCheck(
        test=tuple(base.test or ()),
        interval_ns=base.interval_ns,
        timeout_ns=base.timeout_ns,
        start_period_ns=base.start_period_ns,
        start_interval_ns=base.start_interval_ns,
        retries=base.retries,
    )
    if own is None:
        return from_image
    return HealthCheck(
        test=own.test or from_image.test,
        interval_ns=own.interval_ns or from_image.interval_ns,
        timeout_ns=own.timeout_ns or from_image.timeout_ns,
        start_period_ns=own.start_period_ns or from_image.start_period_ns,
        start_interval_ns=own.start_interval_ns or from_image.start_interval_ns,
        retries=own.retries or from_image.retries,
        on_failure=own.on_failure,
    )


def argv(spec: ContainerSpec) -> tuple[str, ...]:
    """What is executed: entrypoint and command in one."""
    return (*(spec.entrypoint or ()), *(spec.cmd or ()))


def environment(
    spec: ContainerSpec, *, hostname: str, links: Sequence[str] = ()
) -> tuple[str, ...]:
    """The first process's variables, in docker's order; `NAME` without a value takes one away.

    PATH, HOSTNAME and (with a terminal) TERM come first and are replaced in place.
    """
    values = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname}
    if spec.tty:
        values["TERM"] = "xterm"
    for one in (*links, *spec.env):
        name, equals, value = one.partition("=")
        if equals:
            values[name] = value
        else:
            values.pop(name, None)
    return tuple(f"{name}={value}" for name, value in values.items())
