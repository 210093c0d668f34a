"""Services, networks and volumes in the one form whose bytes docker compose hashes and `config` shows. Pure.

Shape: the fields of each object in docker compose's order (the order of its structs, which is what its JSON has), empty
ones left out, sizes as decimal texts, durations as Go prints them, maps sorted by key. A container's `config-hash` label is
the SHA-256 of these bytes: equal here and there, so that neither tool makes anew what the other made.
Source: docker compose 2.40: `config --format json` and `config --hash`.
"""

from __future__ import annotations

import hashlib
import json
import struct

from gorae.compose import quantity
from gorae.dockerfile.duration import duration_text
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Document = dict[str, Any]
    Form = Callable[[Any], Any]
    """A value to its canonical one; what is empty afterwards is left out."""

NOT_HASHED = ("build", "depends_on", "profiles", "pull_policy", "scale")
HTML = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026",
         0x2028: "\\u2028", 0x2029: "\\u2029"}  # fmt: skip
"""What Go's encoder escapes besides."""


def service_hash(service: Document, containers: Mapping[str, str] | None = None) -> str:
    """Identity of what a container is made from: what only steers the making does not count.

    Args:
        containers: the id of each service's container: what is shared is hashed as whose it is now.
    """
    kept = {key: value for key, value in service.items() if key not in NOT_HASHED}
    if containers is not None:
        _name_shared(kept, containers)
    if kept.get("deploy"):
        kept["deploy"] = {key: one for key, one in kept["deploy"].items() if key != "replicas"}
    return _digest(service_form(kept))


def _name_shared(service: Document, containers: Mapping[str, str]) -> None:
    for key in ("network_mode", "ipc", "pid"):
        kind, _, other = str(service.get(key) or "").partition(":")
        if kind == "service" and other in containers:
            service[key] = f"container:{containers[other]}"
    if service.get("volumes_from"):
        sources = [
            one.removeprefix("container:").partition(":")[0] for one in service["volumes_from"]
        ]
        service["volumes_from"] = [containers.get(one, one) for one in sources]


def network_hash(network: Document) -> str:
    """Identity of a network's settings."""
    return _digest(network_form(network))


def volume_hash(volume: Document) -> str:
    """Identity of a volume's settings."""
    return _digest(volume_form({"driver": "local", **_without_none(volume)}))


def _digest(value: Document) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(HTML)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _without_none(value: Document) -> Document:
    return {key: one for key, one in value.items() if one is not None}


# forms of single values -------------------------------------------------------------------------


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise InvalidArgument("must be a string")
    return "true" if value is True else "false" if value is False else str(value)


def _number(value: Any) -> int:
    return quantity.whole(value, "")


def _truth(value: Any) -> bool:
    return quantity.truth(value, "")


def _size(value: Any) -> str:
    number = quantity.size_bytes(value, "")
    return str(number) if number else ""


def _duration(value: Any) -> str:
    return duration_text(quantity.nanoseconds(value, ""))


def float32(value: Any) -> float | int:
    """A number of CPUs as Go's 32-bit float prints: the shortest digits that give it back."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidArgument(f"invalid number: {value!r}") from None
    if number.is_integer():
        return int(number)
    wanted = struct.pack("f", number)
    (near,) = struct.unpack("f", wanted)
    for digits in range(1, 10):
        text = f"{near:.{digits}g}"
        if struct.pack("f", float(text)) == wanted:
            return float(text)
    return number


def _mode(value: Any) -> str:
    """A file's mode: four octal digits."""
    if isinstance(value, str):
        return f"{quantity.whole(f'0o{value}', ''):04o}"
    return f"{quantity.whole(value, ''):04o}"


def _same(value: Any) -> Any:
    return value


def _map(value: Any) -> Document:
    if not isinstance(value, dict):
        raise InvalidArgument("must be a mapping")
    return {str(key): None if value[key] is None else _text(value[key]) for key in sorted(value)}


def _count(value: Any) -> int:
    return -1 if value == "all" else int(value)


def _list(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InvalidArgument("must be a list")
    return [_text(one) for one in value]


def _table(fields: dict[str, Form], always: tuple[str, ...] = ()) -> Form:
    """An object of these fields in this order; `always` are shown though they are empty."""

    def form(value: Any) -> Document:
        """In the table's order."""
        if not isinstance(value, dict):
            raise InvalidArgument("must be a mapping")
        found: Document = {}
        for key, one in fields.items():
            inner = value.get(key)
            made = None if inner is None else _at(key, one, inner)
            if key in always or made not in _EMPTY or (made is False and key in _FALSE_SHOWN):
                found[key] = made
        return found

    return form


class _Misplaced(InvalidArgument):
    """What is wrong with a value; `place` grows from the inside out: `deploy.resources.limits.memory`."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place} {why}" if why.startswith("must ") else f"{place}: {why}")
        self.place, self.why = place, why


def _at(key: str, form: Form, value: Any) -> Any:
    try:
        return form(value)
    except _Misplaced as error:
        raise _Misplaced(f"{key}.{error.place}", error.why) from None
    except InvalidArgument as error:
        raise _Misplaced(key, str(error).removeprefix(": ")) from None


_EMPTY: tuple[Any, ...] = (None, "", [], {}, 0)
_FALSE_SHOWN = frozenset(("attach", "init", "enable_ipv4", "enable_ipv6"))
"""Fields that are shown though they are false: docker compose tells false from unset."""


def _tables(fields: dict[str, Form], always: tuple[str, ...] = ()) -> Form:
    one = _table(fields, always)
    return lambda value: [one(item) for item in value]


def _by_name(form: Form) -> Form:
    def named(value: Any) -> Document:
        if not isinstance(value, dict):
            raise InvalidArgument("must be a mapping")
        return {
            key: None if value[key] is None else _at(key, form, value[key]) for key in sorted(value)
        }

    return named


def _hosts(value: Any) -> list[str]:
    """`NAME=ADDRESS`, sorted by name."""
    pairs = [one.partition(":")[::2] for one in value]
    return [f"{name}={address}" for name, address in sorted(pairs, key=lambda pair: pair[0])]


def _ulimit(value: Any) -> Any:
    return {"soft": value["soft"], "hard": value["hard"]} if isinstance(value, dict) else value


def _gpus(value: Any) -> Any:
    return _requests([{"count": -1}] if value == "all" else value)


_requests = _tables({
    "capabilities": _list, "driver": _text, "count": _count, "device_ids": _list, "options": _map,
})  # fmt: skip
_weights = _tables({"Path": _text, "Weight": _number})
_rates = _tables({"Path": _text, "Rate": _size})


def _capital(form: Form) -> Form:
    return lambda value: form(
        [{key.capitalize(): one for key, one in item.items()} for item in value]
    )


_bind = _table({
    "selinux": _text, "propagation": _text, "create_host_path": _truth, "recursive": _text,
})  # fmt: skip
_volume_fields = {
    "type": _text, "source": _text, "target": _text, "read_only": _truth, "consistency": _text, "bind": _bind,
    "volume": _table({"labels": _map, "nocopy": _truth, "subpath": _text}),
    "tmpfs": _table({"size": _size, "mode": _number}), "image": _table({"subpath": _text}),
}  # fmt: skip


def _volumes(value: Any) -> list[Document]:
    """An option object that was written though it is empty is shown."""
    made = []
    for one in value:
        found = _table(_volume_fields)(one)
        for key in ("bind", "volume", "tmpfs", "image"):
            if one.get(key) is not None:
                found[key] = found.get(key, {})
        made.append({key: found[key] for key in _volume_fields if key in found})
    return made


_update = _table({
    "parallelism": _number, "delay": _duration, "failure_action": _text, "monitor": _duration,
    "max_failure_ratio": float32, "order": _text,
})  # fmt: skip
_resource = _table({
    "cpus": float32, "memory": _size, "pids": _number, "devices": _requests, "generic_resources": _same,
})  # fmt: skip
_deploy = _table({
    "mode": _text, "replicas": _number, "labels": _map, "update_config": _update, "rollback_config": _update,
    "resources": _table({"limits": _resource, "reservations": _resource}),
    "restart_policy": _table({
        "condition": _text, "delay": _duration, "max_attempts": _number, "window": _duration,
    }),
    "placement": _table({"constraints": _list, "preferences": _same, "max_replicas_per_node": _number}),
    "endpoint_mode": _text,
})  # fmt: skip
_granted = _tables({"source": _text, "target": _text, "uid": _text, "gid": _text, "mode": _mode})
_hooks = _tables({
    "command": _same, "user": _text, "privileged": _truth, "working_dir": _text, "environment": _map,
})  # fmt: skip
_build = _table({
    "context": _text, "dockerfile": _text, "dockerfile_inline": _text, "entitlements": _list, "args": _map,
    "provenance": _text, "sbom": _text, "ssh": _same, "labels": _map, "cache_from": _list, "cache_to": _list,
    "no_cache": _truth, "no_cache_filter": _list, "additional_contexts": _map, "pull": _truth, "extra_hosts": _hosts,
    "isolation": _text, "network": _text, "target": _text, "secrets": _granted, "shm_size": _size, "tags": _list,
    "ulimits": _by_name(_ulimit), "platforms": _list, "privileged": _truth,
})  # fmt: skip
_watch = _tables({
    "path": _text, "action": _text, "target": _text,
    "exec": _table({"command": _same, "user": _text, "privileged": _truth, "working_dir": _text,
                    "environment": _map}, ("command",)),
    "include": _list, "ignore": _list, "initial_sync": _truth,
}, ("exec",))  # fmt: skip
_SERVICE: dict[str, Form] = {
    "profiles": _list, "annotations": _map, "attach": _truth, "build": _build, "develop": _table({"watch": _watch}),
    "blkio_config": _table({
        "weight": _number, "weight_device": _capital(_weights), "device_read_bps": _capital(_rates),
        "device_read_iops": _capital(_rates), "device_write_bps": _capital(_rates), "device_write_iops": _capital(_rates),
    }),
    "cap_add": _list, "cap_drop": _list, "cgroup_parent": _text, "cgroup": _text, "cpu_count": _number,
    "cpu_percent": float32, "cpu_period": _number, "cpu_quota": _number, "cpu_rt_period": _number,
    "cpu_rt_runtime": _number, "cpus": float32, "cpuset": _text, "cpu_shares": _number, "command": _same,
    "configs": _granted, "container_name": _text, "credential_spec": _same,
    "depends_on": _by_name(_table({"condition": _text, "restart": _truth, "required": _truth}, ("required",))),
    "deploy": _deploy, "device_cgroup_rules": _list,
    "devices": _tables({"source": _text, "target": _text, "permissions": _text}),
    "dns": _list, "dns_opt": _list, "dns_search": _list, "domainname": _text, "entrypoint": _same, "provider": _same,
    "environment": _map, "env_file": _same, "expose": _list, "external_links": _list, "extra_hosts": _hosts,
    "group_add": _list, "gpus": _gpus, "hostname": _text,
    "healthcheck": _table({
        "test": _list, "timeout": _duration, "interval": _duration, "retries": _number, "start_period": _duration,
        "start_interval": _duration, "disable": _truth,
    }),
    "image": _text, "init": _truth, "ipc": _text, "isolation": _text, "labels": _map, "label_file": _list,
    "links": _list, "logging": _table({"driver": _text, "options": _map}), "mem_limit": _size, "mem_reservation": _size,
    "memswap_limit": _size, "mem_swappiness": _size, "mac_address": _text, "models": _same, "network_mode": _text,
    "networks": _by_name(_table({
        "aliases": _list, "driver_opts": _map, "gw_priority": _number, "interface_name": _text, "ipv4_address": _text,
        "ipv6_address": _text, "link_local_ips": _list, "mac_address": _text, "priority": _number,
    })),
    "oom_kill_disable": _truth, "oom_score_adj": _number, "pid": _text, "pids_limit": _number, "platform": _text,
    "ports": _tables({
        "name": _text, "mode": _text, "host_ip": _text, "target": _number, "published": _text, "protocol": _text,
        "app_protocol": _text,
    }),
    "privileged": _truth, "pull_policy": _text, "read_only": _truth, "restart": _text, "runtime": _text,
    "scale": _number, "secrets": _granted, "security_opt": _list, "shm_size": _size, "stdin_open": _truth,
    "stop_grace_period": _duration, "stop_signal": _text, "storage_opt": _map, "sysctls": _map, "tmpfs": _list,
    "tty": _truth, "ulimits": _by_name(_ulimit), "use_api_socket": _truth, "user": _text, "userns_mode": _text,
    "uts": _text, "volumes": _volumes, "volumes_from": _list, "working_dir": _text, "post_start": _hooks,
    "pre_stop": _hooks,
}  # fmt: skip
_service = _table(_SERVICE, ("command", "entrypoint"))
_network = _table({
    "name": _text, "driver": _text, "driver_opts": _map,
    "ipam": _table({
        "driver": _text,
        "config": _tables({"subnet": _text, "gateway": _text, "ip_range": _text, "aux_addresses": _map}),
    }),
    "external": _truth, "internal": _truth, "attachable": _truth, "labels": _map, "enable_ipv4": _truth,
    "enable_ipv6": _truth,
}, ("ipam",))  # fmt: skip
volume_form = _table({
    "name": _text, "driver": _text, "driver_opts": _map, "external": _truth, "labels": _map,
})  # fmt: skip
_granted_source = _table({
    "name": _text, "file": _text, "environment": _text, "content": _text, "external": _truth, "labels": _map,
    "driver": _text, "driver_opts": _map, "template_driver": _text,
})  # fmt: skip


def check(name: str, service: Document) -> None:
    """Raises: InvalidArgument: a value that cannot be read, with its place."""
    try:
        service_form(service)
    except _Misplaced as error:
        raise _Misplaced(f"services.{name}.{error.place}", error.why) from None


def service_form(service: Document) -> Document:
    """A service; `command` and `entrypoint` are null where the image's own hold."""
    found: Document = _service(service)
    if "deploy" in service and service["deploy"] is not None:
        placed = {"resources": {}, "placement": {}, **found.get("deploy", {})}
        found["deploy"] = {key: placed[key] for key in _DEPLOY_ORDER if key in placed}
        found = {key: found[key] for key in _SERVICE if key in found}
    return found


_DEPLOY_ORDER = (
    "mode", "replicas", "labels", "update_config", "rollback_config", "resources", "restart_policy", "placement",
    "endpoint_mode",
)  # fmt: skip


def network_form(network: Document) -> Document:
    """A network; `ipam` is shown though it is empty."""
    return dict(_network({"ipam": {}, **_without_none(network)}))


def granted_form(one: Document) -> Document:
    """A secret or config of the project."""
    return dict(_granted_source(one))
