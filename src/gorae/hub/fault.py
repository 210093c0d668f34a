"""What can be wrong with a registry request, in the distribution spec's words; each is a kind of the taxonomy.

Source: distribution-spec v1.1, error codes. `hub/errors.py` maps them to codes and statuses.
"""

from gorae.errors import Conflict, InvalidArgument, NotFound, NotImplemented, Unavailable


class NameUnknown(NotFound):
    """No such repository, or none that this caller may see."""


class ManifestUnknown(NotFound):
    """No such manifest or tag in the repository."""


class BlobUnknown(NotFound):
    """The repository does not link such a blob."""


class UploadUnknown(NotFound):
    """No such upload session."""


class NameInvalid(InvalidArgument):
    """Not a repository's name."""


class DigestInvalid(InvalidArgument):
    """Not a digest, or not that of the bytes sent."""


class SizeInvalid(InvalidArgument):
    """Not as many bytes as were promised."""


class ManifestInvalid(InvalidArgument):
    """Not a manifest that a registry takes."""


class ManifestBlobUnknown(InvalidArgument):
    """A manifest refers to what the repository does not have."""


class TooLarge(InvalidArgument):
    """More bytes than are taken at once."""


class RangeInvalid(InvalidArgument):
    """A chunk that does not begin where the last one ended; `size_bytes` have arrived."""

    def __init__(self, message: str, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class InUse(Conflict):
    """Something else still needs it."""


class BlobInUse(InUse):
    """A manifest of the repository refers to the blob: deleting it is refused as if it were not offered."""


class Unsupported(NotImplemented):
    """The specification has it, this repository does not offer it."""


class TooMany(Unavailable):
    """Too many requests; again in `retry_after_s`."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
