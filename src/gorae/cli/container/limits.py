"""Readers of limits: ulimits, block device rates and weights, restart policy."""

from __future__ import annotations

from gorae.cli import values
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ULIMITS = frozenset(
    [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ]
)


def read_ulimit(text: str) -> dict[str, Any]:
    """`name=soft[:hard]`, -1 for no limit."""
    name, found, limits = text.partition("=")
    if not found:
        raise InvalidArgument(f"invalid ulimit argument: {text}")
    if name not in ULIMITS:
        raise InvalidArgument(f"invalid ulimit type: {name}")
    parts = limits.split(":")
    if len(parts) > 2:
        raise InvalidArgument(
            f"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`"
        )
    soft, hard = values.integer(parts[0]), values.integer(parts[-1])
    opening = "ulimit soft limit must be less than or equal to hard limit: "
    if hard != -1 and soft == -1:
        raise InvalidArgument(f"{opening}soft: -1 (unlimited), hard: {hard}")
    if hard != -1 and soft > hard:
        raise InvalidArgument(f"{opening}{soft} > {hard}")
    return {"Name": name, "Hard": hard, "Soft": soft}


def ulimits(given: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last of each name, sorted by name."""
    by_name = {limit["Name"]: limit for limit in given}
    return [by_name[name] for name in sorted(by_name)]


def read_rate_bps(text: str) -> dict[str, Any]:
    """`/dev/x:1mb` as bytes a second."""
    path, rate = _device(text)
    try:
        return {"Path": path, "Rate": values.size_bytes(rate)}
    except InvalidArgument:
        raise InvalidArgument(
            f"invalid rate for device: {text}. The correct format is <device-path>:<number>[<unit>]. "
            "Number must be a positive integer. Unit is optional and can be kb, mb, or gb"
        ) from None


def read_rate_iops(text: str) -> dict[str, Any]:
    """`/dev/x:1000` as operations a second."""
    path, rate = _device(text)
    if not rate.isdigit():
        raise InvalidArgument(
            f"invalid rate for device: {text}. The correct format is <device-path>:<number>. "
            "Number must be a positive integer"
        )
    return {"Path": path, "Rate": int(rate)}


def read_weight(text: str) -> dict[str, Any]:
    """`/dev/x:500`, a weight of 10 to 1000 or 0."""
    path, weight = _device(text)
    if not weight.isdigit() or (int(weight) and not 10 <= int(weight) <= 1000):
        raise InvalidArgument(f"invalid weight for device: {text}")
    return {"Path": path, "Weight": int(weight)}


def _device(text: str) -> tuple[str, str]:
    path, found, value = text.partition(":")
    if not found or not path:
        raise InvalidArgument(f"bad format: {text}")
    if not path.startswith("/dev/"):
        raise InvalidArgument(f"bad format for device path: {text}")
    return path, value


def restart_policy(text: str) -> dict[str, Any]:
    """`no`, `always`, `unless-stopped`, `on-failure[:count]`."""
    name, found, count = text.partition(":")
    opening = "invalid restart policy format: "
    if found and not name:
        raise InvalidArgument(f"{opening}no policy provided before colon")
    try:
        retries = values.integer(count) if count else 0
    except InvalidArgument:
        raise InvalidArgument(f"{opening}maximum retry count must be an integer") from None
    return {"Name": name, "MaximumRetryCount": retries}
