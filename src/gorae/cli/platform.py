"""`--platform` as docker reads it: `os`, `arch`, `os/arch` or `os/arch/variant`; the engine does the rest."""

from __future__ import annotations

from gorae.errors import InvalidArgument

_SYSTEMS = frozenset(
    ("aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl",
     "netbsd", "openbsd", "plan9", "solaris", "windows", "zos", "macos"),
)  # fmt: skip
_MACHINES = frozenset(
    ("386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "ppc64", "ppc64le", "loong64", "mips",
     "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "riscv", "riscv64", "s390", "s390x",
     "sparc", "sparc64", "wasm", "x86_64", "x86-64", "i386", "aarch64", "armhf", "armel"),
)  # fmt: skip
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def check(text: str) -> None:
    """Raises: InvalidArgument: in docker's words. An empty text is no platform."""
    complaint = _complaint(text) if text else ""
    if complaint:
        raise InvalidArgument(f"error parsing specified platform: {complaint}: invalid argument")


def _complaint(text: str) -> str:
    parts = text.split("/")
    for part in parts[1:]:
        if not part or set(part) - _WORD - {"."}:
            return (
                f'"{part}" is an invalid component of "{text}": '
                'platform specifier component must match "^[A-Za-z0-9_.-]+$"'
            )
    system = parts[0].partition("(")[0] if parts[0].endswith(")") else parts[0]
    if not system or set(system) - _WORD:
        return (
            f'"{parts[0]}" is an invalid OS component of "{text}": OSAndVersion specifier component '
            'must match "^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.-]*)\\\\))?$"'
        )
    if len(parts) > 3:
        return f'"{text}": cannot parse platform specifier'
    if len(parts) == 1 and system.lower() not in _SYSTEMS | _MACHINES:
        return f'"{text}": unknown operating system or architecture'
    return ""
