"""Manifests, tags and referrers of repositories."""

import json
from dataclasses import dataclass
from typing import Any

from gorae.errors import GoraeError
from gorae.hub import audit, clock, incoming, notices, quota
from gorae.hub.caller import Caller
from gorae.hub.config import Config
from gorae.hub.db import Facts
from gorae.hub.fault import (
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameUnknown,
)
from gorae.hub.incoming import Incoming
from gorae.hub.path import TAG, namespace_of
from gorae.hub.smallblobs import SmallBlobs
from gorae.hub.tables import holdings, manifests, repositories
from gorae.hub.tables.manifests import ManifestRow, TagRow
from gorae.hub.tables.repositories import Repository
from gorae.oci.config import ImageConfig
from gorae.oci.digest import digest_of
from gorae.store.db import Tx
from gorae.store.tables import content

MAX_MANIFEST_BYTES = 4 << 20
MAX_CONFIG_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest to be sent: its bytes and what they are."""

    digest: str
    media_type: str
    raw: bytes


class Manifests:
    """See the module."""

    def __init__(self, facts: Facts, small: SmallBlobs, config: Config) -> None:
        self._facts = facts
        self._small = small
        self._config = config

    def put(
        self,
        repository: str,
        reference: str,
        content_type: str,
        raw: bytes,
        caller: Caller,
        *,
        complete: bool = True,
    ) -> tuple[str, str]:
        """Store a manifest, by tag or digest; its digest, and the subject it refers to (may be empty).

        `complete`: what it refers to must be in the repository; of another registry's images it comes when wanted.

        Raises:
            ManifestInvalid, DigestInvalid. ManifestBlobUnknown: it refers to what the repository does not have.
        """
        digest, tag = digest_of(raw), ""
        if ":" in reference:
            if reference != digest:
                raise DigestInvalid(
                    f'the manifest sent has the digest "{digest}", not "{reference}"'
                )
        else:
            tag = _check_tag(reference)
        one = incoming.read(raw, content_type)
        if complete:
            self._facts.read(lambda tx: _check_children(tx, repository, one))
        now = clock.now_ns()
        row = ManifestRow(
            repository,
            digest,
            one.media_type,
            one.artifact_type,
            one.subject,
            json.dumps(one.annotations),
            self._platform(one) if complete else "",
            len(raw),
            one.total_bytes,
            caller.account,
            now,
        )

        def record(tx: Tx) -> None:
            if complete:
                _check_children(tx, repository, one)
            self._record(tx, row, tag, one, caller)

        self._small.put(raw, record)
        return digest, one.subject

    def _platform(self, one: Incoming) -> str:
        """os/architecture[/variant] of an image's config; empty where there is none to read."""
        config = one.config
        if (
            config is None
            or config.media_type not in incoming.CONFIGS
            or config.size > MAX_CONFIG_BYTES
        ):
            return ""
        try:
            found = ImageConfig.parse(self._small.read(config.digest, config.size))
        except GoraeError:  # a config that is none does no harm here, ignoring
            return ""
        parts = (found.os, found.architecture, found.variant)
        return "/".join(part for part in parts if part)

    def _record(self, tx: Tx, row: ManifestRow, tag: str, one: Incoming, caller: Caller) -> None:
        self._want_repository(tx, row, caller)
        if holdings.size(tx, row.repository, row.digest) is None:
            quota.check(tx, self._config, row.repository, row.size_bytes)
        holdings.link(tx, row.repository, row.digest, row.pushed_ns)
        for child in one.children:
            content.add_edge(tx, row.digest, child.digest)
        manifests.put(tx, row)
        if tag:
            manifests.set_tag(
                tx, row.repository, TagRow(tag, row.digest, row.pushed_by, row.pushed_ns)
            )
        repositories.touch(tx, row.repository, row.pushed_ns)
        audit.record(
            tx, caller, "manifest.push", f"{row.repository}:{tag or row.digest}", row.digest
        )
        facts = {"digest": row.digest, "tag": tag, "media_type": row.media_type}
        notices.queue(tx, notices.PUSH, row.repository, caller.account, facts)

    def _want_repository(self, tx: Tx, row: ManifestRow, caller: Caller) -> None:
        """The first push makes the repository."""
        made = repositories.insert(
            tx,
            Repository(
                row.repository,
                namespace_of(row.repository),
                self._config.default_visibility,
                "",
                "",
                0,
                caller.account,
                row.pushed_ns,
                row.pushed_ns,
            ),
        )
        if made:
            audit.record(tx, caller, "repository.create", row.repository)

    def get(self, repository: str, reference: str) -> Found:
        """By tag or digest. Raises: NameUnknown, ManifestUnknown."""
        row = self._facts.read(lambda tx: _find(tx, repository, reference))
        return Found(row.digest, row.media_type, self._small.read(row.digest, row.size_bytes))

    def row(self, repository: str, reference: str) -> ManifestRow:
        """The row alone. Raises: NameUnknown, ManifestUnknown."""
        return self._facts.read(lambda tx: _find(tx, repository, reference))

    def delete(self, repository: str, reference: str, caller: Caller) -> None:
        """A tag, or a manifest with its tags. Raises: NameUnknown, ManifestUnknown."""

        def write(tx: Tx) -> None:
            row = _find(tx, repository, reference)
            facts = {"digest": row.digest, "tag": "" if ":" in reference else reference}
            if ":" in reference:
                manifests.delete(tx, repository, row.digest)
                holdings.unlink(tx, repository, row.digest)
                audit.record(tx, caller, "manifest.delete", f"{repository}@{row.digest}")
            else:
                manifests.delete_tag(tx, repository, reference)
                audit.record(tx, caller, "tag.delete", f"{repository}:{reference}", row.digest)
            repositories.touch(tx, repository, clock.now_ns())
            notices.queue(tx, notices.DELETE, repository, caller.account, facts)

        self._facts.write(write)

    def tags(self, repository: str, last: str, limit: int) -> tuple[list[str], bool]:
        """Tags after `last`, at most `limit`; whether there are more. Raises: NameUnknown."""

        def read(tx: Tx) -> list[str]:
            _want_repository_row(tx, repository)
            return manifests.tag_names(tx, repository, last, limit + 1)

        found = self._facts.read(read)
        return found[:limit], len(found) > limit

    def referrers(
        self, repository: str, subject: str, artifact_type: str, last: str, limit: int
    ) -> tuple[list[dict[str, Any]], bool]:
        """Descriptors of what refers to a subject; whether there are more."""
        found = self._facts.read(
            lambda tx: manifests.referrers(tx, repository, subject, artifact_type, last, limit + 1)
        )
        return [_descriptor(row) for row in found[:limit]], len(found) > limit


def _descriptor(row: ManifestRow) -> dict[str, Any]:
    """As a referrers list shows it. Source: distribution-spec v1.1, listing referrers."""
    one: dict[str, Any] = {
        "mediaType": row.media_type,
        "digest": row.digest,
        "size": row.size_bytes,
    }
    if row.artifact_type:
        one["artifactType"] = row.artifact_type
    annotations = json.loads(row.annotations)
    if annotations:
        one["annotations"] = annotations
    return one


def _check_tag(text: str) -> str:
    if not TAG.fullmatch(text):
        raise ManifestInvalid(
            f'invalid tag "{text[:140]}": wanted at most 128 letters, digits, dots, dashes and underscores'
        )
    return text


def _check_children(tx: Tx, repository: str, one: Incoming) -> None:
    """Raises: ManifestBlobUnknown, ManifestInvalid: a child has another size."""
    for child in one.children:
        size = holdings.size(tx, repository, child.digest)
        if size is None:
            raise ManifestBlobUnknown(
                f'the manifest refers to "{child.digest}", which "{repository}" does not have'
            )
        if size != child.size:
            raise ManifestInvalid(
                f'the manifest says that "{child.digest}" has {child.size} bytes, it has {size}'
            )


def _want_repository_row(tx: Tx, repository: str) -> None:
    if repositories.get(tx, repository) is None:
        raise NameUnknown(f'no such repository: "{repository}"')


def _find(tx: Tx, repository: str, reference: str) -> ManifestRow:
    digest = reference
    if ":" not in reference:
        tag = manifests.tag(tx, repository, reference)
        if tag is None:
            _want_repository_row(tx, repository)
            raise ManifestUnknown(f'"{repository}" has no tag "{reference[:140]}"')
        digest = tag.digest
    row = manifests.get(tx, repository, digest)
    if row is None:
        _want_repository_row(tx, repository)
        raise ManifestUnknown(f'"{repository}" has no manifest "{digest[:140]}"')
    return row
