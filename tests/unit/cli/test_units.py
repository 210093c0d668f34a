"""Sizes, spans and texts in docker's words; each line was docker's answer."""

import pytest

from gorae.cli import units


@pytest.mark.parametrize(
    ("size", "wanted"),
    [(0, "0B"), (999, "999B"), (1000, "1kB"), (1983364, "1.983MB"), (186_400_000, "186.4MB"), (1.5e12, "1.5TB")],
)  # fmt: skip
def test_decimal_sizes(size: float, wanted: str) -> None:
    assert units.human_size(size) == wanted


def test_three_digits_are_rounded() -> None:
    assert units.human_size(1983364, 3) == "1.98MB"


@pytest.mark.parametrize(
    ("size", "wanted"), [(25276510208, "23.54GiB"), (67108864, "64MiB"), (0, "0B")]
)
def test_binary_sizes(size: float, wanted: str) -> None:
    assert units.binary_size(size) == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (119, "About a minute"),
        (120, "2 minutes"), (3599, "59 minutes"), (3600, "About an hour"), (7200, "2 hours"), (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"), (14 * 86400, "2 weeks"), (60 * 86400, "2 months"), (800 * 86400, "2 years"),
    ],
)  # fmt: skip
def test_spans(seconds: float, wanted: str) -> None:
    assert units.human_duration(seconds) == wanted


def test_texts_are_cut_with_a_sign() -> None:
    assert units.ellipsis("sh -c 'echo out; echo", 20) == "sh -c 'echo out; ec…"
    assert units.ellipsis("short", 20) == "short"
    assert units.short_id("sha256:" + "ab" * 32) == "abababababab"
