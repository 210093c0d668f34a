"""Pages of repositories: overview, one image, a layer's files, settings."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gorae.errors import GoraeError, InvalidArgument, NotFound
from gorae.hub.access import DELETE, PULL
from gorae.hub.manifests import MAX_CONFIG_BYTES
from gorae.hub.path import NAME, namespace_of
from gorae.hub.services import Services
from gorae.hub.site import layer, shape, words
from gorae.hub.site.desk import Visit
from gorae.hub.site.markdown import html
from gorae.hub.site.render import go
from gorae.hub.tables.manifests import ManifestRow, TagRow
from gorae.oci import manifest as oci
from gorae.oci.config import ImageConfig
from gorae.oci.manifest import Descriptor, Index, Manifest

MAX_TAGS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TagLine:
    """One tag on a repository's page."""

    tag: TagRow
    platforms: list[str]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an image's history; `layer` None where the step made none."""

    text: str
    layer: Descriptor | None


def _target(visit: Visit) -> tuple[str, str]:
    """The repository in the path and, after `:` or `@`, the reference; empty for none."""
    text = visit.request.match_info["name"]
    name, at, reference = text.partition("@")
    if not at:
        name, _, reference = text.partition(":")
    if not NAME.fullmatch(name):
        raise NotFound("no such page")
    return name, reference


async def show(visit: Visit) -> web.StreamResponse:
    """A repository, or one of its images."""
    name, reference = _target(visit)
    await visit.want(name, PULL)
    if reference:
        return await _image(visit, name, reference)
    repository = await visit.run(visit.services.catalog.get, name)
    lines = await visit.run(_tag_lines, visit.services, name)
    granted = await visit.run(visit.services.permissions.granted, visit.who.who, name, (DELETE,))
    best = next((one.tag.name for one in lines if one.tag.name == "latest"), "")
    return visit.page(
        "repository.html",
        repository=repository,
        lines=lines[:MAX_TAGS_SHOWN],
        hidden=max(len(lines) - MAX_TAGS_SHOWN, 0),
        readme=html(repository.readme) if repository.readme else "",
        tag=best or (lines[0].tag.name if lines else "latest"),
        may_change=DELETE in granted,
    )


def _tag_lines(services: Services, name: str) -> list[TagLine]:
    rows = {row.digest: row for row in services.catalog.manifests(name)}
    found = []
    for tag in services.catalog.tags(name):
        row = rows[tag.digest]
        children = _children(services, row, rows)
        platforms = [one.platform for one in children if one.platform] or [row.platform]
        size = sum(one.total_bytes for one in children) or row.total_bytes
        found.append(TagLine(tag, [one for one in platforms if one], size))
    return found


def _children(
    services: Services, row: ManifestRow, rows: dict[str, ManifestRow]
) -> list[ManifestRow]:
    """The manifests of an index that are for a platform."""
    if row.platform or row.size_bytes > MAX_CONFIG_BYTES:
        return []
    parsed = oci.parse(services.small.read(row.digest, row.size_bytes), row.media_type)
    if not isinstance(parsed, Index):
        return []
    return [
        rows[one.digest]
        for one in parsed.manifests
        if one.digest in rows and not (one.platform and one.platform.os == "unknown")
    ]


async def _image(visit: Visit, name: str, reference: str) -> web.StreamResponse:
    values = await visit.run(_describe, visit.services, name, reference)
    repository = await visit.run(visit.services.catalog.get, name)
    return visit.page("image.html", repository=repository, reference=reference, **values)


def _describe(services: Services, name: str, reference: str) -> dict[str, Any]:
    row = services.manifests.row(name, reference)
    rows = {one.digest: one for one in services.catalog.manifests(name)}
    parsed = oci.parse(services.small.read(row.digest, row.size_bytes), row.media_type)
    attached, _ = services.manifests.referrers(name, row.digest, "", "", 50)
    known = {
        "row": row,
        "referrers": attached,
        "joiner": "@" if ":" in reference else ":",
        "tags": [tag.name for tag in services.catalog.tags(name) if tag.digest == row.digest],
    }
    if isinstance(parsed, Index):
        children = _children(services, row, rows)
        return {**known, "children": children, "steps": [], "config": None}
    config = _config(services, parsed)
    return {**known, "children": [], "steps": steps(parsed, config), "config": config}


def _config(services: Services, manifest: Manifest) -> ImageConfig | None:
    """The image's config; None for what is no image."""
    if manifest.config.size > MAX_CONFIG_BYTES:
        return None
    try:
        raw = services.small.read(manifest.config.digest, manifest.config.size)
        config = ImageConfig.parse(raw)
    except GoraeError:
        return None
    return config if config.diff_ids else None


def steps(manifest: Manifest, config: ImageConfig | None) -> list[Step]:
    """The history with each layer at the step that made it; layers alone where the two do not fit."""
    history = config.history if config else ()
    if sum(1 for one in history if not one.empty_layer) != len(manifest.layers):
        return [Step("", one) for one in manifest.layers]
    layers = iter(manifest.layers)
    return [
        Step(shape.instruction(one.created_by), None if one.empty_layer else next(layers))
        for one in history
    ]


async def files(visit: Visit) -> web.StreamResponse:
    """A layer's tree, one folder at a time."""
    name, digest = _target(visit)
    await visit.want(name, PULL)
    folder = "/".join(part for part in visit.request.query.get("path", "").split("/") if part)
    blob = await visit.run(visit.services.blobs.get, name, digest)
    problem, rows = "", []
    try:
        entries = await visit.run(visit.desk.layers.entries, blob)
        rows = await visit.run(layer.listing, entries, folder)
    except InvalidArgument:
        problem = words.say(visit.who.language, "not_a_layer")
    return visit.page(
        "files.html",
        name=name,
        digest=digest,
        folder=folder,
        parents=_parents(folder),
        rows=rows[: layer.SHOWN],
        cut=len(rows) > layer.SHOWN,
        shown=layer.SHOWN,
        layer_bytes=blob.size_bytes,
        problem=problem,
    )


def _parents(folder: str) -> list[tuple[str, str]]:
    """(name, path) of a folder and those above it, outermost first."""
    parts = folder.split("/") if folder else []
    return [(part, "/".join(parts[: at + 1])) for at, part in enumerate(parts)]


async def settings(visit: Visit) -> web.StreamResponse:
    """What an owner can change."""
    name, _ = _target(visit)
    visit.want_account()
    await visit.want(name, DELETE)
    repository = await visit.run(visit.services.catalog.get, name)
    if visit.request.method != "POST":
        return visit.page("settings.html", repository=repository, notice="")
    form, catalog, caller = visit.form, visit.services.catalog, visit.who.caller
    if form.get("action") == "remove":
        if form.get("confirm", "").strip() != name:
            problem = words.say(visit.who.language, "name_differs")
            return visit.page("settings.html", 400, repository=repository, problem=problem)
        await visit.run(catalog.remove, name, caller)
        return go(f"/u/{namespace_of(name)}")
    await visit.run(
        catalog.set_text, name, form.get("description", "").strip(), form.get("readme", ""), caller
    )
    visibility = form.get("visibility", repository.visibility)
    if visibility != repository.visibility:
        await visit.run(catalog.set_visibility, name, visibility, caller)
    return go(f"/r/{name}")
