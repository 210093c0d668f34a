"""Devices of the Container Device Interface: vendors' files say what a device's name means for a container.

    /etc/cdi, /var/run/cdi     *.json, *.yaml: `kind: vendor.com/class`, its devices and their edits; later folders win

An edit adds variables, device nodes, mounts, hooks and groups. The edits of the file itself are made once for all
devices of its kind. Source: CNCF tags, container-device-interface, SPEC.md 0.8.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gorae.errors import InvalidArgument
from gorae.runtime.config import Device, DeviceWish, Hook, MountPoint, RuntimeConfig

FOLDERS = (Path("/etc/cdi"), Path("/var/run/cdi"))
LIMIT_BYTES = 4 << 20
GPU = "nvidia.com/gpu"


@dataclass(frozen=True, slots=True)
class Edits:
    """What a device, or a whole kind, adds to a container."""

    env: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    mounts: tuple[MountPoint, ...] = ()
    hooks: tuple[Hook, ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One file: `vendor.com/class`, its devices by name."""

    name: str
    common: Edits
    devices: dict[str, Edits]


def names(wishes: Sequence[DeviceWish], kinds: dict[str, Kind]) -> list[str]:
    """The qualified names that are wished for; `--gpus` means NVIDIA's, where its file is there.

    Raises:
        InvalidArgument: another driver, in docker's words.
    """
    found: list[str] = []
    for one in wishes:
        if one.driver == "cdi":
            found += one.ids
        elif one.driver in ("", "nvidia") and "gpu" in one.capabilities and GPU in kinds:
            found += _gpus(one, kinds[GPU])
        else:
            words = " ".join(one.capabilities)
            raise InvalidArgument(
                f'could not select device driver "{one.driver}" with capabilities: [[{words}]]'
            )
    return list(dict.fromkeys(found))


def _gpus(one: DeviceWish, kind: Kind) -> list[str]:
    if one.ids:
        return [f"{GPU}={name}" for name in one.ids]
    if one.count < 0:
        every = ["all"] if "all" in kind.devices else sorted(kind.devices)
        return [f"{GPU}={name}" for name in every]
    return [f"{GPU}={number}" for number in range(max(1, one.count))]


def applied(config: RuntimeConfig, wanted: Sequence[str], kinds: dict[str, Kind]) -> RuntimeConfig:
    """The configuration with all edits made.

    Raises:
        InvalidArgument: nobody knows a name, in docker's words.
    """
    missing = [one for one in wanted if not _edits(one, kinds)]
    if missing:
        raise InvalidArgument(
            f"CDI device injection failed: unresolvable CDI devices {', '.join(missing)}"
        )
    edits: list[Edits] = []
    for name in dict.fromkeys(one.partition("=")[0] for one in wanted):
        edits.append(kinds[name].common)
    for one in wanted:
        found = _edits(one, kinds)
        assert found is not None
        edits.append(found)
    for edit in edits:
        config = _edited(config, edit)
    return config


def _edits(name: str, kinds: dict[str, Kind]) -> Edits | None:
    kind, _, device = name.partition("=")
    return kinds[kind].devices.get(device) if kind in kinds else None


def _edited(config: RuntimeConfig, edit: Edits) -> RuntimeConfig:
    process = config.process
    named = {one.partition("=")[0] for one in edit.env}
    env = tuple(one for one in process.env if one.partition("=")[0] not in named)
    user = replace(
        process.user,
        additional_gids=tuple(dict.fromkeys((*process.user.additional_gids, *edit.groups))),
    )
    return replace(
        config,
        process=replace(process, env=(*env, *edit.env), user=user),
        devices=(*config.devices, *edit.devices),
        mounts=(*config.mounts, *edit.mounts),
        hooks=(*config.hooks, *edit.hooks),
    )


# files ------------------------------------------------------------------------------------------


def load(folders: Sequence[Path] = FOLDERS) -> dict[str, Kind]:
    """All kinds that this host has files of; one that cannot be read is passed over, as the specification wants."""
    found: dict[str, Kind] = {}
    for folder in folders:
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            continue
        for path in paths:
            if path.suffix in (".json", ".yaml", ".yml"):
                kind = _read(path)
                if kind is not None:
                    known = found.get(kind.name)
                    devices = {**(known.devices if known else {}), **kind.devices}
                    found[kind.name] = replace(kind, devices=devices)
    return found


def _read(path: Path) -> Kind | None:
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES)
        if path.suffix == ".json":
            return parse(json.loads(data))
        import yaml  # heavy, and few hosts have such a file

        return parse(yaml.safe_load(data))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidArgument):
        return None
    except Exception as error:  # noqa: BLE001 - PyYAML's own errors share no other base
        if type(error).__module__.startswith("yaml"):
            return None
        raise


def parse(document: dict[str, Any]) -> Kind:
    """One file's document. Raises: KeyError, TypeError, AttributeError, ValueError: it is none."""
    common = _parse_edits(document.get("containerEdits") or {})
    devices = {
        str(one["name"]): _parse_edits(one.get("containerEdits") or {})
        for one in document.get("devices") or ()
    }
    return Kind(str(document["kind"]), common, devices)


def _parse_edits(document: dict[str, Any]) -> Edits:
    return Edits(
        env=tuple(str(one) for one in document.get("env") or ()),
        devices=tuple(_device(one) for one in document.get("deviceNodes") or ()),
        mounts=tuple(_mount(one) for one in document.get("mounts") or ()),
        hooks=tuple(_hook(one) for one in document.get("hooks") or ()),
        groups=tuple(int(one) for one in document.get("additionalGids") or () if one),
    )


def _device(one: dict[str, Any]) -> Device:
    path = str(one["path"])
    return Device(str(one.get("hostPath") or path), path, str(one.get("permissions") or "rwm"))


def _mount(one: dict[str, Any]) -> MountPoint:
    options = tuple(str(word) for word in one.get("options") or ())
    plain = tuple(
        word for word in options if word not in ("bind", "rbind", "ro", "rw", "private", "rprivate")
    )
    return MountPoint(
        "bind",
        str(one["hostPath"]),
        str(one["containerPath"]),
        readonly="ro" in options,
        recursive="bind" not in options,
        options=plain,
    )


def _hook(one: dict[str, Any]) -> Hook:
    return Hook(
        stage=str(one["hookName"]),
        path=str(one["path"]),
        args=tuple(str(word) for word in one.get("args") or ()),
        env=tuple(str(word) for word in one.get("env") or ()),
        timeout_s=int(one.get("timeout") or 0),
    )
