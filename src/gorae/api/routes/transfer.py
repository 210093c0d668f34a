"""What pull, push and their like have in common: a name, credentials, a platform, steps as progress lines."""

import base64
import binascii
from collections.abc import AsyncIterator, Callable

from msgspec import UNSET

from gorae.api.backend import Services
from gorae.api.bridge import lines_of
from gorae.api.call import Call
from gorae.engine.progress import Emit, Step
from gorae.errors import InvalidArgument, Unauthorized, Unavailable
from gorae.oci import platform as platforms
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference
from gorae.registry.auth import Credentials
from gorae.wire import codec, progress
from gorae.wire import registry as wire
from gorae.wire.registry import AuthConfig, decode_auth


def named(name: str, tag: str = "") -> Reference:
    """A name and the tag or digest beside it.

    Raises:
        InvalidArgument: no reference, or docker's reserved one.
    """
    if name in ("scratch", "library/scratch", "docker.io/library/scratch"):
        raise InvalidArgument("'scratch' is a reserved name")
    return Reference.parse(f"{name}{'@' if ':' in tag else ':'}{tag}" if tag else name)


def platform(call: Call) -> Platform | None:
    """The `platform` parameter. Raises: InvalidArgument."""
    asked = call.text("platform")
    return platforms.parse(asked) if asked else None


def pushed_platform(call: Call) -> Platform | None:
    """The `platform` parameter of a push: a JSON object. Raises: InvalidArgument."""
    asked = call.text("platform")
    if not asked.strip().startswith("{"):
        return platforms.parse(asked) if asked else None
    found = codec.decode(wire.Platform, asked.encode())
    return platforms.normalized(Platform(found.architecture, found.os, found.variant or ""))


def verify_keys(call: Call) -> tuple[bytes, ...]:
    """Public keys of `X-Gorae-Verify-Key` headers, each PEM in base64. Raises: InvalidArgument."""
    try:
        return tuple(
            base64.b64decode(one, validate=True)
            for one in call.request.headers.getall("X-Gorae-Verify-Key", [])
        )
    except (binascii.Error, ValueError):
        raise InvalidArgument("invalid X-Gorae-Verify-Key header: must be base64") from None


def credentials(call: Call) -> Credentials:
    """Those of the `X-Registry-Auth` header; whatever cannot be read is nobody, as for dockerd."""
    try:
        return credentials_of(decode_auth(call.request.headers.get("X-Registry-Auth", "")))
    except InvalidArgument:
        return Credentials()


def credentials_of(found: AuthConfig) -> Credentials:
    """The same value in the client's words."""
    return Credentials(
        username=found.username,
        password=found.password,
        identity_token=found.identitytoken,
        registry_token=found.registrytoken,
        server=found.serveraddress,
    )


def line(step: Step) -> bytes:
    """A step as docker's clients read it."""
    has_detail = bool(step.id and step.status and not step.status.startswith("Pulling from"))
    detail = progress.ProgressDetail(step.current, step.total) if has_detail else UNSET
    message = progress.Message(
        status=step.status or UNSET,
        progress_detail=progress.ProgressDetail() if step.result is not None else detail,
        progress=progress.bar(step.current, step.total) if step.total else UNSET,
        id=step.id or UNSET,
        aux=step.result if step.result is not None else UNSET,
    )
    return progress.line(message)


async def steps(services: Services, work: Callable[[Emit], object]) -> AsyncIterator[bytes]:
    """The lines of work that tells its steps; it is told when the client has left."""

    def run(emit: Callable[[bytes], None]) -> None:
        try:
            work(lambda step: emit(b"" if step is None else line(step)))
        except Unauthorized as error:
            # It is the registry that refused, not we: for a 401 of ours the CLI would ask for a password.
            raise Unavailable(error.message) from error

    async for one in lines_of(services.run_transfer, run):
        yield one
