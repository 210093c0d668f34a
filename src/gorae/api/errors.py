"""The one table: what the caller can do about a failure -> HTTP status."""

import errno

from gorae import errors
from gorae.wire import codec
from gorae.wire.system import ErrorMessage

STATUS: tuple[tuple[type[errors.GoraeError], int], ...] = (
    (errors.NotModified, 304),
    (errors.InvalidArgument, 400),
    (errors.Unauthorized, 401),
    (errors.PermissionDenied, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.NotImplemented, 501),
    (errors.Unavailable, 503),
    (errors.Cancelled, 499),
    (errors.Internal, 500),
    (errors.GoraeError, 500),
)
"""The first class that fits; subclasses stand before their bases."""


_OF_THE_NAME = (errno.ENAMETOOLONG, errno.ELOOP)
"""What the kernel says of a path that no caller can open: the request is wrong as written."""


def status_of(error: errors.GoraeError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, errors.KernelError) and error.errno in _OF_THE_NAME:
        return 400
    return next(status for kind, status in STATUS if isinstance(error, kind))


def body_of(message: str) -> bytes:
    """The document that clients show."""
    return codec.encode_line(ErrorMessage(message))
