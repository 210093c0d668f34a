import logging
import sys

from aiohttp.http_exceptions import BadStatusLine

from gorae.daemon.main import _is_ours_or_grave


def record(name: str, level: int, error: Exception | None = None) -> logging.LogRecord:
    found = None
    if error is not None:
        try:
            raise error
        except type(error):
            found = sys.exc_info()
    return logging.LogRecord(name, level, "here", 1, "words", (), found)


def test_what_strangers_send_does_not_fill_the_log() -> None:
    assert not _is_ours_or_grave(record("aiohttp.server", logging.ERROR, BadStatusLine("x")))
    assert _is_ours_or_grave(record("aiohttp.server", logging.ERROR, RuntimeError("ours")))


def test_libraries_are_heard_when_it_is_grave() -> None:
    assert not _is_ours_or_grave(record("asyncio", logging.INFO))
    assert _is_ours_or_grave(record("asyncio", logging.WARNING))
    assert _is_ours_or_grave(record("gorae.api", logging.DEBUG))
