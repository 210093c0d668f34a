"""Which images a list's filters take. Pure."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gorae.engine.when import parse_rfc3339_ns
from gorae.errors import InvalidArgument
from gorae.oci.reference import Reference

if TYPE_CHECKING:
    from gorae.engine.images import Image

KNOWN = ("dangling", "label", "label!", "before", "since", "until", "reference")


class ImageFilter:
    """Filters as the API has them: name -> values; all names must fit, one value of each is enough."""

    def __init__(
        self,
        filters: dict[str, list[str]],
        find: "Callable[[str], Image]",
        created_ns: "Callable[[Image], int]",
    ) -> None:
        unknown = [one for one in filters if one not in KNOWN]
        if unknown:
            raise InvalidArgument(f"invalid filter '{unknown[0]}'")
        self._filters = filters
        self._created_ns = created_ns
        self._before = [created_ns(find(one)) for one in filters.get("before", ())]
        self._since = [created_ns(find(one)) for one in filters.get("since", ())]
        self._dangling = [_boolean(one) for one in filters.get("dangling", ())]

    def narrowed(self, image: "Image") -> "Image | None":
        """The image with the names that fit, or None."""
        made = self._created_ns(image)
        if any(made >= one for one in self._before) or any(made <= one for one in self._since):
            return None
        if self._dangling and self._dangling[-1] == bool(image.names):
            return None
        labels = image.config.config.labels
        if not all(_has(labels, one) for one in self._filters.get("label", ())):
            return None
        if any(_has(labels, one) for one in self._filters.get("label!", ())):
            return None
        if any(made >= until_ns(one) for one in self._filters.get("until", ())):
            return None
        return self._by_reference(image)

    def _by_reference(self, image: "Image") -> "Image | None":
        patterns = self._filters.get("reference", ())
        if not patterns:
            return image
        names = tuple(n for n in image.names if any(matches(n, p) for p in patterns))
        digests = tuple(d for d in image.digests if any(matches(d, p) for p in patterns))
        return replace(image, names=names, digests=digests) if names or digests else None


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern takes a normalized name, by its familiar form with or without the tag."""
    reference = Reference.parse(name)
    forms = (reference.familiar, reference.familiar_repository, reference.normalized)
    return any(
        form.count("/") == pattern.count("/") and fnmatchcase(form, pattern) for form in forms
    )


def _has(labels: dict[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def _boolean(text: str) -> bool:
    if text.lower() in ("1", "true", "t"):
        return True
    if text.lower() in ("0", "false", "f"):
        return False
    raise InvalidArgument(f"invalid filter 'dangling=[{text}]'")


_UNITS_NS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_SPAN = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:h|ms|us|ns|m|s))+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)(h|ms|us|ns|m|s)")
_UNIX = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,9})?")


def until_ns(text: str) -> int:
    """A moment of the past: unix seconds, RFC 3339, or a span (`24h`, `1h30m`) before now.

    Raises:
        InvalidArgument: none of them.
    """
    if _UNIX.fullmatch(text):
        return int(float(text) * 1e9)
    found = parse_rfc3339_ns(text)
    if found:
        return found
    if not _SPAN.fullmatch(text) or len(text) > 64:
        raise InvalidArgument(f"invalid time: '{text}'")
    span = sum(float(number) * _UNITS_NS[unit] for number, unit in _PART.findall(text))
    return time.time_ns() - int(span)
