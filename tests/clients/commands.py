"""Every command of the docker CLI, asked of the CLI itself, and which of them a text of scenarios gives."""

import re
import shlex
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

_ENTRY = re.compile(r"  ([a-z][\w-]*)\*?\s")


@dataclass(frozen=True)
class Command:
    """One command: its path without `docker`, and the other ways to say it."""

    path: str
    aliases: frozenset[str]

    def is_in(self, given: set[str]) -> bool:
        """Whether one of its names was given."""
        return not given.isdisjoint({self.path, *self.aliases})


def all_commands() -> list[Command]:
    """Those of this machine's docker, groups walked into."""
    return list(_walk(()))


def _walk(path: tuple[str, ...]) -> Iterable[Command]:
    text = subprocess.run(
        ["docker", *path, "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    below = list(_below(text))
    if not below:
        yield Command(" ".join(path), frozenset(_aliases(text)))
    for word in below:
        yield from _walk((*path, word))


def _below(text: str) -> Iterable[str]:
    """The words of the sections called `... Commands:`."""
    listed = False
    for line in text.splitlines():
        if line.endswith("Commands:"):
            listed = True
        elif line and not line.startswith(" "):
            listed = False
        found = _ENTRY.match(line)
        if listed and found:
            yield found[1]


def _aliases(text: str) -> Iterable[str]:
    """Of the section `Aliases:`."""
    section = re.search(r"^Aliases:\n(.*)$", text, re.MULTILINE)
    if section:
        yield from (one.strip().removeprefix("docker ") for one in section[1].split(","))


def given(lines: Iterable[str]) -> set[str]:
    """The commands at the beginning of command lines, as one word, two and three."""
    found = set()
    for line in lines:
        words = shlex.split(line)
        found |= {" ".join(words[:count]) for count in (1, 2, 3)}
    return found
