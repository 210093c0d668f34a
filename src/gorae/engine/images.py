"""Images: found by name or id, listed, tagged, removed; made from archives by `imagearchive`.

Blocking and thread-safe: the API runs these in a pool. An image is a row; its config is a blob that is read
once and kept parsed.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gorae.engine.imagefilter import ImageFilter
from gorae.engine.model import Container
from gorae.engine.when import parse_rfc3339_ns
from gorae.errors import Conflict, InvalidArgument, NotFound
from gorae.oci import platform
from gorae.oci.config import ImageConfig
from gorae.oci.digest import chain_ids
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference
from gorae.store.db import Tx
from gorae.store.store import Store
from gorae.store.tables import images as rows
from gorae.store.tables import snapshots

Publish = Callable[..., object]
MAX_CACHED_CONFIGS = 256
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Image:
    """One image with its names: `names` normalized with tag, `digests` as repository@digest."""

    id: str
    config: ImageConfig
    chain_id: str
    size_bytes: int
    manifest: str
    tagged_ns: int
    names: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()

    @property
    def short_id(self) -> str:
        """Twelve digits."""
        return self.id.partition(":")[2][:12]

    @property
    def familiar_names(self) -> tuple[str, ...]:
        """As people type them."""
        return tuple(Reference.parse(one).familiar for one in self.names)

    @property
    def familiar_digests(self) -> tuple[str, ...]:
        """As people type them."""
        return tuple(Reference.parse(one).familiar for one in self.digests)


@dataclass(frozen=True, slots=True)
class Removed:
    """One line of the answer to a removal: `untagged` or `deleted`, one of them."""

    untagged: str = ""
    deleted: str = ""


class Images:
    """The service."""

    def __init__(
        self, store: Store, publish: Publish, containers: Callable[[], Iterable[Container]]
    ) -> None:
        self.store = store
        self._publish = publish
        self._containers = containers
        self._freed_bytes = 0
        self._configs: dict[str, ImageConfig] = {}
        self._lock = threading.Lock()

    # finding ----------------------------------------------------------------------------------

    def resolve_for(self, text: str, wanted: str) -> Image:
        """As `resolve`, of a platform; empty: any.

        Raises:
            NotFound: it is of another one, which lets a client pull the right one.
        """
        image = self.resolve(text)
        found = Platform(image.config.architecture, image.config.os, image.config.variant)
        asked = platform.parse(wanted) if wanted else found
        if platform.fits(asked, found):
            return image
        raise NotFound(
            f"image with reference {text} was found but its platform ({platform.show(found)}) "
            f"does not match the specified platform ({platform.show(asked)})"
        )

    def resolve(self, text: str) -> Image:
        """The image that `text` means: a name, an id or its prefix, or name@digest.

        Raises:
            NotFound: with docker's sentence. InvalidArgument: not a reference, or an ambiguous prefix.
        """
        image_id = self.store.db.read(lambda tx: self._find(tx, text))
        if image_id is None:
            raise NotFound(f"No such image: {_as_asked(text)}")
        return self._image(image_id)

    def find(self, text: str) -> Image | None:
        """As resolve; None when there is none."""
        try:
            return self.resolve(text)
        except NotFound:
            return None

    def _find(self, tx: Tx, text: str) -> str | None:
        bare = text.removeprefix("sha256:")
        is_hex = bool(bare) and set(bare) <= _HEX
        if is_hex and len(bare) == 64:
            return f"sha256:{bare}" if rows.get(tx, f"sha256:{bare}") else None
        if not text.startswith("sha256:"):
            found = _find_by_name(tx, text, may_be_id=is_hex)
            if found is not None:
                return found
        if is_hex and len(bare) < 64:
            matches = rows.by_prefix(tx, bare)
            if len(matches) > 1:
                raise InvalidArgument(f"ambiguous image id: {text}")
            return matches[0] if matches else None
        return None

    def _image(self, image_id: str) -> Image:
        row, names, digests = self.store.db.read(
            lambda tx: (rows.get(tx, image_id), rows.names(tx), rows.repo_digests(tx))
        )
        if row is None:
            raise NotFound(f"No such image: {image_id}")
        return self._made(row, names, digests)

    def _made(
        self, row: rows.ImageRow, names: list[tuple[str, str]], digests: list[tuple[str, str, str]]
    ) -> Image:
        return Image(
            id=row.id,
            config=self.config(row.id),
            chain_id=row.chain_id,
            size_bytes=row.size_bytes,
            manifest=row.manifest,
            tagged_ns=row.tagged_ns,
            names=tuple(name for name, of in names if of == row.id),
            digests=tuple(f"{repo}@{digest}" for repo, digest, of in digests if of == row.id),
        )

    def config(self, image_id: str) -> ImageConfig:
        """An image's parsed config. Raises: NotFound, DataLoss."""
        found = self._configs.get(image_id)
        if found is None:
            found = ImageConfig.parse(self.store.content.read(image_id))
            with self._lock:
                if len(self._configs) >= MAX_CACHED_CONFIGS:
                    self._configs.clear()
                self._configs[image_id] = found
        return found

    def all(self) -> list[Image]:
        """Every image, newest first."""
        found, names, digests = self.store.db.read(
            lambda tx: (rows.all_rows(tx), rows.names(tx), rows.repo_digests(tx))
        )
        images = [self._made(row, names, digests) for row in found]
        return sorted(images, key=lambda one: (created_ns(one), one.id), reverse=True)

    def list_images(self, filters: dict[str, list[str]]) -> list[Image]:
        """Every image that the filters take. Raises: InvalidArgument: an unknown filter."""
        chosen = ImageFilter(filters, self.resolve, created_ns)
        return [one for one in map(chosen.narrowed, self.all()) if one is not None]

    def count(self) -> int:
        """How many images."""
        return len(self.store.db.read(rows.all_rows))

    def size(self, image_id: str) -> int:
        """Bytes of an image's unpacked layers."""
        row = self.store.db.read(lambda tx: rows.get(tx, image_id))
        return row.size_bytes if row else 0

    def layer_sizes(self, image: Image) -> list[int]:
        """Bytes of each layer, bottom first."""
        if not image.config.diff_ids:
            return []

        def read(tx: Tx) -> list[int]:
            found = [snapshots.get(tx, one) for one in chain_ids(image.config.diff_ids)]
            return [one.size_bytes if one else 0 for one in found]

        return self.store.db.read(read)

    # names ------------------------------------------------------------------------------------

    def tag(self, source: str, name: str) -> Image:
        """Give an image a further name. Raises: NotFound, InvalidArgument."""
        image = self.resolve(source)
        reference = Reference.parse(name).with_default_tag()
        if reference.digest:
            raise InvalidArgument("refusing to create a tag with a digest reference")
        self.store.db.write(lambda tx: rows.set_name(tx, reference.normalized, image.id))
        self.announce("tag", image, reference.familiar)
        return image

    def announce(self, action: str, image: Image, name: str = "", actor: str = "") -> None:
        """An event of this image; `actor`: what it is about, where that is not the image's id."""
        attributes = {**image.config.config.labels, "name": name or image.id}
        self._publish("image", action, actor or image.id, attributes)

    # removing ---------------------------------------------------------------------------------

    def remove(self, text: str, *, force: bool = False) -> list[Removed]:
        """Take a name away, and the image with its last one.

        Raises:
            NotFound. Conflict: containers use it, or an id has several names, and `force` was not given.
        """
        image = self.resolve(text)
        by_id = _means_id(text, image)
        if not by_id:
            name = Reference.parse(text).with_default_tag()
            others = [one for one in image.names if one != name.normalized]
            if name.digest:
                others = list(image.names)
            if others or name.normalized not in (*image.names, *image.digests):
                return self._untag(image, name)
            self._refuse_name_in_use(image, name, force=force)
        else:
            self._refuse_id_in_use(image, force=force)
        return self._delete(image)

    def _untag(self, image: Image, name: Reference) -> list[Removed]:
        def write(tx: Tx) -> list[str]:
            if name.digest:
                rows.delete_repo_digest(tx, name.repository, name.digest)
                return [name.familiar]
            rows.delete_name(tx, name.normalized)
            left = {Reference.parse(n).repository for n, of in rows.names(tx) if of == image.id}
            gone = [name.familiar]
            for repository, digest, of in rows.repo_digests(tx):
                if of == image.id and repository == name.repository and repository not in left:
                    rows.delete_repo_digest(tx, repository, digest)
                    gone.append(f"{name.familiar_repository}@{digest}")
            return gone

        gone = self.store.db.write(write)
        for one in gone:
            self.announce("untag", image, one)
        return [Removed(untagged=one) for one in gone]

    def _users(self, image: Image) -> list[Container]:
        return [one for one in self._containers() if one.spec.image_id == image.id]

    def _refuse_name_in_use(self, image: Image, name: Reference, *, force: bool) -> None:
        for one in self._users(image):
            if not force:
                raise Conflict(
                    f'conflict: unable to remove repository reference "{name.familiar}" (must force) - '
                    f"container {one.short_id} is using its referenced image {image.short_id}"
                )
            self._refuse_running(image, one)

    def _refuse_id_in_use(self, image: Image, *, force: bool) -> None:
        repositories = {Reference.parse(one).repository for one in image.names}
        if len(repositories) > 1 and not force:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (must be forced) - "
                "image is referenced in multiple repositories"
            )
        for one in self._users(image):
            self._refuse_running(image, one)
            if not force:
                raise Conflict(
                    f"conflict: unable to delete {image.short_id} (must be forced) - "
                    f"image is being used by stopped container {one.short_id}"
                )

    def _refuse_running(self, image: Image, one: Container) -> None:
        if one.state.pid:
            raise Conflict(
                f"conflict: unable to delete {image.short_id} (cannot be forced) - "
                f"image is being used by running container {one.short_id}"
            )

    def _delete(self, image: Image, also: Callable[[Tx], object] | None = None) -> list[Removed]:
        """The rows, then what nothing reaches any more. A stopped container's layers stay with it."""

        def write(tx: Tx) -> None:
            if also is not None:
                also(tx)
            rows.delete(tx, image.id)

        self.store.db.write(write)
        names = [*image.familiar_names, *image.familiar_digests]
        for one in names:
            self.announce("untag", image, one)
        swept = self.store.collector.collect(later=True)
        self._freed_bytes += swept.bytes
        self._configs.pop(image.id, None)
        self.announce("delete", image)
        gone = [Removed(untagged=one) for one in names]
        gone.append(Removed(deleted=image.id))
        return gone + [Removed(deleted=one) for one in swept.snapshots if one.startswith("sha256:")]

    def prunable(self, filters: dict[str, list[str]]) -> list[Image]:
        """Unused images: those without a name, or with `dangling=false` all."""
        wanted = dict(filters)
        dangling = wanted.pop("dangling", ["true"])[-1].lower() in ("true", "1")
        chosen = ImageFilter(wanted, self.resolve, created_ns)
        used = {one.spec.image_id for one in self._containers()}
        return [
            image
            for image in self.all()
            if image.id not in used
            and not (dangling and image.names)
            and chosen.narrowed(image) is not None
        ]

    def prune(
        self,
        filters: dict[str, list[str]],
        keep: Callable[[Image], Callable[[Tx], object]] | None = None,
    ) -> tuple[list[Removed], int]:
        """Remove unused images; what was removed, and bytes freed. `keep` gives what puts one into the bin."""
        removed: list[Removed] = []
        before = self._freed_bytes
        for image in self.prunable(filters):
            removed += self._delete(image, keep(image) if keep is not None else None)
        return removed, self._freed_bytes - before


def created_ns(image: Image) -> int:
    """When the image was made, by its config; 0 when it does not say."""
    return parse_rfc3339_ns(image.config.created)


def _find_by_name(tx: Tx, text: str, *, may_be_id: bool) -> str | None:
    try:
        reference = Reference.parse(text)
    except InvalidArgument:
        if may_be_id:
            return None
        raise
    if reference.digest:
        found = rows.by_repo_digest(tx, reference.repository, reference.digest)
        return found or _image_of_digest(tx, reference)
    return rows.by_name(tx, reference.with_default_tag().normalized)


def _image_of_digest(tx: Tx, reference: Reference) -> str | None:
    """`name@<image id>` means the image when it has that name."""
    names = [n for n, of in rows.names(tx) if of == reference.digest]
    fits = any(Reference.parse(one).repository == reference.repository for one in names)
    return str(reference.digest) if fits else None


def _as_asked(text: str) -> str:
    """Docker's sentence names `alpine:latest` when `alpine` was asked for."""
    try:
        return Reference.parse(text).with_default_tag().familiar
    except InvalidArgument:
        return text


def _means_id(text: str, image: Image) -> bool:
    """Whether `text` was the id or its prefix, not a name that happens to look so."""
    bare = text.removeprefix("sha256:")
    if not image.id.removeprefix("sha256:").startswith(bare):
        return False
    if text.startswith("sha256:") or len(bare) == 64:
        return True
    return Reference.parse(text).with_default_tag().normalized not in image.names
