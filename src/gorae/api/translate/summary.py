"""A container's line in a list, and what a list's filters take. Pure."""

import json
import re
import shlex
from collections.abc import Callable, Iterable

from msgspec import UNSET

from gorae.api.translate import inspect, mount
from gorae.api.translate.hostconfig import container_port
from gorae.engine.model import Container, Status
from gorae.errors import InvalidArgument
from gorae.wire import container as wire
from gorae.wire.filters import Filters
from gorae.wire.network import EndpointSettings, ListNetworkSettings
from gorae.wire.timestamp import NS, human_duration

FILTERS = (
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
)
_STATES = tuple(one.value for one in Status)
_HEALTH = ("none", "starting", "healthy", "unhealthy")
_PLAIN = re.compile(r"[\w@%+=:,./-]+")


def summary(
    one: Container, *, now_ns: int, sizes: tuple[int, int] | None = None, image: str = ""
) -> wire.ContainerSummary:
    """One line. `image` replaces the name of the image, when that means another now."""
    return wire.ContainerSummary(
        id=one.id,
        names=[f"/{one.name}"],
        image=image or one.spec.image,
        image_id=one.spec.image_id,
        command=command(one),
        created=one.created_ns // NS,
        ports=ports(one),
        size_rw=UNSET if sizes is None or not sizes[0] else sizes[0],
        size_root_fs=UNSET if sizes is None else sizes[1],
        labels=dict(one.spec.labels),
        state=one.state.status.value,
        status=status_words(one, now_ns),
        host_config=wire.ListHostConfig(_network_mode(one), dict(one.spec.annotations) or UNSET),
        network_settings=ListNetworkSettings(_networks(one)),
        mounts=[mount.to_point(record) for record in one.mounts],
    )


def _networks(one: Container) -> dict[str, EndpointSettings]:
    """A list leaves the names out."""
    found = inspect.networks(one)
    for endpoint in found.values():
        endpoint.aliases = endpoint.dns_names = None
    return found


def _network_mode(one: Container) -> str:
    return one.spec.network_mode or "bridge"


def command(one: Container) -> str:
    """Program and arguments in one line; arguments are quoted where a shell would need it."""
    if not one.args:
        return one.path
    return " ".join((one.path, *(_quoted(word) for word in one.args)))


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)


def ports(one: Container) -> list[wire.Port]:
    """Published and exposed ports of a running container."""
    if not one.state.pid:
        return []
    found = []
    for key, places in inspect.ports(one.spec, one.state).items():
        number, protocol = container_port(key)
        if not places:
            found.append(wire.Port(UNSET, number, UNSET, protocol))
        found += [
            wire.Port(place["HostIp"], number, int(place["HostPort"]), protocol)
            for place in places or ()
        ]
    return found


def status_words(one: Container, now_ns: int) -> str:
    """The state in words, as `ps` shows it."""
    state = one.state
    match state.status:
        case Status.RUNNING:
            up = f"Up {human_duration(now_ns - state.started_ns)}"
            if not inspect.has_health(one.spec):
                return up
            word = inspect.health(state.health).status
            return f"{up} ({'health: starting' if word == 'starting' else word})"
        case Status.PAUSED:
            return f"Up {human_duration(now_ns - state.started_ns)} (Paused)"
        case Status.RESTARTING:
            ago = human_duration(now_ns - state.finished_ns)
            return f"Restarting ({state.exit_code}) {ago} ago"
        case Status.REMOVING:
            return "Removal In Progress"
        case Status.DEAD:
            return "Dead"
        case Status.CREATED:
            return "Created"
        case _ if not state.finished_ns:
            return "Created"
    return f"Exited ({state.exit_code}) {human_duration(now_ns - state.finished_ns)} ago"


# filters --------------------------------------------------------------------------------------


class Chosen:
    """The containers that a list's filters take.

    `find` gives a container of a reference, `images` the ids of the images that stand on the one
    named.
    """

    def __init__(
        self,
        filters: Filters,
        find: Callable[[str], Container],
        images: Callable[[str], Iterable[str]],
    ) -> None:
        self._filters = filters
        self._check()
        self._before = [find(ref).created_ns for ref in filters.values("before")]
        self._since = [find(ref).created_ns for ref in filters.values("since")]
        self._exits = {_number("exited", text) for text in filters.values("exited")}
        self._ports = {kind: _ports(kind, filters) for kind in ("publish", "expose")}
        self._ancestors: set[str] | None = None
        if "ancestor" in filters:
            self._ancestors = {
                found for name in filters.values("ancestor") for found in images(name)
            }
        self._names = [_pattern(text) for text in filters.values("name")]

    @property
    def wants_stopped(self) -> bool:
        """Whether the filters speak of containers that do not run."""
        return any(name in self._filters for name in ("status", "exited", "before", "since"))

    def _check(self) -> None:
        for value in self._filters.values("status"):
            if value not in _STATES:
                raise InvalidArgument(
                    f"invalid filter 'status={value}': invalid value for state ({value}): "
                    f"must be one of {', '.join(sorted_states())}"
                )
        for value in self._filters.values("health"):
            if value not in _HEALTH:
                raise InvalidArgument(
                    f"invalid filter 'health={value}': invalid value for health ({value}): "
                    f"must be one of {', '.join(_HEALTH)}"
                )
        self._filters.flag("is-task", default=False)

    def takes(self, one: Container) -> bool:
        """Whether all filters fit."""
        filters, state = self._filters, one.state
        return (
            filters.any("id", one.id.startswith)
            and (not self._names or any(_named(pattern, one) for pattern in self._names))
            and filters.labels(one.spec.labels)
            and filters.exact("status", state.status.value)
            and filters.exact("health", _health_of(one))
            and (not self._exits or (not state.pid and state.exit_code in self._exits))
            and all(one.created_ns < moment for moment in self._before)
            and all(one.created_ns > moment for moment in self._since)
            and (self._ancestors is None or one.spec.image_id in self._ancestors)
            and filters.any("volume", lambda value: _has_mount(one, value))
            and filters.any("network", lambda value: _on_network(one, value))
            and self._has_ports(one)
            and not filters.flag("is-task", default=False)
        )

    def _has_ports(self, one: Container) -> bool:
        published, exposed = self._ports["publish"], self._ports["expose"]
        return (not published or bool(published & _published(one))) and (
            not exposed or bool(exposed & set(one.spec.exposed_ports))
        )


def sorted_states() -> tuple[str, ...]:
    """The states in docker's order."""
    return ("created", "running", "paused", "restarting", "removing", "exited", "dead")


def _health_of(one: Container) -> str:
    return inspect.health(one.state.health).status if inspect.has_health(one.spec) else "none"


def _pattern(text: str) -> "re.Pattern[str] | str":
    """A name filter is a regular expression; one that is none is a plain part of the name."""
    try:
        return re.compile(text) if len(text) < 256 else text
    except re.error:
        return text


def _named(pattern: "re.Pattern[str] | str", one: Container) -> bool:
    """With or without the slash in front, as docker matches."""
    if isinstance(pattern, str):
        return pattern.removeprefix("/") in one.name
    return bool(pattern.search(one.name) or pattern.search(f"/{one.name}"))


def _has_mount(one: Container, value: str) -> bool:
    return any(value in (record.name, record.target) for record in one.mounts)


def _on_network(one: Container, value: str) -> bool:
    if value == one.spec.network_mode:
        return True
    return any(
        value == record.network or record.network_id.startswith(value)
        for record in one.state.endpoints
    )


def _published(one: Container) -> set[str]:
    return {f"{port.container_port}/{port.protocol}" for port in one.spec.ports}


def _ports(kind: str, filters: Filters) -> set[str]:
    """`80`, `80/udp`, `8000-8010/tcp` as single ports."""
    found: set[str] = set()
    for text in filters.values(kind):
        numbers, _, protocol = text.partition("/")
        first, dash, last = numbers.partition("-")
        try:
            low, _ = container_port(first)
            high, _ = container_port(last) if dash else (low, "")
        except InvalidArgument:
            raise InvalidArgument(
                f"error while looking up for {kind} {text}: invalid port"
            ) from None
        found |= {f"{port}/{protocol or 'tcp'}" for port in range(low, high + 1)}
    return found


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidArgument(
            f"invalid filter '{name}={text}': strconv.Atoi: parsing {json.dumps(text)}: "
            "invalid syntax"
        ) from None
