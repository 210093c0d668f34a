"""Error class to exit code, and the errors that only a command line has."""

from __future__ import annotations

from gorae.errors import GoraeError, InvalidArgument

FAILURE = 1
BAD_TEMPLATE = 64
RUN_FAILED = 125
NOT_INVOKABLE = 126
NOT_FOUND = 127


class UsageFault(InvalidArgument):
    """The command line is wrong as typed; `exit_code` is docker's for it.

    The message is complete: sentence, usage line and the pointer to `--help`.
    """

    def __init__(self, message: str, exit_code: int = RUN_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Exit(GoraeError):
    """Leave with `exit_code`; an empty message prints nothing (the container's own status)."""

    def __init__(self, exit_code: int, message: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code(error: GoraeError) -> int:
    """The status that the process ends with."""
    if isinstance(error, (UsageFault, Exit)):
        return error.exit_code
    return FAILURE


def start_failure_code(message: str) -> int:
    """125, 126 or 127 for a container that could not be made or started, by the daemon's words.

    Source: observed of docker 28; the phrases are the runtime's (`runtime/` keeps them as constants).
    """
    if "executable file not found" in message or "no such file or directory" in message:
        return NOT_FOUND
    if "permission denied" in message or "is a directory" in message:
        return NOT_INVOKABLE
    return RUN_FAILED
