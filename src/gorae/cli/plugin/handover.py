"""Another buildx of this machine, for engines that are not gorae."""

from __future__ import annotations

import os
import sys

from gorae.client.session import Session
from gorae.errors import GoraeError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from gorae.client.address import Address

NAME = "docker-buildx"
SET_ASIDE = f"{NAME}.before-gorae"
FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)


def is_gorae(address: Address) -> bool:
    """Whether gorae answers there; nobody at all is told by the command that needs one."""
    try:
        return Session(address).ping().get("server", "gorae").startswith("gorae")
    except (GoraeError, OSError):
        return True


def other() -> str:
    """The path of another buildx: one that was set aside beside us, else a system-wide one; empty for none."""
    own = os.path.realpath(sys.argv[0])
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), SET_ASIDE)
    for path in (beside, *(os.path.join(folder, NAME) for folder in FOLDERS)):
        if os.access(path, os.X_OK) and os.path.realpath(path) != own:
            return path
    return ""


def hand_over(words: list[str]) -> NoReturn:
    """Become the other program.

    Raises:
        NotFound: there is none.
    """
    path = other()
    if not path:
        raise NotFound(
            "the engine addressed is not gorae, and no other docker-buildx was found: "
            "install one, or set DOCKER_HOST to gorae's socket"
        )
    os.execv(path, [path, *words])
