"""Annotations as builds are given them: of the manifest, of the index, or of the manifest's entry in the index. Pure.

    [TYPE[,TYPE...]:]KEY=VALUE     TYPE is manifest, index, manifest-descriptor, each with [PLATFORM] behind it or not;
                                   without one it is the manifest
An output says the same by `annotation.KEY`, `annotation-TYPE.KEY`, `annotation-TYPE[PLATFORM].KEY`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gorae.errors import InvalidArgument

MAX_ANNOTATIONS = 1000
MANIFEST, INDEX, DESCRIPTOR = "manifest", "index", "manifest-descriptor"
TYPES = (MANIFEST, INDEX, DESCRIPTOR)
_KIND = r"[a-z-]+(?:\[[A-Za-z0-9_/-]+\])?"
_TYPED = re.compile(rf"({_KIND}(?:,{_KIND})*):(\S.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Annotations:
    """What goes where."""

    manifest: dict[str, str] = field(default_factory=dict)
    index: dict[str, str] = field(default_factory=dict)
    descriptor: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.manifest or self.index or self.descriptor)


def read(given: Mapping[str, str], output: Mapping[str, str], platform: str) -> Annotations:
    """Those of the whole build and of one output, for an image of `platform` (`linux/amd64`).

    Raises:
        InvalidArgument: an unknown type, an empty key, or far too many.
    """
    found = Annotations()
    places = {MANIFEST: found.manifest, INDEX: found.index, DESCRIPTOR: found.descriptor}
    for kind, key, value in (*_of_build(given, platform), *_of_output(output, platform)):
        if kind not in places:
            raise InvalidArgument(
                f'unknown annotation type "{kind}": it is one of {", ".join(TYPES)}'
            )
        if not key:
            raise InvalidArgument("an annotation has no key")
        places[kind][key] = value
    if sum(map(len, places.values())) > MAX_ANNOTATIONS:
        raise InvalidArgument(f"more than {MAX_ANNOTATIONS} annotations")
    return found


def _of_build(given: Mapping[str, str], platform: str) -> list[tuple[str, str, str]]:
    found = []
    for name, value in given.items():
        typed = _TYPED.fullmatch(name)
        kinds = typed[1].split(",") if typed else [MANIFEST]
        for one in kinds:
            kind, _, wanted = one.rstrip("]").partition("[")
            if wanted in ("", platform):
                found.append((kind, typed[2] if typed else name, value))
    return found


def _of_output(output: Mapping[str, str], platform: str) -> list[tuple[str, str, str]]:
    found = []
    for name, value in output.items():
        matched = _ATTRIBUTE.fullmatch(name)
        if matched and matched[2] in (None, "", platform):
            found.append((matched[1] or MANIFEST, matched[3], value))
    return found
