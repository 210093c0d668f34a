"""One application: its services, networks, volumes, secrets and configs, complete and checked. Pure."""

from __future__ import annotations

import re

from gorae.compose import canonical, quantity
from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Document = dict[str, Any]

SECTIONS = ("networks", "volumes", "secrets", "configs")
TOP_LEVEL = frozenset(("name", "version", "services", "include", "models", *SECTIONS))
SERVICE_KEYS = frozenset((
    "annotations", "attach", "blkio_config", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command",
    "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
    "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "depends_on", "deploy", "develop",
    "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "env_file",
    "environment", "expose", "extends", "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "hostname",
    "image", "init", "ipc", "isolation", "label_file", "labels", "links", "logging", "mac_address", "mem_limit",
    "mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode", "networks", "oom_kill_disable",
    "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start", "pre_stop", "privileged", "profiles",
    "provider", "pull_policy", "read_only", "restart", "runtime", "scale", "secrets", "security_opt", "shm_size",
    "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits",
    "use_api_socket", "user", "userns_mode", "uts", "volumes", "volumes_from", "working_dir",
))  # fmt: skip
_SHARED = ("network_mode", "ipc", "pid")
_NAME = re.compile(r"[a-zA-Z0-9._-]+")


class Project:
    """The application as it is wanted.

    Shape: `services` by name in long form (see `form`), `networks` etc. by key with their `name` filled in.
    """

    def __init__(
        self,
        name: str,
        directory: str,
        files: Sequence[str],
        services: dict[str, Document],
        sections: dict[str, dict[str, Document]],
        disabled: Iterable[str] = (),
        extensions: Document | None = None,
    ) -> None:
        self.name = name
        self.directory = directory
        self.files = tuple(files)
        self.services = services
        self.networks = sections["networks"]
        self.volumes = sections["volumes"]
        self.secrets = sections["secrets"]
        self.configs = sections["configs"]
        self.disabled = tuple(disabled)
        self.extensions = extensions or {}

    def service(self, name: str) -> Document:
        """Raises: NotFound: docker compose's sentence."""
        if name not in self.services:
            raise NotFound(f"no such service: {name}")
        return self.services[name]

    def document(self, services: Iterable[str] = ()) -> Document:
        """What `config` shows: these services (all where none is named), and what they use."""
        names = with_dependencies(self.services, list(services) or list(self.services))
        found: Document = {
            "name": self.name,
            "services": {
                name: {
                    **canonical.service_form(self.services[name]),
                    **extensions(self.services[name]),
                }
                for name in sorted(names)
            },
        }
        used = used_parts(self, names)
        for section, form in _FORMS:
            entries = {
                key: form(body)
                for key, body in sorted(getattr(self, section).items())
                if key in used[section]
            }
            if entries:
                found[section] = entries
        return {**found, **self.extensions}


def extensions(document: Document) -> Document:
    """The `x-` attributes, their keys sorted."""
    return {
        key: _sorted(document[key])
        for key in sorted(document, key=str)
        if str(key).startswith("x-")
    }


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


_FORMS = (
    ("networks", canonical.network_form),
    ("volumes", canonical.volume_form),
    ("secrets", canonical.granted_form),
    ("configs", canonical.granted_form),
)


def used_parts(project: Project, names: Iterable[str]) -> dict[str, set[str]]:
    """Which networks, volumes, secrets and configs services use."""
    found: dict[str, set[str]] = {section: set() for section in SECTIONS}
    for name in names:
        service = project.services[name]
        found["networks"] |= set(service.get("networks") or ())
        for one in service.get("volumes") or ():
            if one["type"] == "volume" and one.get("source"):
                found["volumes"].add(str(one["source"]))
        for kind in ("secrets", "configs"):
            found[kind] |= {one["source"] for one in service.get(kind) or ()}
        found["secrets"] |= {
            one["source"] for one in (service.get("build") or {}).get("secrets") or ()
        }
    return found


def check_keys(document: Document, name: str) -> None:
    """Raises: InvalidArgument: an attribute that there is not, with the nearest one."""
    for key in document:
        if key not in TOP_LEVEL and not str(key).startswith("x-"):
            raise InvalidArgument(
                f"{name}: additional properties '{key}' not allowed{_nearest(key, TOP_LEVEL)}"
            )
    services = document.get("services")
    if services is not None and not isinstance(services, dict):
        raise InvalidArgument(f"{name}: services must be a mapping")
    for service, body in (services or {}).items():
        if not _NAME.fullmatch(str(service)):
            raise InvalidArgument(f"{name}: services additional properties '{service}' not allowed")
        if not isinstance(body, dict):
            raise InvalidArgument(f"{name}: services.{service} must be a mapping")
        for key in body:
            if key not in SERVICE_KEYS and not str(key).startswith("x-"):
                raise InvalidArgument(
                    f"{name}: services.{service} additional properties '{key}' not allowed"
                    f"{_nearest(key, SERVICE_KEYS)}"
                )


def _nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(str(word), list(known), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def project_name(text: str) -> str:
    """A folder's or user's name as a project's: lower case, letters, digits, `-` and `_`."""
    kept = "".join(one for one in text.lower() if one.isascii() and (one.isalnum() or one in "-_"))
    return kept.lstrip("-_")


def check_name(name: str) -> None:
    """Raises: InvalidArgument: not a project's name."""
    if not name or project_name(name) != name:
        raise InvalidArgument(
            f"invalid project name {name!r}: must consist only of lowercase alphanumeric characters, hyphens, and "
            "underscores as well as start with a letter or number"
        )


def references(service: Document) -> list[str]:
    """The services that one needs to be there before it."""
    return list(implied(service))


def implied(service: Document) -> Document:
    """`depends_on` with what links and shared namespaces and volumes imply."""
    found: Document = dict(service.get("depends_on") or {})
    for link in service.get("links") or ():
        found.setdefault(link.partition(":")[0], _FOLLOWS)
    for key in _SHARED:
        kind, colon, name = str(service.get(key) or "").partition(":")
        if kind == "service" and colon:
            found.setdefault(name, _FOLLOWS)
    for source in service.get("volumes_from") or ():
        if not source.startswith("container:"):
            found.setdefault(
                source.partition(":")[0], {"condition": "service_started", "required": True}
            )
    return found


_FOLLOWS: Document = {"condition": "service_started", "restart": True, "required": True}


def check(project: Project) -> None:
    """What must hold between the parts.

    Raises:
        InvalidArgument: an undefined reference, a circle, a service with nothing to run.
    """
    for name, service in project.services.items():
        if (
            not service.get("image")
            and service.get("build") is None
            and not service.get("provider")
        ):
            raise InvalidArgument(
                f'service "{name}" has neither an image nor a build context specified: invalid compose project'
            )
        if service.get("network_mode") and service.get("networks"):
            raise InvalidArgument(
                f"service {name} declares mutually exclusive `network_mode` and `networks`: invalid compose project"
            )
        canonical.check(name, service)
        _check_limits(name, service)
        _check_references(project, name, service)
    in_order(project.services)


_TWICE = (
    ("mem_limit", "limits", "memory"), ("cpus", "limits", "cpus"), ("pids_limit", "limits", "pids"),
    ("mem_reservation", "reservations", "memory"),
)  # fmt: skip


def _check_limits(name: str, service: Document) -> None:
    """A limit that is said in two places has one value."""
    deploy = service.get("deploy") or {}
    pairs = [
        (own, f"deploy.resources.{kind}.{key}", resources[kind].get(key))
        for resources in [deploy.get("resources") or {}]
        for own, kind, key in _TWICE
        if service.get(own) and resources.get(kind)
    ]
    if service.get("scale") is not None and deploy.get("replicas") is not None:
        pairs.append(("scale", "deploy.replicas", deploy["replicas"]))
    for own, other, value in pairs:
        read = quantity.size_bytes if own.startswith("mem") else quantity.nano_cpus
        if value is None or read(service[own], own) != read(value, other):
            raise InvalidArgument(
                f"services.{name}: can't set distinct values on '{own}' and '{other}': invalid compose project"
            )


def _check_references(project: Project, name: str, service: Document) -> None:
    for other in references(service):
        depends = (service.get("depends_on") or {}).get(other, {})
        if other not in project.services and depends.get("required", True):
            where = " (it is in a profile that is not enabled)" if other in project.disabled else ""
            raise InvalidArgument(
                f'service "{name}" depends on undefined service "{other}"{where}: invalid compose project'
            )
    for network in service.get("networks") or {}:
        if network not in project.networks:
            raise InvalidArgument(
                f'service "{name}" refers to undefined network {network}: invalid compose project'
            )
    for volume in service.get("volumes") or ():
        source = volume.get("source", "")
        if volume["type"] == "volume" and source and source not in project.volumes:
            raise InvalidArgument(
                f'service "{name}" refers to undefined volume {source}: invalid compose project'
            )
    for kind in ("secrets", "configs"):
        for one in service.get(kind) or ():
            if one["source"] not in getattr(project, kind):
                raise InvalidArgument(
                    f'service "{name}" refers to undefined {kind[:-1]} {one["source"]}: invalid compose project'
                )


def in_order(services: dict[str, Document]) -> list[list[str]]:
    """Names in waves: a wave needs only those before it.

    Raises:
        InvalidArgument: services wait for each other.
    """
    needs = {name: {o for o in references(s) if o in services} for name, s in services.items()}
    waves: list[list[str]] = []
    done: set[str] = set()
    while len(done) < len(needs):
        wave = [name for name in needs if name not in done and needs[name] <= done]
        if not wave:
            circle = " -> ".join(_circle(needs, done))
            raise InvalidArgument(f"dependency cycle detected: {circle}")
        waves.append(wave)
        done |= set(wave)
    return waves


def _circle(needs: dict[str, set[str]], done: set[str]) -> list[str]:
    path = [next(name for name in needs if name not in done)]
    while True:
        following = next(iter(sorted(needs[path[-1]] - done)))
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def with_dependencies(services: dict[str, Document], names: Iterable[str]) -> list[str]:
    """`names` and all that they need, in the file's order."""
    wanted: set[str] = set()
    stack = list(names)
    while stack:
        name = stack.pop()
        if name not in wanted and name in services:
            wanted.add(name)
            stack += references(services[name])
    return [name for name in services if name in wanted]
