"""Registries as the API speaks of them: credentials, logins, search results, what a registry has."""

import base64
import binascii

from msgspec import UNSET, Struct, UnsetType, field

from gorae.errors import InvalidArgument
from gorae.wire import codec

MAX_AUTH_CHARS = 64 << 10


class AuthConfig(Struct):
    """Credentials for a registry; the keys are in lower case."""

    username: str = ""
    password: str = ""
    auth: str = ""
    email: str = ""
    serveraddress: str = ""
    identitytoken: str = ""
    registrytoken: str = ""


def decode_auth(header: str) -> AuthConfig:
    """The `X-Registry-Auth` field: base64url of JSON; nothing at all is nobody.

    Raises:
        InvalidArgument: it is something else.
    """
    bare = header.strip().rstrip("=").replace("-", "+").replace("_", "/")
    if not bare:
        return AuthConfig()
    try:
        data = base64.b64decode(bare[:MAX_AUTH_CHARS] + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidArgument("invalid X-Registry-Auth header: must be base64url-encoded") from None
    found = codec.decode(AuthConfig, data or b"{}")
    if found.auth and not found.username:
        try:
            user, _, password = base64.b64decode(found.auth).decode().partition(":")
        except (binascii.Error, ValueError):
            raise InvalidArgument("invalid X-Registry-Auth header: auth is not base64") from None
        found.username, found.password = user, password
    return found


class LoginAnswer(Struct, rename="pascal"):
    """`identity_token`: kept by the client instead of the password, where the registry gives one."""

    identity_token: str
    status: str


class SearchResult(Struct):
    """A repository that a search found."""

    star_count: int
    is_official: bool
    name: str
    is_automated: bool
    description: str


class Descriptor(Struct, rename="camel"):
    """What a tag means in its registry."""

    media_type: str
    digest: str
    size: int


class Platform(Struct, omit_defaults=True, frozen=True):
    """A platform of an image."""

    architecture: str = ""
    os: str = ""
    os_version: str | UnsetType = field(default=UNSET, name="os.version")
    variant: str | UnsetType = UNSET


class DistributionInspect(Struct, rename="pascal"):
    """An image without its bytes."""

    descriptor: Descriptor
    platforms: list[Platform]


class ManifestInspect(Struct, rename="pascal"):
    """A manifest or an index in its registry; `raw` in base64."""

    ref: str
    descriptor: Descriptor
    platform: Platform | None
    raw: bytes


class IndexEntry(Struct, rename="pascal"):
    """An image of an index to be made."""

    ref: str
    platform: Platform = Platform()


class IndexPush(Struct, rename="pascal"):
    """An index to be made."""

    entries: list[IndexEntry] = []


class IndexPushed(Struct, rename="pascal"):
    """The index that was made."""

    digest: str
