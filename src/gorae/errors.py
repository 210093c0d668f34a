"""The taxonomy: one class for each thing that a caller can do about a failure.

Shape: a class is chosen by what the caller does next, never by where the failure arose; the words carry
the details. Borders map classes, once each: `api/errors.py` to HTTP, `cli/errors.py` to exit codes,
`hub/errors.py` to the registry's codes. Messages are one line, lower case, without a full stop, and
name the object in quotes, what was wanted and what was found.
"""

import errno as _errno
import os


class GoraeError(Exception):
    """Base of all errors that gorae means to raise; never raised itself."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class InvalidArgument(GoraeError):
    """The request is wrong as written; repeating it cannot help."""


class SyntaxFault(InvalidArgument):
    """A text is wrong at a place: `source`, `line` and `column` count from 1 (0: not known)."""

    def __init__(self, message: str, *, source: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.source = source
        self.line = line
        self.column = column


class Unauthorized(GoraeError):
    """Who are you? Credentials are missing or wrong."""


class PermissionDenied(GoraeError):
    """You are known, and you may not."""


class NotFound(GoraeError):
    """No such object."""


class Conflict(GoraeError):
    """The state forbids it now: running, in use, name taken."""


class AlreadyExists(Conflict):
    """The object to be made is there already."""


class NotModified(GoraeError):
    """It is so already; nothing was done."""


class NotImplemented(GoraeError):  # noqa: A001 - the taxonomy's word, HTTP's 501
    """Known to the protocol, not offered here."""


class Unavailable(GoraeError):
    """Try later: a peer is down, a lock was not had in time, a resource is used up."""


class Cancelled(GoraeError):
    """The caller left before the answer."""


class Internal(GoraeError):
    """Our fault."""


class DataLoss(Internal):
    """Stored bytes are not what their name says."""


class KernelError(Internal):
    """A system call failed: `syscall`, `errno` and the object `what` it was about."""

    def __init__(self, syscall: str, errno: int, what: str = "") -> None:
        where = f' "{what}"' if what else ""
        super().__init__(f"{syscall}{where}: {os.strerror(errno).lower()}")
        self.syscall = syscall
        self.errno = errno
        self.what = what

    @property
    def not_found(self) -> bool:
        """Whether the object of the call was not there (ENOENT)."""
        return self.errno == _errno.ENOENT
