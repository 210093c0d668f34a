"""The classic build's query as a request. What it cannot carry is refused by name."""

import json
from typing import Any

from gorae import errors
from gorae.api.call import Call
from gorae.build.request import BuildRequest
from gorae.build.running import Limits
from gorae.errors import InvalidArgument
from gorae.oci import platform as platforms
from gorae.runtime.config import Resources, Rlimit

SHM_SIZE_BYTES = 64 << 20
MAX_TAGS = 1000
_NETWORKS = ("", "default", "bridge")


def classic_request(call: Call) -> BuildRequest:
    """All of the query.

    Raises:
        InvalidArgument: a malformed value. NotImplemented: something that only BuildKit's protocol carries.
    """
    _refuse(call)
    tags = call.many("t")
    if len(tags) > MAX_TAGS:
        raise InvalidArgument(f"{len(tags)} tags: at most {MAX_TAGS}")
    args = _json(call, "buildargs", dict)
    asked = call.text("platform")
    network = call.text("networkmode")
    return BuildRequest(
        path=call.text("dockerfile") or "Dockerfile",
        target=call.text("target"),
        build_args={str(key): str(value) for key, value in args.items() if value is not None},
        labels={str(key): str(value) for key, value in _json(call, "labels", dict).items()},
        tags=tuple(dict.fromkeys(one for one in tags if one)),
        no_cache=call.flag("nocache"),
        pull=call.flag("pull"),
        network="default" if network in _NETWORKS else network,
        platform=platforms.parse(asked) if asked else None,
        limits=Limits(
            add_hosts=tuple(_hosts(call)),
            shm_size_bytes=call.number("shmsize") or SHM_SIZE_BYTES,
            ulimits=_ulimits(call),
            cgroup_parent=call.text("cgroupparent"),
            resources=_resources(call),
        ),
        squash=call.flag("squash"),
        cache_from=tuple(
            {"type": "registry", "ref": str(one)} for one in _json(call, "cachefrom", list)
        ),
        project=tags[0] if tags else "",
    )


def _refuse(call: Call) -> None:
    version = call.text("version")
    if version == "2":
        raise errors.NotImplemented(
            "this endpoint serves the classic builder (version=1): build with DOCKER_BUILDKIT=0, "
            "with gorae build, or with the docker-buildx plugin of gorae"
        )
    if version not in ("", "1"):
        raise InvalidArgument(f"invalid builder version {version}")
    isolation = call.text("isolation")
    if isolation not in ("", "default"):
        raise InvalidArgument(f'Unsupported isolation: "{isolation}"')
    outputs = call.text("outputs")
    if outputs not in ("", "null", "[]"):
        raise errors.NotImplemented(
            "the classic build API cannot send outputs: use gorae build --output, "
            "or the docker-buildx plugin of gorae"
        )
    if call.many("securityopt"):
        raise InvalidArgument(
            "The daemon on this platform does not support setting security options on build"
        )


def _json(call: Call, name: str, kind: type) -> Any:
    text = call.text(name)
    if not text:
        return kind()
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"error reading {name}: {error}") from None
    if found is None:
        return kind()
    if not isinstance(found, kind):
        raise InvalidArgument(f"error reading {name}: wanted a JSON {kind.__name__}")
    return found


def _hosts(call: Call) -> list[str]:
    """Repeated, or one text with commas as docker-py sends it."""
    found = []
    for one in call.many("extrahosts"):
        if one.startswith("{"):
            found += [f"{host}:{ip}" for host, ip in json.loads(one).items()]
        else:
            found += [part for part in one.split(",") if part]
    for one in found:
        if ":" not in one and "=" not in one:
            raise InvalidArgument(f'bad format for add-host: "{one}"')
    return found


def _ulimits(call: Call) -> tuple[Rlimit, ...]:
    found = []
    for one in _json(call, "ulimits", list):
        if not isinstance(one, dict):
            raise InvalidArgument("error reading ulimits: an entry is no object")
        found.append(
            Rlimit(str(one.get("Name", "")), int(one.get("Soft", 0)), int(one.get("Hard", 0)))
        )
    return tuple(found)


def _resources(call: Call) -> Resources:
    return Resources(
        memory_bytes=call.number("memory") or 0,
        memory_swap_bytes=call.number("memswap") or 0,
        cpu_shares=call.number("cpushares") or 0,
        cpu_period_us=call.number("cpuperiod") or 0,
        cpu_quota_us=call.number("cpuquota") or 0,
        cpuset_cpus=call.text("cpusetcpus"),
        cpuset_mems=call.text("cpusetmems"),
    )
