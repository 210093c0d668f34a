"""HTTP status to error class: the one table of the client side, and docker's words around them."""

from __future__ import annotations

from gorae import errors
from gorae.client import jsontext

_CLASSES: dict[int, type[errors.GoraeError]] = {
    304: errors.NotModified,
    400: errors.InvalidArgument,
    401: errors.Unauthorized,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    501: errors.NotImplemented,
    503: errors.Unavailable,
}

DAEMON_PREFIX = "Error response from daemon: "


def from_answer(status: int, body: bytes) -> errors.GoraeError:
    """The error that an answer of `status` with `body` stands for; the words are the daemon's."""
    kind = _CLASSES.get(status, errors.InvalidArgument if status < 500 else errors.Internal)
    return kind(DAEMON_PREFIX + daemon_message(status, body))


def daemon_message(status: int, body: bytes) -> str:
    """The `message` of an error body, or its text where it is not the API's JSON."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        values, _ = jsontext.decode_many(text)
        if values and isinstance(values[0], dict) and values[0].get("message"):
            return str(values[0]["message"]).strip()
    return text or f"the daemon answered with status {status} and no message"


def unreachable(host: str, reason: OSError) -> errors.GoraeError:
    """The error for a host where nobody answers; scripts match docker's sentence."""
    if isinstance(reason, PermissionError):
        return errors.PermissionDenied(
            f"permission denied while trying to connect to the Docker daemon socket at {host}: "
            f"{(reason.strerror or str(reason)).lower()}"
        )
    distrust = getattr(reason, "verify_message", "")
    if distrust:
        return errors.Unavailable(
            f"error during connect: tls: failed to verify the certificate of {host}: {distrust}"
        )
    if type(reason).__name__.startswith("SSL"):
        return errors.Unavailable(
            f"error during connect: tls: {host}: {(reason.strerror or str(reason)).lower()}"
        )
    return errors.Unavailable(
        f"Cannot connect to the Docker daemon at {host}. Is the docker daemon running?"
    )
