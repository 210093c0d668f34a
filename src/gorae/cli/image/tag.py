"""`tag`: a further name for an image."""

from __future__ import annotations

from gorae.cli import reference
from gorae.cli.options import Command
from gorae.client.session import quote
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Name it."""
    source, target = call.arguments
    if not reference.is_id(source):
        _parsed(source, source)
    name = _parsed(target, target)
    if name.digest:
        raise InvalidArgument("refusing to create a tag with a digest reference")
    name = name.with_default_tag()
    query = {"repo": name.name, "tag": name.tag}
    call.session.post(f"/images/{quote(source, '/:@')}/tag", query)
    return 0


def _parsed(text: str, shown: str) -> reference.Reference:
    try:
        return reference.parse(text)
    except InvalidArgument as error:
        raise InvalidArgument(
            f'Error parsing reference: "{shown}" is not a valid repository/tag: {error}'
        ) from None


COMMAND = Command(
    "image tag",
    "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
    "give an image a further name",
    run,
    arguments=(2, 2),
)
