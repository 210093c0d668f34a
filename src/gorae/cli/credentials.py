"""Registry credentials in the client's configuration folder (`config.json`, docker's own form)."""

from __future__ import annotations

import binascii
import os

from gorae.client import jsontext
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INDEX_SERVER = "https://index.docker.io/v1/"


def folder(option: str = "") -> str:
    """`--config`, else DOCKER_CONFIG, else `~/.docker`."""
    home = os.environ.get("HOME", "/")
    return option or os.environ.get("DOCKER_CONFIG", "") or os.path.join(home, ".docker")


def read(config_folder: str) -> dict[str, Any]:
    """The configuration document; empty when there is none."""
    path = os.path.join(config_folder, "config.json")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return {}
    found = jsontext.decode(data) if data.strip() else {}
    if not isinstance(found, dict):
        raise InvalidArgument(f'"{path}" is not a JSON object')
    return found


def write(config_folder: str, document: dict[str, Any]) -> None:
    """Replace the document at once; only the user may read it."""
    os.makedirs(config_folder, mode=0o700, exist_ok=True)
    path = os.path.join(config_folder, "config.json")
    staged = f"{path}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(jsontext.encode(document, indent=4).encode())
    os.replace(staged, path)


def server_key(domain: str) -> str:
    """The key under which a registry's credentials are kept."""
    return INDEX_SERVER if domain in ("", "docker.io", "index.docker.io") else domain


def domain_of_key(key: str) -> str:
    """The reverse of `server_key`."""
    return "docker.io" if key == INDEX_SERVER else key


def helper_for(document: dict[str, Any], key: str) -> str:
    """The credential helper that keeps a server's credentials; empty where the file itself does."""
    own = (document.get("credHelpers") or {}).get(key)
    return str(own or document.get("credsStore") or "")


def lookup(document: dict[str, Any], domain: str) -> dict[str, str]:
    """The credentials for a registry; empty for nobody."""
    key = server_key(domain)
    helper = helper_for(document, key)
    if helper:
        from gorae.cli import credentialhelper

        found = credentialhelper.get(helper, key)
        return found | {"serveraddress": key} if found else {}
    entry = (document.get("auths") or {}).get(key) or {}
    found = {name: entry[name] for name in ("identitytoken", "registrytoken") if entry.get(name)}
    if entry.get("auth"):
        try:
            user, _, password = binascii.a2b_base64(entry["auth"]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidArgument(f'the credentials for "{key}" are not base64') from None
        found |= {"username": user, "password": password}
    return found | {"serveraddress": key} if found else {}


def header(document: dict[str, Any], domain: str) -> tuple[str, str]:
    """The `X-Registry-Auth` header for a registry."""
    return "X-Registry-Auth", encode(lookup(document, domain))


def encode(credentials: dict[str, str]) -> str:
    """base64url of the JSON."""
    data = jsontext.encode(credentials).encode()
    return binascii.b2a_base64(data, newline=False).decode().replace("+", "-").replace("/", "_")


def encode_all(document: dict[str, Any]) -> str:
    """The `X-Registry-Config` header's value: every registry's credentials."""
    keys = dict.fromkeys((*(document.get("auths") or {}), *(document.get("credHelpers") or {})))
    found = {key: lookup(document, key) for key in keys}
    return encode({key: one for key, one in found.items() if one})  # type: ignore[misc]
