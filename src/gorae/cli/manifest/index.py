"""`manifest inspect`, `create`, `annotate`, `push` and `rm`."""

from __future__ import annotations

import binascii

from gorae.cli import credentials, reference
from gorae.cli.manifest.lists import Lists, whole
from gorae.cli.options import Command, Option
from gorae.client import jsontext
from gorae.client.session import quote
from gorae.errors import Conflict, GoraeError, InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.cli.reference import Reference

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
INDENT = 3


def inspect(call: Invocation) -> int:
    """Show a manifest, or the one of a list that is being made."""
    words = call.arguments
    if len(words) == 2:
        entry = Lists(call).get(_named(words[0]), _named(words[1]))
        _show(call, entry, verbose=call.options.flag("verbose"))
        return 0
    name = _named(words[0])
    lists = Lists(call)
    if lists.exists(name):
        entries = lists.entries(name)
        if call.options.flag("verbose"):
            call.say(_json(entries))
        else:
            call.say(_json(_index(entries)))
        return 0
    _show(call, fetch(call, name), verbose=call.options.flag("verbose"))
    return 0


def _show(call: Invocation, entry: dict[str, Any], *, verbose: bool) -> None:
    raw = jsontext.decode(binascii.a2b_base64(entry["Raw"]))
    if not verbose:
        call.say(_json(raw))
        return
    kind = entry["Descriptor"]["mediaType"]
    if kind not in INDEXES:
        call.say(_json({**entry, _field(kind): raw}))
        return
    name = reference.parse(entry["Ref"])
    shown = []
    for one in raw["manifests"]:
        found = fetch(call, reference.parse(f"{name.name}@{one['digest']}"))
        found["Descriptor"]["platform"] = one.get("platform") or {}
        inner = jsontext.decode(binascii.a2b_base64(found["Raw"]))
        shown.append({**found, _field(found["Descriptor"]["mediaType"]): inner})
    call.say(_json(shown))


def _field(kind: str) -> str:
    return "SchemaV2Manifest" if kind == DOCKER_MANIFEST else "OCIManifest"


def _json(value: Any) -> str:
    return str(jsontext.encode(value, indent=INDENT))


def _index(entries: list[dict[str, Any]]) -> dict[str, Any]:
    docker = all(one["Descriptor"]["mediaType"] == DOCKER_MANIFEST for one in entries)
    return {
        "schemaVersion": 2,
        "mediaType": INDEXES[0] if docker else INDEXES[1],
        "manifests": [one["Descriptor"] for one in entries],
    }


def fetch(call: Invocation, name: Reference) -> dict[str, Any]:
    """A manifest as its registry has it, in the shape of a list's file."""
    document = credentials.read(credentials.folder(call.globals.text("config")))
    path = f"/gorae/manifests/{quote(whole(name), '/:@')}/json"
    response = call.session.call("GET", path, headers=[credentials.header(document, name.domain)])
    found = jsontext.decode(response.read())
    descriptor = found["Descriptor"]
    if found.get("Platform"):
        descriptor["platform"] = found["Platform"]
    return {"Ref": found["Ref"], "Descriptor": descriptor, "Raw": found["Raw"]}


def create(call: Invocation) -> int:
    """Begin a list, or with `--amend` add to one."""
    name = _named(call.arguments[0])
    lists = Lists(call)
    if lists.exists(name) and not call.options.flag("amend"):
        raise Conflict("refusing to amend an existing manifest list with no --amend flag")
    found = []
    for text in call.arguments[1:]:
        image = _named(text)
        try:
            entry = fetch(call, image)
        except NotFound:
            raise NotFound(f"no such manifest: {image.familiar}") from None
        if entry["Descriptor"]["mediaType"] in INDEXES:
            raise InvalidArgument(f"{image.familiar} is a manifest list")
        found.append((image, entry))
    for image, entry in found:
        lists.put(name, image, entry)
    call.say(f"Created manifest list {whole(name)}")
    return 0


def annotate(call: Invocation) -> int:
    """Say of an image of a list for which platform it is."""
    name, image = (_named(one) for one in call.arguments)
    lists = Lists(call)
    entry = lists.get(name, image)
    platform = entry["Descriptor"].setdefault("platform", {})
    options = call.options
    for option, key in (
        ("arch", "architecture"),
        ("os", "os"),
        ("os-version", "os.version"),
        ("variant", "variant"),
    ):
        if options.text(option):
            platform[key] = options.text(option)
    if options.items("os-features"):
        platform["os.features"] = list(options.items("os-features"))
    lists.put(name, image, entry)
    return 0


def push(call: Invocation) -> int:
    """Make the index in the registry."""
    name = _named(call.arguments[0])
    lists = Lists(call)
    entries = []
    for one in lists.entries(name):
        source = reference.parse(one["Ref"])
        platform = one["Descriptor"].get("platform") or {}
        entries.append(
            {
                "Ref": f"{source.name}@{one['Descriptor']['digest']}",
                "Platform": {
                    "architecture": platform.get("architecture", ""),
                    "os": platform.get("os", ""),
                    "variant": platform.get("variant", ""),
                    "os.version": platform.get("os.version", ""),
                },
            }
        )
    document = credentials.read(credentials.folder(call.globals.text("config")))
    answer = call.session.post(
        f"/gorae/manifests/{quote(whole(name), '/:@')}/push",
        None,
        {"Entries": entries},
        headers=[credentials.header(document, name.domain)],
    )
    call.say(answer["Digest"])
    if call.options.flag("purge"):
        lists.remove(name)
    return 0


def remove(call: Invocation) -> int:
    """Forget lists that are being made."""
    lists = Lists(call)
    failures = []
    for text in call.arguments:
        try:
            lists.remove(_named(text))
        except GoraeError as error:
            failures.append(str(error))
    if failures:
        raise NotFound("\n".join(failures))
    return 0


def _named(text: str) -> Reference:
    return reference.parse(text).with_default_tag()


_INSECURE = Option(
    "insecure", "bool", "accepted for docker's sake: the engine's configuration decides"
)
COMMANDS = {
    "inspect": Command(
        "manifest inspect",
        "[OPTIONS] [MANIFEST_LIST] MANIFEST",
        "show a manifest or an index",
        inspect,
        (_INSECURE, Option("v verbose", "bool", "show what each image of an index is, too")),
        arguments=(1, 2),
    ),
    "create": Command(
        "manifest create",
        "MANIFEST_LIST MANIFEST [MANIFEST...]",
        "begin an index of images that are in a registry",
        create,
        (Option("a amend", "bool", "add to one that was begun"), _INSECURE),
        arguments=(2, None),
    ),
    "annotate": Command(
        "manifest annotate",
        "[OPTIONS] MANIFEST_LIST MANIFEST",
        "say for which platform an image of an index is",
        annotate,
        (
            Option("arch", "string", "its architecture"),
            Option("os", "string", "its operating system"),
            Option("os-features", "strings", "features of the operating system that it needs"),
            Option("os-version", "string", "its operating system's version"),
            Option("variant", "string", "the architecture's variant"),
        ),
        arguments=(2, 2),
    ),
    "push": Command(
        "manifest push",
        "[OPTIONS] MANIFEST_LIST",
        "make the index in its registry",
        push,
        (_INSECURE, Option("p purge", "bool", "forget the list afterwards")),
        arguments=(1, 1),
    ),
    "rm": Command(
        "manifest rm",
        "MANIFEST_LIST [MANIFEST_LIST...]",
        "forget lists that were begun",
        remove,
        arguments=(1, None),
    ),
}
