"""The one table: what is wrong -> the registry's code and the HTTP status."""

import json
from typing import Any

from gorae import errors
from gorae.hub import fault

CODES: tuple[tuple[type[errors.GoraeError], str, int], ...] = (
    (fault.NameUnknown, "NAME_UNKNOWN", 404),
    (fault.ManifestUnknown, "MANIFEST_UNKNOWN", 404),
    (fault.BlobUnknown, "BLOB_UNKNOWN", 404),
    (fault.UploadUnknown, "BLOB_UPLOAD_UNKNOWN", 404),
    (fault.NameInvalid, "NAME_INVALID", 400),
    (fault.DigestInvalid, "DIGEST_INVALID", 400),
    (fault.SizeInvalid, "SIZE_INVALID", 400),
    (fault.ManifestInvalid, "MANIFEST_INVALID", 400),
    (fault.ManifestBlobUnknown, "MANIFEST_BLOB_UNKNOWN", 400),
    (fault.TooLarge, "SIZE_INVALID", 413),
    (fault.RangeInvalid, "BLOB_UPLOAD_INVALID", 416),
    (fault.BlobInUse, "UNSUPPORTED", 405),
    (fault.InUse, "DENIED", 409),
    (fault.Unsupported, "UNSUPPORTED", 405),
    (fault.TooMany, "TOOMANYREQUESTS", 429),
    (errors.Unauthorized, "UNAUTHORIZED", 401),
    (errors.PermissionDenied, "DENIED", 403),
    (errors.InvalidArgument, "BLOB_UPLOAD_INVALID", 400),
    (errors.NotFound, "NAME_UNKNOWN", 404),
    (errors.Conflict, "DENIED", 409),
    (errors.NotImplemented, "UNSUPPORTED", 405),
    (errors.Unavailable, "UNAVAILABLE", 503),
    (errors.Cancelled, "UNKNOWN", 499),
    (errors.GoraeError, "UNKNOWN", 500),
)
"""The first class that fits; subclasses stand before their bases."""


def code_and_status(error: errors.GoraeError) -> tuple[str, int]:
    """The registry's code of an error, and the HTTP status."""
    return next((code, status) for kind, code, status in CODES if isinstance(error, kind))


def status_of(error: errors.GoraeError) -> int:
    """The HTTP status of an error."""
    return code_and_status(error)[1]


def body_of(code: str, message: str, detail: Any = None) -> bytes:
    """The document of an error. Source: distribution-spec v1.1, error codes."""
    one: dict[str, Any] = {"code": code, "message": message}
    if detail is not None:
        one["detail"] = detail
    return json.dumps({"errors": [one]}).encode()
