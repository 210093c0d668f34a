import pytest

from gorae.engine.signal import is_known, signal_number
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TERM", 15),
        ("SIGTERM", 15),
        ("sigkill", 9),
        ("9", 9),
        ("RTMIN+3", 37),
        ("SIGRTMAX-1", 63),
        ("RTMIN", 34),
        ("64", 64),
        ("99", 99),
        ("-1", -1),
    ],
)
def test_names_and_numbers(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize("bad", ["", "NOSUCH", "0", "1.5", "RTMIN+99", "RTMIN+x", "SIG"])
def test_what_is_no_signal(bad: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid signal"):
        signal_number(bad)


def test_what_the_kernel_knows() -> None:
    assert all(is_known(one) for one in (1, 9, 31, 34, 64))
    assert not any(is_known(one) for one in (-1, 0, 32, 65, 99))
