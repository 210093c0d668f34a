import pytest

from gorae.errors import InvalidArgument
from gorae.wire.version import NEWEST, OLDEST, ApiVersion, admit


def test_versions_compare_as_numbers() -> None:
    assert ApiVersion.parse("1.9") < ApiVersion.parse("1.10")


def test_those_in_between_are_served() -> None:
    assert admit(OLDEST) == ApiVersion(1, 24)
    assert admit(NEWEST) == ApiVersion(1, 51)


def test_the_others_get_the_sentence_that_clients_look_for() -> None:
    with pytest.raises(InvalidArgument) as new:
        admit(ApiVersion(1, 52))
    with pytest.raises(InvalidArgument) as old:
        admit(ApiVersion(1, 23))
    assert new.value.message == (
        "client version 1.52 is too new. Maximum supported API version is 1.51"
    )
    assert old.value.message == (
        "client version 1.23 is too old. Minimum supported API version is 1.24, "
        "please upgrade your client to a newer version"
    )


@pytest.mark.parametrize("text", ["", "1", "1.x", "1.2.3", "1.99999"])
def test_other_texts_are_no_versions(text: str) -> None:
    with pytest.raises(InvalidArgument):
        ApiVersion.parse(text)
