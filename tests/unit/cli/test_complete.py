"""What may stand next on a command line."""

import pytest

from gorae.cli import commands
from gorae.cli.complete import candidates, positional_kind
from gorae.cli.main import GLOBAL_OPTIONS

NAMES = {
    "container": ["web", "db"],
    "image": ["busybox:latest", "debian:bookworm"],
    "network": ["bridge", "lan"],
    "volume": ["data"],
}


def words(line: str) -> list[str]:
    found = candidates(line.split(" "), GLOBAL_OPTIONS, lambda kind: NAMES[kind])
    return [word for word, _ in found]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("rest", ["restart"]),
        ("-H unix:///x rest", ["restart"]),
        ("container st", ["start", "stats", "stop"]),
        ("run --restart ", ["no", "always", "unless-stopped", "on-failure"]),
        ("run --restart=a", ["--restart=always"]),
        ("run --network l", ["lan"]),
        ("run -it --name x ", ["busybox:latest", "debian:bookworm"]),
        ("run -it busybox ", []),
        ("run busybox --r", []),
        ("stop web d", ["db"]),
        ("network connect lan ", ["web", "db"]),
        ("image rm deb", ["debian:bookworm"]),
        ("build con", ["context"]),
        ("builder build con", ["context"]),
        ("build context --wh", ["--why"]),
        ("nosuch ", []),
        ("run --env-file ", []),
    ],
)
def test_candidates(line: str, wanted: list[str]) -> None:
    assert words(line) == wanted


def test_options_come_with_what_they_do() -> None:
    found = dict(candidates(["stop", "--ti"], GLOBAL_OPTIONS, lambda _: []))
    assert "--timeout" in found
    assert found["--timeout"]


def test_hidden_commands_are_not_offered() -> None:
    assert "__complete" not in words("")
    assert {"run", "container", "images"} <= set(words(""))


def test_the_usage_line_says_what_a_positional_is() -> None:
    tag = commands.find("image", "tag")
    assert tag is not None
    assert [positional_kind(tag, index) for index in range(3)] == ["image", "image", ""]
