"""What the programs that we stand on say of themselves."""

import re
from dataclasses import dataclass

from gorae.linux import process

TIMEOUT_S = 20.0
_NUMBER = re.compile(rb"version (\S+)")
_COMMIT = re.compile(rb"^commit: (?!unknown)(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """`1.8.1` and the commit; empty where the program says nothing."""

    number: str = ""
    commit: str = ""


def program_version(path: str) -> ProgramVersion:
    """Ask `path --version`; runtimes and conmon answer alike."""
    said = process.run([path, "--version"], timeout_s=TIMEOUT_S).stdout
    number, commit = _NUMBER.search(said), _COMMIT.search(said)
    return ProgramVersion(
        number.group(1).decode() if number else "", commit.group(1).decode() if commit else ""
    )
