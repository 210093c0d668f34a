"""No option of docker's is missing in gorae: `docker X --help` against the tables."""

import re
import subprocess

import pytest
from tests.oracle.twin import environment

from gorae.cli import commands

GROUPS = ("container", "image", "network", "volume", "system")
SWARM_ONLY = frozenset(
    ("availability", "group", "limit-bytes", "required-bytes", "scope", "secret", "sharing",
     "topology-preferred", "topology-required", "type"),
)  # fmt: skip
COMMANDS = [
    (group, word)
    for group in GROUPS
    for word in commands.GROUPS[group]
    if (group, word) not in (("image", "bootstrap"), ("system", "check"))
]
_OPTION = re.compile(r"^ +(?:-(\w), |    )--([\w-]+)", re.MULTILINE)


@pytest.mark.oracle
@pytest.mark.parametrize(("group", "word"), COMMANDS, ids=" ".join)
def test_options_are_all_there(group: str, word: str) -> None:
    shown = subprocess.run(
        ["docker", group, word, "--help"],
        env=environment("unix:///nonexistent"),
        capture_output=True,
        text=True,
    ).stdout
    if f"docker {group} {word}" not in shown:
        pytest.skip("gorae's own")
    command = commands.find(group, word)
    assert command is not None
    ours = {one.name: one.short for one in command.options}
    for short, name in _OPTION.findall(shown):
        if name == "help" or ((group, word) == ("volume", "create") and name in SWARM_ONLY):
            continue
        assert name in ours, f"--{name}"
        assert ours[name] == short, f"--{name}"
