"""What is told of a repository that cannot be had."""

import pytest

from gorae.build.remote import git_reason


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "ssh: connect to host h port 22: Connection refused\r\n"
            "fatal: Could not read from remote repository.\n\n"
            "Please make sure you have the correct access rights\nand the repository exists.\n",
            "ssh: connect to host h port 22: Connection refused "
            "(fatal: Could not read from remote repository.)",
        ),
        (
            "Warning: Permanently added 'h' to the list of known hosts.\n"
            "fatal: couldn't find remote ref v9\n",
            "fatal: couldn't find remote ref v9",
        ),
        (
            "fatal: Could not read from remote repository.\n\nPlease make sure you have it\n",
            "fatal: Could not read from remote repository.",
        ),
        ("warning: only this\n", "warning: only this"),
        ("", "no reason given"),
    ],
)
def test_the_reason_is_one_line(said: str, told: str) -> None:
    assert git_reason(said) == told
