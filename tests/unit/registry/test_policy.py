"""Which rule an image falls under."""

import pytest

from gorae.errors import InvalidArgument
from gorae.registry.policy import Policy, Rule

TEXT = b"""{"default": {"reject": true}, "registries": {
  "r.example": {"keys": ["/k/r.pub"]}, "r.example/free": {}, "r.example/team/app": {"keys": ["/k/a", "/k/b"]}}}"""


@pytest.mark.parametrize(
    ("repository", "keys", "reject"),
    [
        ("r.example/x", ("/k/r.pub",), False),
        ("r.example/free/x", (), False),
        ("r.example/freedom", ("/k/r.pub",), False),
        ("r.example/team/app", ("/k/a", "/k/b"), False),
        ("docker.io/library/alpine", (), True),
    ],
)
def test_the_longest_name_counts(repository: str, keys: tuple[str, ...], reject: bool) -> None:
    rule = Policy.parse(TEXT).rule(repository)
    assert (rule.keys, rule.reject) == (keys, reject)


def test_without_a_word_nothing_is_asked() -> None:
    assert Policy.parse(b"{}").rule("docker.io/library/x") == Rule(name="default")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"registries": []}',
        b'{"default": {"key": []}}',
        b'{"registries": {"x": {"keys": ["relative"]}}}',
        b'{"registries": {"x": {"keys": "/k"}}}',
        b'{"registries": {"x": 1}}',
        b'{"default": {"reject": "yes"}}',
    ],
)
def test_what_is_wrong_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidArgument):
        Policy.parse(raw)
