"""A compose file's `build` sections as bake targets."""

from __future__ import annotations

from gorae.cli.bake.definition import cleaned
from gorae.cli.units import binary_size
from gorae.compose import quantity
from gorae.compose.interpolation import interpolate
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SAME = (
    "dockerfile",
    "dockerfile_inline",
    "target",
    "network",
    "pull",
    "no_cache",
    "tags",
    "platforms",
)


def targets(text: str, name: str, environment: dict[str, str]) -> dict[str, Any]:
    """One target for each service that is built, under the service's name.

    Raises:
        InvalidArgument: it is not YAML, or no compose file.
    """
    from gorae.cli import sitepackages

    sitepackages.open_up()
    import yaml

    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise InvalidArgument(f"failed to parse {name}: {error}".replace("\n", " ")) from None
    if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
        raise InvalidArgument(f"failed to parse {name}: it has no services")
    document = interpolate(document, environment, lambda _: None)
    found: dict[str, Any] = {}
    for service, body in document["services"].items():
        if isinstance(body, dict) and body.get("build") is not None:
            found[service] = _target(document, service, body, environment)
    return found


def _target(
    document: dict[str, Any], service: str, body: dict[str, Any], environment: dict[str, str]
) -> dict[str, Any]:
    build = body["build"]
    if isinstance(build, str):
        build = {"context": build}
    if not isinstance(build, dict):
        raise InvalidArgument(f"services.{service}.build must be a string or a mapping")
    found: dict[str, Any] = {"context": build.get("context") or "."}
    for key in _SAME:
        if build.get(key) not in (None, ""):
            found[key.replace("_", "-")] = build[key]
    found["args"] = _mapping(build.get("args"), environment)
    found["labels"] = _mapping(build.get("labels"), {})
    found["contexts"] = {
        name: f"target:{value.removeprefix('service:')}"
        if value.startswith("service:")
        else cleaned(value)
        for name, value in _mapping(build.get("additional_contexts"), {}).items()
    }
    for key in ("cache_from", "cache_to", "ssh", "entitlements"):
        found[key.replace("_", "-")] = list(build.get(key) or ())
    found["secret"] = [_secret(document, one) for one in build.get("secrets") or ()]
    found["extra-hosts"] = _hosts(build.get("extra_hosts"))
    if "image" in body and not found.get("tags"):
        found["tags"] = [body["image"]]
    if "shm_size" in build:
        found["shm-size"] = binary_size(
            quantity.size_bytes(build["shm_size"], f"services.{service}.build.shm_size")
        )
    if build.get("network") == "host":
        found["entitlements"] = [*found["entitlements"], "network.host"]
    found["ulimits"] = [_ulimit(*pair) for pair in (build.get("ulimits") or {}).items()]
    found = {key: value for key, value in found.items() if value not in ({}, [], None)}
    return _with_own(found, build.get("x-bake") or {})


def _with_own(found: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`x-bake`: its lists stand behind the section's own, everything else in its place."""
    for key, value in own.items():
        before = found.get(key)
        many = isinstance(before, list) and isinstance(value, list)
        found[key] = [*before, *value] if many and before is not None else value
    return found


def _ulimit(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name}={value.get('soft', 0)}:{value.get('hard', 0)}"
    return f"{name}={value}:{value}"


def _mapping(value: Any, environment: dict[str, str]) -> dict[str, Any]:
    """A map, or a list of `NAME=VALUE`; a NAME alone takes the environment's value."""
    if isinstance(value, dict):
        return {
            str(key): environment.get(key) if one is None else _text(one)
            for key, one in value.items()
        }
    found: dict[str, Any] = {}
    for item in value or ():
        name, equals, text = str(item).partition("=")
        found[name] = text if equals else environment.get(name)
    return {name: one for name, one in found.items() if one is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _secret(document: dict[str, Any], one: Any) -> str:
    name = one if isinstance(one, str) else one.get("source", "")
    source = (document.get("secrets") or {}).get(name)
    if not isinstance(source, dict):
        raise InvalidArgument(f'secret "{name}" is not defined in the compose file')
    if source.get("environment"):
        return f"id={name},env={source['environment']}"
    return f"id={name},src={cleaned(str(source.get('file', name)))}"


def _hosts(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(name): str(one) for name, one in value.items()}
    pairs = [str(item).replace("=", ":", 1).partition(":") for item in value or ()]
    return {name: address for name, _, address in pairs}
