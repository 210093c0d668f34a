"""Secrets in an image that exists: in its history, variables and labels, and in every file of every layer; blocking.

A layer is read by itself, so that what a later one deletes is found too: whoever has the image has the layer. Looked for
are the forms of tokens, keys and files of credentials, and the values of variables whose name says what they are,
wherever they stand. No value is told: its first characters, at most a quarter of it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gorae.build.cancel import Cancel
from gorae.build.layerscan import LayerScan
from gorae.dockerfile.secretguard import Guard, Leak, Secret, named_secret, named_secrets
from gorae.engine.images import Image, Images
from gorae.engine.layers import Layers, chains
from gorae.errors import DataLoss
from gorae.oci.config import ImageConfig
from gorae.store.archive.pack import pack_layer
from gorae.store.archive.stack import DIRECTORY_FLAGS, is_opaque, is_whiteout, lstat
from gorae.store.store import Store

MAX_FINDINGS = 10_000
"""Of one image: more say nothing new, and a stranger's image may be made of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One. `place`: history, env, label or layer. `layer`: from 1, 0 for a setting. `path`: of the file, or the name.

    `hidden_by`: the later layer that deletes or replaces the file, with `hidden_how`; 0: it is there.
    """

    place: str
    what: str
    excerpt: str
    path: str = ""
    line: int = 0
    layer: int = 0
    diff_id: str = ""
    created_by: str = ""
    hidden_by: int = 0
    hidden_how: str = ""
    hidden_created_by: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """A layer was looked through."""

    layer: int
    layers: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The end."""

    image_id: str
    layers: int
    files: int
    size_bytes: int
    findings: int


Tell = Callable[[Finding | Looked | Summary], None]


class ImageLeaks:
    """The service."""

    def __init__(self, store: Store, images: Images, layers: Layers) -> None:
        self._store = store
        self._images = images
        self._layers = layers

    def find(self, name: str, tell: Tell, cancel: Cancel) -> None:
        """Look through an image; what is found is told as it is found, the summary last.

        Raises:
            NotFound: no such image. DataLoss: a layer is not here. Cancelled.
        """
        image = self._images.resolve(name)
        with self._store.lease() as lease:
            self._layers.hold(image.config.diff_ids, lease)
            _Search(image, self._uppers(image), tell, cancel).run()

    def _uppers(self, image: Image) -> list[Path]:
        found = []
        for number, chain in enumerate(chains(image.config.diff_ids), 1):
            if not self._store.snapshots.exists(chain):
                raise DataLoss(f'layer {number} of "{image.short_id}" is not here: pull it again')
            found.append(self._store.snapshots.upper(chain))
        return found


class _Search:
    """One image."""

    def __init__(self, image: Image, uppers: Sequence[Path], tell: Tell, cancel: Cancel) -> None:
        self._image = image
        self._uppers = uppers
        self._tell = tell
        self._cancel = cancel
        self._guard = Guard(_values(image.config), excerpts=True)
        self._made = layer_lines(image.config)
        self._found = self._files = self._bytes = 0
        self._path = ""

    def run(self) -> None:
        """Settings first, then the layers, the lowest first."""
        for one in self._settings():
            self._told(one)
        with ExitStack() as stack:
            fds = []
            for upper in self._uppers:
                fds.append(os.open(upper, DIRECTORY_FLAGS))
                stack.callback(os.close, fds[-1])
            for number in range(1, len(fds) + 1):
                self._layer(number, fds)
        total = len(self._uppers)
        self._tell(Summary(self._image.id, total, self._files, self._bytes, self._found))

    def _told(self, one: Finding) -> None:
        self._found += 1
        if self._found <= MAX_FINDINGS:
            self._tell(one)

    def _settings(self) -> Iterator[Finding]:
        config = self._image.config
        number = 0
        for entry in config.history:
            number += not entry.empty_layer
            for leak in self._guard.in_text(entry.created_by, ""):
                layer = 0 if entry.empty_layer else number
                created_by = self._guard.hide(entry.created_by)
                yield Finding(
                    "history", leak.what, leak.excerpt, layer=layer, created_by=created_by
                )
        for word in config.config.env:
            for leak in self._guard.in_text(word, ""):
                yield Finding("env", leak.what, leak.excerpt, word.partition("=")[0])
        for key, value in config.config.labels.items():
            for leak in self._guard.in_text(f"{key}={value}", ""):
                yield Finding("label", leak.what, leak.excerpt, self._guard.hide(key))

    def _layer(self, number: int, fds: list[int]) -> None:
        scan = LayerScan(self._guard)

        def observe(path: str, piece: bytes) -> None:
            self._cancel.check()
            if path != self._path:
                self._path = path
                self._files += 1
            self._bytes += len(piece)
            scan.observe(path, piece)

        self._path = ""
        pack_layer(self._uppers[number - 1], observe=observe)
        for leak in scan.end():
            self._told(self._in_layer(leak, number, fds))
        self._tell(Looked(number, len(fds)))

    def _in_layer(self, leak: Leak, number: int, fds: list[int]) -> Finding:
        hidden_by, how = fate(fds[number:], leak.where.lstrip("/"))
        by = number + hidden_by if hidden_by else 0
        return Finding(
            place="layer",
            what=leak.what,
            excerpt=leak.excerpt,
            path=self._guard.hide(leak.where),
            line=leak.line,
            layer=number,
            diff_id=self._image.config.diff_ids[number - 1],
            created_by=self._guard.hide(self._made[number - 1]),
            hidden_by=by,
            hidden_how=how,
            hidden_created_by=self._guard.hide(self._made[by - 1]) if by else "",
        )


def _values(config: ImageConfig) -> list[Secret]:
    """The values that their names call secret."""
    found = [
        secret
        for word in config.config.env
        if (secret := named_secret("env", *word.partition("=")[::2]))
    ]
    for key, value in config.config.labels.items():
        name = key.replace(".", "_").replace("-", "_")
        if secret := named_secret("label", name, value):
            found.append(Secret("label", key, secret.value))
    for entry in config.history:
        kind = _KINDS.get(entry.created_by.partition(" ")[0], "build arg")
        found += named_secrets(kind, entry.created_by)
    return found


_KINDS = {"ENV": "env", "LABEL": "label"}


def layer_lines(config: ImageConfig) -> list[str]:
    """The instruction that made each layer, bottom first; empty where history does not say."""
    lines = [one.created_by for one in config.history if not one.empty_layer]
    missing = len(config.diff_ids) - len(lines)
    return [*[""] * max(0, missing), *lines][-len(config.diff_ids) or None :]


def fate(later: Sequence[int], path: str) -> tuple[int, str]:
    """Which of the later layers (from 1, by their directories' descriptors) hides a file, and how; 0: none does."""
    for number, fd in enumerate(later, 1):
        how = _fate_in(fd, path.split("/"))
        if how:
            return number, how
    return 0, ""


def _fate_in(root_fd: int, parts: list[str]) -> str:
    fd, opaque = os.dup(root_fd), False
    try:
        for number, part in enumerate(parts, 1):
            info = lstat(fd, part)
            if info is None:
                break
            if is_whiteout(info):
                return "deleted"
            if number == len(parts):
                return "replaced"
            try:
                inner = os.open(part, DIRECTORY_FLAGS, dir_fd=fd)
            except OSError:
                return "deleted"
            os.close(fd)
            fd = inner
            opaque = opaque or is_opaque(fd)
    finally:
        os.close(fd)
    return "deleted" if opaque else ""
