"""Platforms: parsed, brought to one spelling, and matched against what an index offers.

`linux/arm64/v8` is os, architecture, variant, in Go's words. A machine runs more than its own: an amd64 runs 386,
an arm64 most of arm; the nearest is taken first. Source: image-spec v1.1 image-index.md; containerd's platforms.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from gorae.errors import InvalidArgument
from gorae.oci.manifest import Descriptor, Platform

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "i386": "386",
    "i686": "386",
    "aarch64": "arm64",
    "armhf": "arm",
    "armel": "arm",
    "armv7l": "arm",
}
_VARIANTS = {"armhf": "v7", "armel": "v6", "armv7l": "v7"}
_SYSTEMS = frozenset(("linux", "windows", "darwin", "freebsd", "openbsd", "netbsd", "solaris"))
_KNOWN = frozenset(
    ("386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64")
    + ("ppc64le", "riscv64", "s390x", "wasm")
)
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
ATTESTATION = "vnd.docker.reference.type"
"""The annotation of an index's entry that is no image but speaks of one."""


def parse(text: str) -> Platform:
    """`os/architecture[/variant]`, or one of the first two alone (then the other stays empty).

    Raises:
        InvalidArgument: anything else.
    """
    parts = text.split("/")
    if len(parts) > 3:
        raise InvalidArgument(f'"{text}": cannot parse platform specifier: invalid argument')
    if not all(_WORD.fullmatch(one) for one in parts):
        raise InvalidArgument(f'invalid platform "{text}": wanted os/architecture[/variant]')
    if len(parts) == 1:
        alone = parts[0].lower()
        if alone in _SYSTEMS:
            return Platform("", alone)
        if _ARCHITECTURES.get(alone, alone) not in _KNOWN:
            raise InvalidArgument(
                f'"{text}": unknown operating system or architecture: invalid argument'
            )
        return normalized(Platform(alone, "linux"))
    return normalized(Platform(parts[1], parts[0], parts[2] if len(parts) == 3 else ""))


def normalized(one: Platform) -> Platform:
    """In one spelling: lower case, Go's words, no variant where it goes without saying."""
    word = one.architecture.lower()
    architecture = _ARCHITECTURES.get(word, word)
    variant = one.variant.lower() or _VARIANTS.get(word, "")
    if variant.isdigit():
        variant = f"v{variant}"
    if (architecture, variant) in (("arm64", "v8"), ("amd64", "v1")):
        variant = ""
    if architecture == "arm" and not variant:
        variant = "v7"
    return replace(one, os=one.os.lower(), architecture=architecture, variant=variant)


def show(one: Platform) -> str:
    """As people write it."""
    return "/".join(part for part in (one.os, one.architecture, one.variant) if part)


def runnable(host: Platform) -> list[Platform]:
    """What a machine runs, the nearest first."""
    own = normalized(host)
    if own.architecture == "amd64":
        levels = range(int(own.variant[1:] or 1) if own.variant[1:].isdigit() else 1, 1, -1)
        others = [replace(own, variant=f"v{one}") for one in levels]
        return [*others, replace(own, variant=""), replace(own, architecture="386", variant="")]
    if own.architecture == "arm64":
        return [own, *(replace(own, architecture="arm", variant=f"v{n}") for n in (8, 7, 6, 5))]
    if own.architecture == "arm" and own.variant[1:].isdigit():
        return [replace(own, variant=f"v{n}") for n in range(int(own.variant[1:]), 4, -1)]
    return [own]


def matches(wanted: Platform, found: Platform) -> bool:
    """Whether `found` is what was asked for; what was left out of `wanted` may be anything."""
    have = normalized(found)
    return (
        wanted.os in ("", have.os)
        and wanted.architecture in ("", have.architecture)
        and wanted.variant == have.variant
    )


def fits(wanted: Platform, found: Platform) -> bool:
    """As `matches`, but what `found` leaves out may be anything too: a local image often says little."""
    asked, have = normalized(wanted), normalized(found)
    bare = not (wanted.variant and found.variant)
    if not found.architecture:
        asked = replace(asked, architecture="")
    return matches(replace(asked, variant=have.variant) if bare else asked, found)


def choose(offered: Iterable[Descriptor], wanted: Sequence[Platform]) -> Descriptor | None:
    """The entry of an index that fits best: the first that is as the earliest of `wanted`.

    An entry without a platform fits when nothing else does; attestations never do.
    """
    images = [one for one in offered if ATTESTATION not in one.annotations]
    for platform in wanted:
        for one in images:
            if one.platform is not None and matches(platform, one.platform):
                return one
    bare = [one for one in images if one.platform is None]
    return bare[0] if bare else None
