"""The labels by which an application's parts are found again: docker compose's own. Pure."""

from __future__ import annotations

from gorae.compose import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gorae.compose.project import Project

PREFIX = "com.docker.compose."
PROJECT = f"{PREFIX}project"
SERVICE = f"{PREFIX}service"
NUMBER = f"{PREFIX}container-number"
ONEOFF = f"{PREFIX}oneoff"
CONFIG_HASH = f"{PREFIX}config-hash"
CONFIG_FILES = f"{PROJECT}.config_files"
WORKING_DIR = f"{PROJECT}.working_dir"
DEPENDS_ON = f"{PREFIX}depends_on"
IMAGE = f"{PREFIX}image"
VERSION = f"{PREFIX}version"
NETWORK = f"{PREFIX}network"
VOLUME = f"{PREFIX}volume"
OUR_VERSION = "2.40.3"
"""Whose labels these are."""


def of_container(
    project: Project,
    name: str,
    number: int,
    image_id: str,
    containers: Mapping[str, str],
    *,
    oneoff: bool,
) -> dict[str, str]:
    """The labels of one container of a service; `containers` are the ids of others, by service."""
    service = project.services[name]
    depends = [
        f"{other}:{one['condition']}:{str(one.get('restart', False)).lower()}"
        for other, one in (service.get("depends_on") or {}).items()
    ]
    return {
        PROJECT: project.name,
        SERVICE: name,
        NUMBER: str(number),
        ONEOFF: str(oneoff),
        CONFIG_HASH: canonical.service_hash(service, containers),
        CONFIG_FILES: ",".join(project.files),
        WORKING_DIR: project.directory,
        DEPENDS_ON: ",".join(depends),
        IMAGE: image_id,
        VERSION: OUR_VERSION,
    }


def of_object(project: Project, kind: str, key: str, body: dict[str, Any]) -> dict[str, str]:
    """The labels of a network or volume; `kind` is NETWORK or VOLUME."""
    own = dict(body.get("labels") or {})
    identity = canonical.network_hash if kind == NETWORK else canonical.volume_hash
    return {
        **own,
        kind: key,
        PROJECT: project.name,
        VERSION: OUR_VERSION,
        CONFIG_HASH: identity(body),
    }
