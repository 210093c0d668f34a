"""Texts of `key=value,...` that build options take: secrets, ssh, outputs, caches, contexts. Pure."""

from __future__ import annotations

from gorae.cli import values
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT_TYPES = ("cacheonly", "docker", "image", "local", "oci", "registry", "tar")
ENTITLEMENTS = ("network.host", "security.insecure", "device")
CACHE_TYPES = ("inline", "local", "registry")


def pairs(text: str, what: str) -> dict[str, str]:
    """One CSV record of `key=value` fields; keys in lower case.

    Raises:
        InvalidArgument: a field without `=`.
    """
    found: dict[str, str] = {}
    for field in values.fields(text):
        key, equals, value = field.partition("=")
        if not equals:
            raise InvalidArgument(
                f"invalid {what} {text!r}: field {field!r} must be a key=value pair"
            )
        found[key.strip().lower()] = value
    return found


def secret(text: str) -> dict[str, str]:
    """`id=x[,src=FILE][,env=NAME][,type=file|env]` -> id, and one of file, env.

    Raises:
        InvalidArgument: no id, an unknown key.
    """
    given = pairs(text, "secret")
    kind = given.pop("type", "")
    if kind not in ("", "file", "env"):
        raise InvalidArgument(f"unsupported secret type {kind!r}")
    file = given.pop("src", given.pop("source", ""))
    variable = given.pop("env", "")
    identifier = given.pop("id", "")
    if given:
        raise InvalidArgument(f"unexpected key '{next(iter(given))}' in '{text}'")
    if not identifier:
        raise InvalidArgument(f"secret {text!r} has no id: say id=NAME")
    if kind == "env" and not variable:
        variable, file = file or identifier, ""
    if not file and not variable:
        return {"id": identifier, "env_or_file": identifier}
    return {"id": identifier, "file": file} if file else {"id": identifier, "env": variable}


def ssh(text: str) -> dict[str, object]:
    """`default` or `ID=SOCKET|KEY[,KEY]` -> id and paths (empty: the agent of SSH_AUTH_SOCK)."""
    identifier, equals, rest = text.partition("=")
    paths = [path for path in rest.split(",") if path] if equals else []
    if not identifier:
        raise InvalidArgument(f"invalid ssh {text!r}: wanted default or ID[=SOCKET|KEY[,KEY]]")
    return {"id": identifier, "paths": paths}


def output(text: str) -> dict[str, str]:
    """`type=T[,dest=PATH]...`, a folder alone (`local`), or `-` (a tar on standard output).

    Raises:
        InvalidArgument: an unknown type, or no place for what it writes.
    """
    if text == "-":
        return {"type": "tar", "dest": "-"}
    if "=" not in text:
        return {"type": "local", "dest": text}
    given = pairs(text, "output")
    kind = given.get("type", "")
    if kind not in OUTPUT_TYPES:
        known = ", ".join(OUTPUT_TYPES)
        raise InvalidArgument(f"output type {kind!r} is not supported: it is one of {known}")
    if kind == "local" and not given.get("dest"):
        raise InvalidArgument("dest is required for local exporter")
    if kind in ("tar", "oci") and "dest" not in given:
        given["dest"] = "-"
    if kind == "registry":
        given |= {"type": "image", "push": "true"}
    return given


def cache(text: str, option: str) -> dict[str, str]:
    """`type=T,...`, or a bare reference, which is `type=registry,ref=...`."""
    if "=" not in text:
        return {"type": "registry", "ref": text}
    given = pairs(text, option)
    kind = given.get("type", "")
    if kind not in CACHE_TYPES:
        known = ", ".join(CACHE_TYPES)
        raise InvalidArgument(f"{option}: type {kind!r} is not supported: it is one of {known}")
    if kind == "local":
        wanted = "src" if option == "cache-from" else "dest"
        if not given.get(wanted):
            raise InvalidArgument(f"{option}: type=local needs {wanted}=FOLDER")
    if kind == "registry" and not given.get("ref"):
        raise InvalidArgument(f"{option}: type=registry needs ref=REFERENCE")
    return given


def texts(items: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """`NAME=VALUE`; a NAME alone takes our environment's value, or is empty. Raises: InvalidArgument: no NAME."""
    found: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not name:
            raise InvalidArgument(f'invalid key-value pair "{item}": empty key')
        found[name] = value if equals else environment.get(name, "")
    return found


def annotation_texts(items: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` each. Raises: InvalidArgument: another form."""
    for item in items:
        if not item.partition("=")[0] or "=" not in item:
            raise InvalidArgument(f'invalid annotation "{item}": wanted NAME=VALUE')
    return texts(items, {})


def host(text: str) -> str:
    """`NAME:ADDRESS` or `NAME=ADDRESS`, the address also in brackets, or host-gateway. Raises: InvalidArgument."""
    from gorae.cli.container import network

    try:
        return network.read_extra_host(text)
    except InvalidArgument:
        raise InvalidArgument(f"invalid host {text}: wanted NAME:ADDRESS") from None


def entitlement(text: str) -> str:
    """A right that a build can be given. Raises: InvalidArgument: there is no such."""
    if text not in ENTITLEMENTS:
        raise InvalidArgument(f"unknown entitlement {text}: it is one of {', '.join(ENTITLEMENTS)}")
    return text


def assignments(items: Sequence[str], environment: dict[str, str]) -> dict[str, str | None]:
    """`NAME=VALUE`, or `NAME` alone, which takes the value of our environment and is left out where there is none."""
    found: dict[str, str | None] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not name:
            raise InvalidArgument(f'invalid key-value pair "{item}": empty key')
        if equals:
            found[name] = value
        elif name in environment:
            found[name] = environment[name]
        else:
            found.pop(name, None)
    return found
