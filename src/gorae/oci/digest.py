"""Names of bytes and of stacks of layers. The three kinds are distinct types: they may not be mixed up."""

import hashlib
import re
from collections.abc import Sequence
from typing import NewType

from gorae.errors import InvalidArgument

Digest = NewType("Digest", str)
"""`sha256:<64 hex>`: names bytes as stored or sent."""
DiffId = NewType("DiffId", str)
"""The digest of a layer's uncompressed tar."""
ChainId = NewType("ChainId", str)
"""Identity of a stack of layers."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def parse_digest(text: str) -> Digest:
    """Raises: InvalidArgument: not `sha256:` and 64 lower-case hex digits."""
    if not _DIGEST.fullmatch(text):
        raise InvalidArgument(f'invalid digest "{text}": wanted sha256 and 64 hex digits')
    return Digest(text)


def digest_of(data: bytes) -> Digest:
    """The digest of these bytes."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def chain_id(diff_ids: Sequence[DiffId]) -> ChainId:
    """Identity of a stack of layers, bottom first.

    Shape: one layer -> its diff_id; more -> sha256 of "<chain_id of all but last> <last diff_id>".
    Two images share a snapshot exactly when their chain ids are equal.

    Raises:
        InvalidArgument: no layers.
    Source: image-spec v1.1 config.md#layer-chainid
    """
    return chain_ids(diff_ids)[-1]


def chain_ids(diff_ids: Sequence[DiffId]) -> list[ChainId]:
    """The chain id of each prefix of the stack, bottom first. Raises: InvalidArgument: no layers."""
    if not diff_ids:
        raise InvalidArgument("a stack of no layers has no chain id")
    chain = [ChainId(diff_ids[0])]
    for one in diff_ids[1:]:
        chain.append(ChainId(digest_of(f"{chain[-1]} {one}".encode())))
    return chain
