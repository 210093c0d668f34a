"""What a log driver takes, and what is said when it does not."""

import pytest

from gorae.engine import logdriver
from gorae.engine.model import LogConfig
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10", 10),
        ("10b", 10),
        ("1k", 1024),
        ("1kb", 1024),
        ("2KiB", 2048),
        ("1.5m", 1572864),
        ("-1", -1),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert logdriver.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "lots", "-5", "1x", "k", "1e999", "nan"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid size"):
        logdriver.parse_size(text)


def test_the_default_is_five_files_of_twenty_mebibytes() -> None:
    assert logdriver.limits(LogConfig()) == (20 << 20, 5)


@pytest.mark.parametrize(
    "log",
    [
        LogConfig(),
        LogConfig("json-file", {"max-size": "10m", "max-file": "3", "labels": "a", "tag": "x"}),
        LogConfig("local", {"max-size": "-1", "compress": "false"}),
        LogConfig("journald", {"tag": "x", "mode": "non-blocking", "max-buffer-size": "4m"}),
        LogConfig("none"),
    ],
)
def test_good_ones(log: LogConfig) -> None:
    logdriver.check(log)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (
            LogConfig("json-file", {"nosuch": "1"}),
            "unknown log opt 'nosuch' for json-file log driver",
        ),
        (LogConfig("local", {"labels": "1"}), "unknown log opt 'labels' for log driver local"),
        (LogConfig("journald", {"max-size": "1m"}), "unknown log opt 'max-size' for journald"),
        (LogConfig("", {"mode": "x"}), "logger: logging mode not supported: x"),
        (LogConfig("", {"max-buffer-size": "1m"}), "only supported with 'mode=non-blocking'"),
        (
            LogConfig("", {"mode": "non-blocking", "max-buffer-size": "x"}),
            "error parsing option max-buffer-size: invalid size: 'x'",
        ),
        (LogConfig("", {"max-size": "lots"}), "failed to initialize logging driver: invalid size"),
        (LogConfig("", {"max-size": "0"}), "max-size must be a positive number"),
        (LogConfig("", {"max-file": "0"}), "max-file cannot be less than 1: found '0'"),
        (LogConfig("", {"max-file": "many"}), "max-file cannot be less than 1"),
    ],
)
def test_bad_ones(log: LogConfig, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        logdriver.check(log)
    assert words in caught.value.message


def test_a_driver_that_there_is_not() -> None:
    with pytest.raises(
        InvalidArgument, match='error looking up logging plugin syslog: plugin "syslog"'
    ):
        logdriver.check(LogConfig("syslog"))
