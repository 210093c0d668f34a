import pytest

from gorae.api.runner import words


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Invalid method encountered:\n\n  b'xyz'\n    ^", "invalid method encountered"),
        ("Missing 'Host' header in request.", "missing 'Host' header in request"),
        ("Got more than 10 bytes when reading: b'aaa...'.", "got more than 10 bytes when reading"),
    ],
)
def test_one_line_of_our_own(message: str, said: str) -> None:
    assert words(message) == f"malformed HTTP request: {said}"


def test_without_a_word() -> None:
    assert words("") == "bad request"
