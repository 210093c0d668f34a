"""The images that a build stands on: found here, taken out of a client's layout, or pulled; blocking."""

from collections.abc import Callable
from dataclasses import dataclass

from gorae.build.request import BuildRequest
from gorae.build.session import Session
from gorae.build.vertex import Base
from gorae.engine.images import Image, Images
from gorae.engine.layoutimage import LayoutImages
from gorae.engine.progress import Emit
from gorae.engine.pulls import PullOptions
from gorae.errors import InvalidArgument
from gorae.oci import platform as platforms
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference

Pull = Callable[[Reference, PullOptions, Emit], Image]
"""Of `engine.pulls`."""


@dataclass(frozen=True, slots=True)
class BuildBases:
    """The service. `host`: what is meant where no platform is said."""

    images: Images
    layouts: LayoutImages
    pull: Pull
    host: Platform

    def find(self, reference: str, platform: str, request: BuildRequest, session: Session) -> Base:
        """What a reference means, held by the session's lease. `platform`: of the FROM, may be empty.

        An image here of another platform than was asked for is not taken: as in docker the registry is asked. What the
        name means here stays what it was.

        Raises:
            NotFound, Unavailable...: it cannot be had. Cancelled.
        """
        asked = _platform(platform) or request.platform
        layout = session.layouts.get(reference)
        if layout is not None:
            wanted = asked or self.host
            return self.layouts.bring(layout, wanted, session.lease, session.cancel.check)
        here = self.images.find(reference)
        image = None if request.pull else here
        if image is not None and asked is not None and not _fits(image, asked):
            image = None
        if image is None:
            name = Reference.parse(reference)
            options = PullOptions(asked, request.credentials_for(name.domain))
            image = self.pull(name, options, lambda step: session.cancel.check())
            if here is not None and not (asked is None or _fits(here, asked)):
                self._give_back(here, name)
        chain = image.chain_id
        if chain:
            self.images.store.db.write(
                lambda tx: session.lease.hold(tx, "snapshot", chain), durable=False
            )
        return Base(full_name(reference), image.id, image.config, chain)

    def _give_back(self, here: Image, name: Reference) -> None:
        if not name.digest:
            self.images.tag(here.id, name.familiar)


def _fits(image: Image, wanted: Platform) -> bool:
    have = Platform(image.config.architecture, image.config.os, image.config.variant)
    return platforms.matches(wanted, have)


def _platform(text: str) -> Platform | None:
    if not text:
        return None
    os_name, _, rest = text.partition("/")
    architecture, _, variant = rest.partition("/")
    return Platform(architecture, os_name, variant)


def full_name(reference: str) -> str:
    """As progress names an image: with registry and tag."""
    try:
        return Reference.parse(reference).with_default_tag().normalized
    except InvalidArgument:
        return reference
