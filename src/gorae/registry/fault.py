"""What goes wrong between a registry and us, in the words that docker's users know.

A refusal's body is `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`.
Source: distribution-spec v1.1, error codes.
"""

import http.client
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions

from gorae import errors
from gorae.errors import GoraeError, InvalidArgument, Unavailable
from gorae.oci import text

MAX_REFUSAL_BYTES = 64 << 10
MAX_SHOWN = 512


class Unreachable(Unavailable):
    """No connection came about: nobody there, no such name, no trust."""


class Broken(Unavailable):
    """There was a connection, and it ended too early."""


class Again(Unavailable):
    """The registry said: later. `retry_after`: when, in its own words; may be empty."""

    retry_after = ""


class TooLarge(InvalidArgument):
    """More at once than the registry, or what stands before it, takes."""


class OutOfStep(InvalidArgument):
    """An upload is not where we think it is: the registry still reads what a cut left on its way, or has less of it."""


_BY_STATUS: dict[int, type[GoraeError]] = {
    401: errors.Unauthorized,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    408: Again,
    409: OutOfStep,
    413: TooLarge,
    416: OutOfStep,
    425: Again,
    429: Again,
}


def refusal(status: int, body: bytes, retry_after: str = "") -> GoraeError:
    """The error that a registry's answer stands for; the class by status, the words its own."""
    kind = _BY_STATUS.get(status, InvalidArgument if status < 500 else Again)
    made = kind(_words(status, body))
    if isinstance(made, Again):
        made.retry_after = retry_after
    return made


def denied() -> GoraeError:
    """Docker's sentence for a token that does not reach so far."""
    return errors.PermissionDenied("denied: requested access to the resource is denied")


def _words(status: int, body: bytes) -> str:
    listed = _listed(status, body)
    if len(listed) == 1:
        return listed[0]
    if listed:
        return "errors: " + ", ".join(listed)
    reason = http.client.responses.get(status, "")
    if not body.strip():
        return f"received unexpected HTTP status: {status} {reason}".rstrip()
    shown = body[:MAX_SHOWN].decode(errors="replace").strip()
    return f"error parsing HTTP {status} response body: {shown!r}"


def _listed(status: int, body: bytes) -> list[str]:
    """`code: message` of each error in a body; nothing where it is of another form."""
    try:
        document = text.load(body, "refusal")
        found = text.want(document, "errors", list, "refusal", [])
    except InvalidArgument:
        return []
    listed = [_one(one) for one in found[:8] if isinstance(one, dict)]
    if not listed and isinstance(document.get("details"), str):  # the hub's own form
        before = "unauthorized: " if status == 401 else ""
        listed = [before + str(document["details"])[:MAX_SHOWN]]
    return listed


def _one(one: dict[str, Any]) -> str:
    code = str(one.get("code") or "unknown").lower().replace("_", " ")
    message = str(one.get("message") or "unknown error")
    return f"{code}: {message}"[:MAX_SHOWN].replace("\n", " ")


def translated(error: Exception, method: str, url: str) -> GoraeError:
    """What urllib3 or the system raised, as docker's Go would have said it."""
    asked = f'{method.capitalize()} "{without_query(url)}"'
    cause = _root(error)
    if isinstance(error, exceptions.ProxyError):
        return Unreachable(f"{asked}: proxyconnect: {_plain(cause)}")
    if isinstance(cause, ssl.SSLError):
        return Unreachable(f"{asked}: {_tls_words(cause)}")
    if isinstance(error, exceptions.NameResolutionError) or isinstance(cause, socket.gaierror):
        return Unreachable(f"{asked}: dial tcp: lookup {urlsplit(url).hostname}: no such host")
    if isinstance(error, exceptions.NewConnectionError):
        return Unreachable(f"{asked}: dial tcp {_address(url)}: connect: {_plain(cause)}")
    if isinstance(error, exceptions.ConnectTimeoutError):
        return Unreachable(f"{asked}: dial tcp {_address(url)}: i/o timeout")
    if isinstance(error, (exceptions.ReadTimeoutError, TimeoutError)):
        return Broken(f"{asked}: net/http: request canceled (Client.Timeout exceeded)")
    if isinstance(cause, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return Broken(f"{asked}: unexpected EOF")
    return Broken(f"{asked}: {_plain(cause)}")


TROUBLE = (exceptions.HTTPError, http.client.HTTPException, OSError)
"""All that a request or the reading of its answer may raise."""


def _root(error: BaseException) -> BaseException:
    """The first cause: urllib3 wraps it, some of it in `reason` or in the arguments."""
    seen = 0
    while seen < 8:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((one for one in error.args if isinstance(one, BaseException)), None)
        inner = inner or error.__cause__
        if inner is None:
            return error
        error, seen = inner, seen + 1
    return error


def _plain(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).strip().rstrip(".")[:MAX_SHOWN] or type(error).__name__


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        words = str(error.verify_message).rstrip(".")
        if "issuer" in words or "self-signed" in words or "self signed" in words:
            words = "certificate signed by unknown authority"
        return f"tls: failed to verify certificate: x509: {words}"
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return "http: server gave HTTP response to HTTPS client"
    words = (error.reason or str(error)).replace("_", " ").lower()
    before, is_alert, alert = words.partition(" alert ")
    if not is_alert or " " in before:
        return f"tls: {words}"
    if alert in _WANTS_US:
        alert += " (it wants a client's: put NAME.cert and NAME.key into the registry's folder in certs.d)"
    return f"remote error: tls: {alert}"


_WANTS_US = ("certificate required", "bad certificate")


def _address(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}:{port}"


def without_query(url: str) -> str:
    """An address as it may be shown: a query may hold a signature that opens a blob."""
    try:
        return urllib3.util.parse_url(url)._replace(query=None, fragment=None, auth=None).url
    except exceptions.LocationParseError:
        return url.partition("?")[0].rpartition("@")[2]
