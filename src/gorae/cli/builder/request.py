"""The request document of a build from its options: what `POST /gorae/build` takes."""

from __future__ import annotations

import os

from gorae.cli import reference
from gorae.cli.builder import attributes, source
from gorae.cli.container import limits
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.console import Console
    from gorae.cli.options import Values

CALLS = ("build", "check", "outline", "targets")
GUARDS = ("warn", "error", "off")


class BuildRequest:
    """The document, and the sources that it names: `contexts` by name ("" is the main one)."""

    def __init__(
        self,
        document: dict[str, Any],
        contexts: dict[str, source.Source],
        dockerfile: source.Dockerfile,
        folders: dict[str, source.Source] | None = None,
    ) -> None:
        self.document = document
        self.contexts = contexts
        self.folders = folders or {}
        self.dockerfile = dockerfile

    @property
    def outputs(self) -> list[dict[str, str]]:
        """Where the results go."""
        found: list[dict[str, str]] = self.document["outputs"]
        return found


def from_options(
    options: Values, path: str, console: Console, *, inline: str | None = None
) -> BuildRequest:
    """Read the options; the folders are opened. `inline` is a Dockerfile's text in place of `--file`.

    Raises:
        InvalidArgument: an option's text is wrong. NotFound: a file or folder that it names is not there.
    """
    environment = dict(os.environ)
    _refuse_attestations(options)
    if inline is None:
        main, dockerfile = source.main_context(path, options.text("file"), console)
    else:
        main = source.folder(path)
        ignore = source.read_if_there(os.path.join(path, ".dockerignore"))
        dockerfile = source.Dockerfile("Dockerfile", inline.encode(), ignore)
    contexts = {"": main}
    for text in options.items("build-context"):
        name, one = source.named_context(text)
        contexts[name.lower()] = one
    folders: dict[str, source.Source] = {}
    document: dict[str, Any] = {
        "target": options.text("target"),
        "build_args": attributes.assignments(options.items("build-arg"), environment),
        "labels": attributes.texts(options.items("label"), environment),
        "annotations": attributes.annotation_texts(options.items("annotation")),
        "tags": [_checked_tag(text) for text in options.items("tag")],
        "no_cache": options.flag("no-cache"),
        "no_cache_filter": options.items("no-cache-filter"),
        "pull": options.flag("pull"),
        "network": _network(options.text("network")),
        "add_hosts": [attributes.host(text) for text in options.items("add-host")],
        "shm_size": options.number("shm-size"),
        "cgroup_parent": options.text("cgroup-parent"),
        "ulimits": [_ulimit(text) for text in options.items("ulimit")],
        "platforms": options.items("platform"),
        "outputs": _outputs(options),
        "cache_from": _caches(options, "cache-from", "src", folders),
        "cache_to": _caches(options, "cache-to", "dest", folders),
        "folders": {name: one.document for name, one in folders.items()},
        "squash": options.flag("squash"),
        "verify": options.flag("verify"),
        "allow": [attributes.entitlement(text) for text in options.items("allow")],
        "call": _call(options),
        "secret_guard": _guard(options.text("secret-guard")),
    }
    if "SOURCE_DATE_EPOCH" in environment:
        document["build_args"].setdefault("SOURCE_DATE_EPOCH", environment["SOURCE_DATE_EPOCH"])
    return BuildRequest(document | sources(contexts, dockerfile), contexts, dockerfile, folders)


def sources(contexts: dict[str, source.Source], dockerfile: source.Dockerfile) -> dict[str, Any]:
    """The part of the document that names contexts and Dockerfile."""
    file: dict[str, Any] = {"path": dockerfile.path}
    if dockerfile.text is not None:
        file["text"] = source.utf8_text(dockerfile.text, dockerfile.path)
    if dockerfile.ignore is not None:
        file["ignore"] = dockerfile.ignore.decode("utf-8", "replace")
        file["ignore_name"] = dockerfile.ignore_name
    main = contexts[""]
    return {
        "dockerfile": file,
        "contexts": {name: one.document for name, one in contexts.items()},
        "project": os.path.realpath(main.folder) if main.folder else "",
    }


def _checked_tag(text: str) -> str:
    try:
        found = reference.parse(text)
    except InvalidArgument as error:
        raise InvalidArgument(f'invalid tag "{text}": {error}') from None
    if found.digest:
        raise InvalidArgument(f'invalid tag "{text}": a tag cannot have a digest')
    return text


def _ulimit(text: str) -> dict[str, Any]:
    found = limits.read_ulimit(text)
    return {"name": found["Name"], "soft": found["Soft"], "hard": found["Hard"]}


def _network(text: str) -> str:
    if text in ("", "default", "bridge"):
        return "default"
    return text


def _call(options: Values) -> str:
    kind, _, form = options.text("call").partition(",")
    if options.flag("check"):
        kind = "check"
    if kind not in CALLS:
        raise InvalidArgument(f'invalid call "{kind}": it is one of {", ".join(CALLS)}')
    return f"{kind},{form}" if form else kind


def _caches(
    options: Values, option: str, place: str, folders: dict[str, source.Source]
) -> list[dict[str, str]]:
    """The caches of an option; folders of local ones that are there go to `folders`."""
    found = [attributes.cache(text, option) for text in options.items(option)]
    for number, one in enumerate(found):
        folder = source.layout_folder(one[place]) if one["type"] == "local" else None
        if folder is not None:
            one["folder"] = f"{option} {number}"
            folders[one["folder"]] = folder
    return found


def _guard(text: str) -> str:
    if text not in GUARDS:
        raise InvalidArgument(f'invalid secret-guard "{text}": it is one of {", ".join(GUARDS)}')
    return text


def _outputs(options: Values) -> list[dict[str, str]]:
    outputs = [attributes.output(text) for text in options.items("output")]
    if options.flag("push"):
        outputs.append({"type": "image", "push": "true"})
    if options.flag("load") or not outputs:
        outputs.append({"type": "image"})
    return outputs


def _refuse_attestations(options: Values) -> None:
    """As docker's own builder over an image store without indexes does.

    Raises:
        InvalidArgument: one was asked for.
    """
    wanted = [options.text("provenance"), options.text("sbom")]
    wanted += [text for text in options.items("attest") if "disabled=true" not in text]
    if any(text not in ("", "false", "0") for text in wanted):
        raise InvalidArgument(
            "attestations cannot be kept: an image here is one manifest, not an index; "
            "leave --provenance, --sbom and --attest out, or say =false"
        )
