"""Which images may come in: the policy of the host, and the keys that a caller names; blocking."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from gorae.errors import InvalidArgument, PermissionDenied
from gorae.oci.digest import Digest
from gorae.oci.reference import Reference
from gorae.registry.policy import MAX_POLICY_BYTES, Policy
from gorae.registry.repository import Repository
from gorae.registry.signature import MAX_KEY_BYTES, Key
from gorae.registry.verify import verify


class Trust:
    """Asked before layers are fetched, those of an image or of a build's cache.

    The policy's file is read anew each time; none asks for nothing.
    """

    def __init__(self, policy: Path) -> None:
        self._path = policy

    def check(
        self,
        repository: Repository,
        name: Reference,
        digests: Sequence[Digest],
        keys: Iterable[bytes] = (),
    ) -> None:
        """Whether the image may be had under this name. `keys`: PEM; one of them must have signed, too.

        `digests`: of the documents that lead to it, the first asked for first; a signature of any is one of the image.

        Raises:
            PermissionDenied: it may not. InvalidArgument: a bad key or policy: nothing is let in on a guess.
        """
        rule = self._policy().rule(name.repository)
        if rule.reject:
            raise PermissionDenied(
                f'"{name.familiar}" is refused by the policy "{self._path}": no images of "{rule.name}"'
            )
        identity = name.repository if rule.identity else ""
        if rule.keys:
            known = [Key.parse(_read(one)) for one in rule.keys]
            verify(repository, digests, known, name=name.familiar, identity=identity)
        named = [Key.parse(one) for one in keys]
        if named:
            verify(repository, digests, named, name=name.familiar)

    def _policy(self) -> Policy:
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            raw = file.read(MAX_POLICY_BYTES + 1)
            if len(raw) > MAX_POLICY_BYTES:
                raise InvalidArgument(
                    f'policy "{self._path}" is larger than {MAX_POLICY_BYTES} bytes'
                )
            return Policy.parse(raw)
        return Policy()


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise InvalidArgument(
            f'the policy\'s key "{path}" cannot be read: {(error.strerror or "").lower()}'
        ) from None
