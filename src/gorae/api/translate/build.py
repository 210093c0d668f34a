"""The classic build's query as a request. What it cannot carry is refused by name."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gorae import errors
from gorae.api.call import Call
from gorae.api.routes.transfer import credentials_of
from gorae.build import secretwatch
from gorae.build.progress import Log, Status, Update, Vertex, Warning
from gorae.build.request import BuildRequest
from gorae.build.running import CommandFailed, Limits
from gorae.build.solver import StepFailed
from gorae.dockerfile.excerpt import excerpt
from gorae.engine.buildverify import NotReproducible
from gorae.engine.when import rfc3339
from gorae.errors import GoraeError, InvalidArgument, SyntaxFault
from gorae.oci import platform as platforms
from gorae.registry.auth import Credentials
from gorae.runtime.config import Resources, Rlimit
from gorae.wire import build as wire
from gorae.wire import codec
from gorae.wire.registry import AuthConfig

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
            {"type": "registry", "ref": str(one), "here": "true"}
            for one in _json(call, "cachefrom", list)
        ),
        credentials=_credentials(call),
        log_limit_bytes=0,
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
    return _parsed(name, call.text(name), kind)


def _parsed(name: str, text: str, kind: type) -> Any:
    if not text:
        return kind()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
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
            found += [f"{host}:{ip}" for host, ip in _parsed("extrahosts", one, dict).items()]
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


def own_request(call: Call, asked: wire.BuildRequest) -> BuildRequest:
    """gorae's own request; contexts apart.

    Raises:
        InvalidArgument: a value that cannot be.
    """
    if len(asked.platforms) > 1:
        raise InvalidArgument("one platform at a time: an image here is one manifest, not an index")
    if asked.secret_guard not in secretwatch.MODES:
        modes = ", ".join(secretwatch.MODES)
        raise InvalidArgument(f'invalid secret_guard "{asked.secret_guard}": it is one of {modes}')
    file = asked.dockerfile
    return BuildRequest(
        path=file.path or "Dockerfile",
        dockerfile=None if file.text is None else _bytes(file.text),
        ignore=None if file.ignore is None else _bytes(file.ignore),
        ignore_name=file.ignore_name or ".dockerignore",
        target=asked.target,
        build_args={key: value for key, value in asked.build_args.items() if value is not None},
        labels=asked.labels,
        annotations=asked.annotations,
        tags=tuple(dict.fromkeys(asked.tags)),
        no_cache=asked.no_cache or asked.verify,
        verify=asked.verify,
        no_cache_filter=tuple(asked.no_cache_filter),
        pull=asked.pull,
        network="default" if asked.network in _NETWORKS else asked.network,
        platform=platforms.parse(asked.platforms[0]) if asked.platforms else None,
        limits=Limits(
            add_hosts=tuple(asked.add_hosts),
            shm_size_bytes=asked.shm_size or SHM_SIZE_BYTES,
            ulimits=tuple(Rlimit(one.name, one.soft, one.hard) for one in asked.ulimits),
            cgroup_parent=asked.cgroup_parent,
        ),
        allow=frozenset(asked.allow),
        squash=asked.squash,
        outputs=tuple(asked.outputs),
        cache_from=tuple(asked.cache_from),
        cache_to=tuple(asked.cache_to),
        context_images={name: one.image for name, one in asked.contexts.items() if one.image},
        credentials=_credentials(call),
        secret_guard=asked.secret_guard,
        project=asked.project or (asked.tags[0] if asked.tags else ""),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _credentials(call: Call) -> dict[str, Credentials]:
    """Of the X-Registry-Config header: a JSON object of registries, base64url."""
    header = call.request.headers.get("X-Registry-Config", "")
    if not header:
        return {}
    try:
        data = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
        found = codec.decode(dict[str, AuthConfig], data or b"{}")
    except (binascii.Error, ValueError, InvalidArgument):
        return {}
    return {name: credentials_of(one) for name, one in found.items()}


def status(update: Update) -> dict[str, Any]:
    """An update as a document of `--progress rawjson`."""
    match update:
        case Vertex():
            return {"vertexes": [_vertex(update)]}
        case Log():
            data = base64.b64encode(update.data).decode()
            time = rfc3339(update.time_ns)
            one = {
                "vertex": update.vertex,
                "stream": update.stream,
                "data": data,
                "timestamp": time,
            }
            return {"logs": [one]}
        case Status():
            return {"statuses": [_status(update)]}
        case Warning():
            return {"warnings": [_warning(update)]}


def _vertex(one: Vertex) -> dict[str, Any]:
    found: dict[str, Any] = {"digest": one.digest, "name": one.name}
    if one.inputs:
        found["inputs"] = list(one.inputs)
    if one.started_ns:
        found["started"] = rfc3339(one.started_ns)
    if one.completed_ns:
        found["completed"] = rfc3339(one.completed_ns)
    if one.cached:
        found["cached"] = True
    if one.error:
        found["error"] = one.error
    if one.why is not None:
        found["why"] = {
            "reason": one.why.reason,
            "lines": list(one.why.lines),
            "last_hit_ns": one.why.last_hit_ns,
        }
    return found


def _status(one: Status) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.id,
        "vertex": one.vertex,
        "current": one.current,
        "timestamp": rfc3339(one.time_ns),
        "started": rfc3339(one.started_ns),
    }
    if one.total:
        found["total"] = one.total
    if one.completed_ns:
        found["completed"] = rfc3339(one.completed_ns)
    return found


def _warning(one: Warning) -> dict[str, Any]:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    found: dict[str, Any] = {
        "vertex": one.vertex,
        "level": 1,
        "short": encoded(one.short),
        "detail": [encoded(line) for line in one.detail],
    }
    if one.url:
        found["url"] = one.url
    if one.rule:
        found["rule"] = one.rule
    if one.lines[0]:
        found["range"] = [{"start": {"line": one.lines[0]}, "end": {"line": one.lines[1]}}]
    return found


def failure(error: GoraeError, text: Sequence[str], name: str) -> dict[str, Any]:
    """The error document. `text`: the Dockerfile's lines, for the excerpt."""
    found: dict[str, Any] = {"message": error.message, "solve": True, "code": 0}
    place: tuple[int, int] = (0, 0)
    if isinstance(error, NotReproducible):
        found["solve"] = False
        found["differences"] = [asdict(one) for one in error.differences]
        found |= {"more": error.more, "only_times": error.only_times}
    if isinstance(error, StepFailed):
        where = error.step.instruction.location
        place = (where.start_line, where.end_line)
        found["vertex"] = error.vertex
        if error.kept:
            found["shell"] = error.kept
        if isinstance(error.cause, CommandFailed):
            found["code"] = error.cause.code
    elif isinstance(error, SyntaxFault) and error.line:
        place = (error.line, error.line)
    if place[0]:
        found["source"] = {"file": name, "start": place[0], "end": place[1]}
        found["excerpt"] = excerpt(name, text, *place)
    return found
