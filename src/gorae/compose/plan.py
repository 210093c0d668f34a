"""What has to be done, and why: the application as it is wanted against what is there. Pure.

Shape: `up` gives actions in waves; all of a wave may be carried out at once. An action is data: it says itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gorae.compose import canonical, create
from gorae.compose import project as projects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gorae.compose.project import Project


@dataclass(frozen=True)
class Found:
    """A container of the application that is there. `state`: docker's word; `health` may be empty."""

    id: str
    name: str
    service: str
    number: int
    state: str = "running"
    config_hash: str = ""
    image_id: str = ""
    oneoff: bool = False
    health: str = ""
    exit_code: int = 0
    volumes: Mapping[str, str] = field(default_factory=dict)
    """Anonymous volumes by their target: a new container takes them over."""


@dataclass(frozen=True)
class Action:
    """One step. `kind`: create, recreate, start, stop, remove or leave."""

    kind: str
    service: str
    name: str
    number: int = 0
    reason: str = ""
    found: Found | None = None

    def describe(self) -> str:
        """One line."""
        because = f": {self.reason}" if self.reason else ""
        return f"{self.kind} {self.name}{because}"


@dataclass(frozen=True)
class Wish:
    """What `up` was asked for. `images`: the id of each service's image now, where it is known."""

    services: Sequence[str] = ()
    scale: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    force_recreate: bool = False
    no_recreate: bool = False
    always_recreate_deps: bool = False
    no_deps: bool = False
    remove_orphans: bool = False
    start: bool = True
    changed_networks: Collection[str] = ()
    """Networks, by their keys, that were just made anew: nobody is on them."""


def up(project: Project, there: Sequence[Found], wish: Wish) -> list[list[Action]]:
    """The waves of actions that bring the application up."""
    asked = list(wish.services) or list(project.services)
    wanted = asked if wish.no_deps else projects.with_dependencies(project.services, asked)
    recreated: set[str] = set()
    waves: list[list[Action]] = []
    orphans = [one for one in there if one.service not in project.services and not one.oneoff]
    if wish.remove_orphans and orphans:
        waves.append(
            [
                Action("remove", o.service, o.name, o.number, "no service of that name", o)
                for o in orphans
            ]
        )
    for wave in projects.in_order(project.services):
        actions: list[Action] = []
        for name in wave:
            if name in wanted:
                actions += _service(project, name, there, wish, name in asked, recreated)
        if actions:
            waves.append(actions)
    return waves


def orphans(project: Project, there: Sequence[Found]) -> list[Found]:
    """Containers of services that the file does not have any more."""
    known = {*project.services, *project.disabled}
    return [one for one in there if one.service not in known and not one.oneoff]


def wanted_scale(project: Project, name: str, wish: Wish) -> int:
    """How many containers a service is to have."""
    service = project.services[name]
    if name in wish.scale:
        return wish.scale[name]
    replicas = (service.get("deploy") or {}).get("replicas")
    return int(service.get("scale", 1 if replicas is None else replicas))


def _service(
    project: Project,
    name: str,
    there: Sequence[Found],
    wish: Wish,
    asked: bool,
    recreated: set[str],
) -> list[Action]:
    own = sorted(
        (one for one in there if one.service == name and not one.oneoff), key=lambda one: one.number
    )
    count = wanted_scale(project, name, wish)
    numbers = {one.number for one in own}
    containers = {one.service: one.id for one in reversed(there) if not one.oneoff}
    actions = []
    for one in own[count:]:
        actions.append(Action("remove", name, one.name, one.number, f"scaled down to {count}", one))
    for one in own[:count]:
        reason = _reason(project, name, one, wish, asked, recreated, containers)
        if reason:
            recreated.add(name)
            actions.append(Action("recreate", name, one.name, one.number, reason, one))
        elif wish.start and one.state not in ("running", "restarting"):
            actions.append(Action("start", name, one.name, one.number, f"it is {one.state}", one))
        else:
            actions.append(Action("leave", name, one.name, one.number, "", one))
    free = (number for number in range(1, count + len(own) + 1) if number not in numbers)
    for _ in range(count - len(own[:count])):
        number = next(free)
        actions.append(Action("create", name, create.container_name(project, name, number), number))
    return actions


def _reason(
    project: Project,
    name: str,
    one: Found,
    wish: Wish,
    asked: bool,
    recreated: Collection[str],
    containers: Mapping[str, str],
) -> str:
    """Why a container must be made anew; empty when it may stay."""
    if wish.no_recreate:
        return ""
    if wish.force_recreate and asked:
        return "--force-recreate"
    if one.config_hash != canonical.service_hash(project.services[name], containers):
        return "its configuration changed"
    left = set(project.services[name].get("networks") or ()) & set(wish.changed_networks)
    if left:
        return f"its network {', '.join(sorted(left))} changed"
    image = wish.images.get(name, "")
    if image and one.image_id and one.image_id != image:
        return "its image changed"
    shared = {other for other in _shares(project, name) if other in recreated}
    if shared:
        return (
            f"it shares a namespace or volumes with {', '.join(sorted(shared))}, which is made anew"
        )
    if wish.always_recreate_deps and not asked:
        return "--always-recreate-deps"
    return ""


def _shares(project: Project, name: str) -> list[str]:
    service = project.services[name]
    found = [
        str(service[key]).partition(":")[2]
        for key in ("network_mode", "ipc", "pid")
        if str(service.get(key) or "").startswith("service:")
    ]
    return found + [one.partition(":")[0] for one in service.get("volumes_from") or ()]


def down(project: Project | None, there: Sequence[Found]) -> list[list[Action]]:
    """Stop and remove, the dependents first. Without a project: all at once."""
    if project is None:
        return (
            [[Action("remove", one.service, one.name, one.number, "", one) for one in there]]
            if there
            else []
        )
    rest = list(there)
    strangers = [one for one in rest if one.service not in project.services]
    waves = [[Action("remove", one.service, one.name, one.number, "", one) for one in strangers]]
    rest = [one for one in rest if one not in strangers]
    for wave in reversed(projects.in_order(project.services)):
        mine = [one for one in rest if one.service in wave]
        rest = [one for one in rest if one not in mine]
        if mine:
            waves.append(
                [Action("remove", one.service, one.name, one.number, "", one) for one in mine]
            )
    return [wave for wave in waves if wave]
