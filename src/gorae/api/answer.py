"""Answers: a document, a text, nothing."""

from aiohttp import web

from gorae.wire import codec

JSON = "application/json"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"
RAW = "application/vnd.docker.raw-stream"
TAR = "application/x-tar"
"""Exact strings: clients compare them without regard to parameters."""


def raw(body: bytes, *, content_type: str = JSON, status: int = 200) -> web.Response:
    """Bytes as they are."""
    return web.Response(body=body, status=status, headers={"Content-Type": content_type})


def document(value: object, *, status: int = 200) -> web.Response:
    """A value as JSON."""
    return raw(codec.encode_line(value), status=status)


def nothing(status: int = 204) -> web.Response:
    """A status without a body."""
    return web.Response(status=status)
