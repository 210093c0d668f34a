"""Versions of the Engine API: what is offered, and what a client may ask for.

A client names a version in the path (`/v1.44/info`) or none, which means the newest.
"""

import re
from typing import NamedTuple

from gorae.errors import InvalidArgument

_TEXT = re.compile(r"(\d{1,4})\.(\d{1,4})")


class ApiVersion(NamedTuple):
    """A version; versions compare as numbers, 1.9 below 1.10."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> "ApiVersion":
        """Raises: InvalidArgument: not of the form `1.44`."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise InvalidArgument(f'invalid API version "{text}": must be <major>.<minor>')
        return cls(int(match[1]), int(match[2]))


NEWEST = ApiVersion(1, 51)
OLDEST = ApiVersion(1, 24)


def admit(wanted: ApiVersion) -> ApiVersion:
    """Give `wanted` back when it is served.

    Raises:
        InvalidArgument: too new or too old, in the sentences that clients look for.
    """
    if wanted > NEWEST:
        raise InvalidArgument(
            f"client version {wanted} is too new. Maximum supported API version is {NEWEST}"
        )
    if wanted < OLDEST:
        raise InvalidArgument(
            f"client version {wanted} is too old. Minimum supported API version is {OLDEST}, "
            "please upgrade your client to a newer version"
        )
    return wanted
