"""Manifest lists that are being put together, in the client's folder, where docker keeps them too.

    ~/.docker/manifests/LIST/IMAGE      one JSON file for each image of a list

In file names `:` is `-` and `/` is `_`. Shape of a file: `Ref`, `Descriptor {mediaType,digest,size,platform}`, `Raw`.
"""

from __future__ import annotations

import os

from gorae.cli import credentials
from gorae.client import jsontext
from gorae.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.cli.reference import Reference


def whole(name: Reference) -> str:
    """The normalized name with tag or digest."""
    tag = f":{name.tag}" if name.tag else ""
    return name.name + tag + (f"@{name.digest}" if name.digest else "")


def safe(text: str) -> str:
    """A name as a file's."""
    return text.replace(":", "-").replace("/", "_")


class Lists:
    """The lists of one client."""

    def __init__(self, call: Invocation) -> None:
        self._folder = os.path.join(credentials.folder(call.globals.text("config")), "manifests")

    def _path(self, name: Reference) -> str:
        return os.path.join(self._folder, safe(whole(name)))

    def exists(self, name: Reference) -> bool:
        """Whether such a list was begun."""
        return os.path.isdir(self._path(name))

    def entries(self, name: Reference) -> list[dict[str, Any]]:
        """The images of a list. Raises: NotFound: there is none."""
        try:
            files = sorted(os.listdir(self._path(name)))
        except FileNotFoundError:
            raise NotFound(f"{name.familiar} not found") from None
        found = []
        for one in files:
            with open(os.path.join(self._path(name), one), "rb") as file:
                found.append(jsontext.decode(file.read()))
        return found

    def put(self, name: Reference, image: Reference, entry: dict[str, Any]) -> None:
        """Add an image, or replace it."""
        os.makedirs(self._path(name), mode=0o755, exist_ok=True)
        path = os.path.join(self._path(name), safe(whole(image)))
        with open(f"{path}.part", "wb") as file:
            file.write(jsontext.encode(entry).encode())
        os.replace(f"{path}.part", path)

    def get(self, name: Reference, image: Reference) -> dict[str, Any]:
        """One image of a list. Raises: NotFound."""
        path = os.path.join(self._path(name), safe(whole(image)))
        try:
            with open(path, "rb") as file:
                found: dict[str, Any] = jsontext.decode(file.read())
        except FileNotFoundError:
            raise NotFound(
                f"manifest for image {image.familiar} does not exist in {name.familiar}"
            ) from None
        return found

    def remove(self, name: Reference) -> None:
        """Forget a list. Raises: NotFound."""
        if not self.exists(name):
            raise NotFound(f"No such manifest: {name.familiar}")
        for one in os.listdir(self._path(name)):
            os.unlink(os.path.join(self._path(name), one))
        os.rmdir(self._path(name))
