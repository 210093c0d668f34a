"""What `logs --details` shows before each line: labels and variables that the log options name. Pure.

oracle: the attributes are those of docker's json-file driver, sorted and written as in a URL's query.
"""

import re
from urllib.parse import quote_plus

from gorae.engine.model import Container, ContainerSpec, LogConfig
from gorae.errors import InvalidArgument

_FIELD = re.compile(r"\{\{\s*\.(\w*)\s*\}\}")
_TAG_FIELDS = ("ID", "FullID", "Name", "ImageID", "ImageFullID", "ImageName", "DaemonName")
SHORT = 12


def check(log: LogConfig) -> None:
    """Raises: InvalidArgument: an expression or a template that is none."""
    for name in ("labels-regex", "env-regex"):
        _pattern(log, name)
    text = log.options.get("tag", "")
    unknown = [one for one in _FIELD.findall(text) if one not in _TAG_FIELDS]
    if unknown or "{{" in _FIELD.sub("", text):
        raise InvalidArgument(
            f"invalid tag template {text!r}: it may hold {{{{.{'}}, {{.'.join(_TAG_FIELDS)}}}}}"
        )


def prefix(container: Container) -> bytes:
    """`a=1,b=2 `; a space alone where no attribute was asked for."""
    found = attributes(container)
    words = (f"{quote_plus(key)}={quote_plus(found[key])}" for key in sorted(found))
    return ",".join(words).encode() + b" "


def attributes(container: Container) -> dict[str, str]:
    """Labels, variables and the tag that the options name."""
    spec = container.spec
    log = spec.log
    found = dict(_chosen(spec.labels, log, "labels"))
    found |= _chosen(_variables(spec), log, "env")
    if "tag" in log.options:
        found["tag"] = tag(container)
    return found


def _variables(spec: ContainerSpec) -> dict[str, str]:
    pairs = (one.partition("=") for one in spec.env)
    return {name: value for name, sign, value in pairs if sign}


def _chosen(values: dict[str, str], log: LogConfig, option: str) -> dict[str, str]:
    names = {one for one in log.options.get(option, "").split(",") if one}
    pattern = _pattern(log, f"{option}-regex")
    return {
        name: value
        for name, value in values.items()
        if name in names or (pattern is not None and pattern.search(name))
    }


def _pattern(log: LogConfig, name: str) -> "re.Pattern[str] | None":
    text = log.options.get(name)
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidArgument(f"error parsing regexp: {error.msg}: `{text}`") from None


def tag(container: Container) -> str:
    """The `tag` option with its fields filled in; the short id where there is none."""
    image = container.spec.image_id.removeprefix("sha256:")
    fields = {
        "ID": container.id[:SHORT],
        "FullID": container.id,
        "Name": container.name,
        "ImageID": image[:SHORT],
        "ImageFullID": image,
        "ImageName": container.spec.image,
        "DaemonName": "docker",
    }
    return _FIELD.sub(
        lambda one: fields[one.group(1)], container.spec.log.options.get("tag", "{{.ID}}")
    )
