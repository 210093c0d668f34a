"""docker's contexts, read only: which engine the current one means."""

from __future__ import annotations

import hashlib
import os

from gorae.cli import credentials
from gorae.client import jsontext
from gorae.errors import NotFound


def host(name: str, config_option: str) -> str:
    """The address of context `name`, else of DOCKER_CONTEXT, else of the current one; empty for the default.

    Raises:
        NotFound: there is no such context.
    """
    folder = credentials.folder(config_option)
    name = name or os.environ.get("DOCKER_CONTEXT", "")
    name = name or str(credentials.read(folder).get("currentContext") or "")
    if name in ("", "default"):
        return ""
    key = hashlib.sha256(name.encode()).hexdigest()
    path = os.path.join(folder, "contexts", "meta", key, "meta.json")
    try:
        with open(path, "rb") as file:
            found = jsontext.decode(file.read())
    except FileNotFoundError:
        raise NotFound(f'context "{name}" does not exist: no file "{path}"') from None
    endpoints = found.get("Endpoints") or {}
    return str((endpoints.get("docker") or {}).get("Host") or "")
