"""Values as a page shows them. Pure."""

import re
from datetime import UTC, datetime

from gorae.hub.site.words import say

SECOND_NS = 1_000_000_000
_SHELL = re.compile(r"^(?:/bin/sh|/bin/bash) -c ")


def size(count: int) -> str:
    """Bytes in a short form: `4.2 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} TB"


def ago(language: str, at_ns: int, now_ns: int) -> str:
    """How long ago, in words; a date where it is long."""
    seconds = max(now_ns - at_ns, 0) // SECOND_NS
    if seconds < 60:
        return say(language, "ago_now")
    if seconds < 3600:
        return say(language, "ago_minutes", count=seconds // 60)
    if seconds < 86400:
        return say(language, "ago_hours", count=seconds // 3600)
    if seconds < 30 * 86400:
        return say(language, "ago_days", count=seconds // 86400)
    return day(at_ns)


def day(at_ns: int) -> str:
    """A date."""
    return datetime.fromtimestamp(at_ns / SECOND_NS, UTC).strftime("%Y-%m-%d")


def moment(at_ns: int) -> str:
    """A time for machines and for those who point at it."""
    return datetime.fromtimestamp(at_ns / SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short(digest: str) -> str:
    """A digest's first twelve digits."""
    return digest.partition(":")[2][:12]


def instruction(created_by: str) -> str:
    """A history's line as the Dockerfile said it, as far as it can be told.

    `/bin/sh -c #(nop)  CMD ["sh"]` -> `CMD ["sh"]`; `/bin/sh -c make` -> `RUN make`;
    `RUN /bin/sh -c make # buildkit` -> `RUN make`.
    """
    text = " ".join(created_by.split()).removesuffix(" # buildkit")
    if "#(nop)" in text:
        return text.partition("#(nop)")[2].strip()
    if text.startswith("RUN "):
        return "RUN " + _SHELL.sub("", text[4:])
    if _SHELL.match(text):
        return "RUN " + _SHELL.sub("", text)
    return text
