"""What the classic builder's stream says of a Dockerfile that is wrong."""

import pytest

from gorae.engine.classicbuild import refusal
from gorae.errors import SyntaxFault


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("unterminated heredoc", "dockerfile parse error on line 3: unterminated heredoc"),
        (
            "dockerfile parse error on line 3: unknown instruction: RUM",
            "dockerfile parse error on line 3: unknown instruction: RUM",
        ),
        ("no build stage in current context", "no build stage in current context"),
    ],
)
def test_the_line_is_named_once(message: str, said: str) -> None:
    assert refusal(SyntaxFault(message, source="Dockerfile", line=3)) == said


def test_no_line_is_made_up() -> None:
    assert refusal(SyntaxFault("bad")) == "bad"
