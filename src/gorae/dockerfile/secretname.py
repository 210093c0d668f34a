"""Names of variables that say that their value is to be kept: docker's rule."""

import re

_SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE)


def looks_secret(name: str) -> bool:
    """Whole words between `_` count; a name of a file, a version or something public is none."""
    return _SECRET.search(name) is not None and _NO_SECRET.search(name) is None
