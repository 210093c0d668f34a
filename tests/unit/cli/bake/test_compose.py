"""What a compose file may not say of a build."""

import pytest

from gorae.cli.bake.compose import targets
from gorae.errors import InvalidArgument


@pytest.mark.parametrize("wrong", ["3", "[x]"])
def test_a_build_that_is_neither_a_folder_nor_a_mapping(wrong: str) -> None:
    with pytest.raises(InvalidArgument, match=r"services\.a\.build must be a string or a mapping"):
        targets(f"services:\n  a:\n    build: {wrong}\n", "compose.yaml", {})
