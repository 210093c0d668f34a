"""The document of an exported build cache: BuildKit's `cacheconfig`, with our records' named parts beside it.

    {"layers":  [{"blob": DIGEST, "parent": -1, "annotations": {"mediaType", "diffID", "size", "createdAt"}}, ...],
     "records": [{"digest": KEY, "layers": [{"layer": N, "createdAt"}],
                  "gorae": {"parts": {...}, "aliases": [KEY, ...], "createdNs": N, "tookNs": N}}, ...]}

It is the config of an image manifest whose layers are the cache's, or one entry of an index; inline it stands in an
image's config under `moby.buildkit.cache.v0`, base64, as the list of records alone: N counts the image's own layers.
Source: BuildKit, cache/remotecache/v1/spec.go, cache/remotecache/inline.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gorae.errors import InvalidArgument
from gorae.oci import text
from gorae.oci.digest import DiffId, parse_digest
from gorae.oci.manifest import Descriptor

MEDIA_TYPE = "application/vnd.buildkit.cacheconfig.v0"
INLINE = "moby.buildkit.cache.v0"
MAX_BYTES = 16 << 20
MAX_RECORDS = 10_000
MAX_LAYERS = 10_000
MAX_ALIASES = 16
MAX_NS = 1 << 62
WHAT = "cache config"
OURS = "gorae"


@dataclass(frozen=True, slots=True)
class CacheLayer:
    """A layer's blob and what it unpacks to."""

    blob: Descriptor
    diff_id: DiffId


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """One result: its key and other names, its layer's number, and its record's parts."""

    key: str
    layer: int
    created_ns: int
    parts: dict[str, Any]
    aliases: tuple[str, ...] = ()
    took_ns: int = 0


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """`foreign`: how many records are another builder's, whose keys mean nothing here."""

    records: tuple[CacheRecord, ...]
    layers: tuple[CacheLayer, ...] = ()
    foreign: int = 0


def dump(config: CacheConfig) -> bytes:
    """The document's bytes."""
    document: dict[str, Any] = {}
    if config.layers:
        document["layers"] = [_layer_document(one) for one in config.layers]
    document["records"] = [_record_document(one) for one in config.records]
    return text.dump(document)


def inline(config: CacheConfig) -> str:
    """As it stands in an image's config."""
    records = text.dump([_record_document(one) for one in config.records])
    return base64.b64encode(records).decode()


def parse(raw: bytes) -> CacheConfig:
    """Raises: InvalidArgument: too large, or naming the bad field; a layer that is not there."""
    document = _load(raw)
    layers = text.want(document, "layers", list, WHAT, [])
    if len(layers) > MAX_LAYERS:
        raise InvalidArgument(f"{WHAT}: more than {MAX_LAYERS} layers")
    return _config(document, tuple(_layer(one) for one in layers))


def parse_inline(encoded: str, layers: Sequence[CacheLayer]) -> CacheConfig:
    """The same out of an image's config; `layers`: the image's. Raises: InvalidArgument."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidArgument(f"{WHAT}: it is not base64") from None
    return _config(_load(b'{"records":' + raw + b"}"), tuple(layers))


def _load(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise InvalidArgument(f"{WHAT}: {len(raw)} bytes, at most {MAX_BYTES}")
    return text.load(raw, WHAT)


def _config(document: dict[str, Any], layers: tuple[CacheLayer, ...]) -> CacheConfig:
    found = text.want(document, "records", list, WHAT, [])
    if len(found) > MAX_RECORDS:
        raise InvalidArgument(f"{WHAT}: more than {MAX_RECORDS} records")
    records = [_record(one, len(layers)) for one in found]
    ours = tuple(one for one in records if one is not None)
    return CacheConfig(ours, layers, len(records) - len(ours))


def _layer_document(one: CacheLayer) -> dict[str, Any]:
    return {
        "blob": one.blob.digest,
        "parent": -1,
        "annotations": {
            "mediaType": one.blob.media_type,
            "diffID": one.diff_id,
            "size": one.blob.size,
        },
    }


def _layer(one: Any) -> CacheLayer:
    if not isinstance(one, dict):
        raise InvalidArgument(f"{WHAT}: a layer is no object")
    notes = text.want(one, "annotations", dict, WHAT, {})
    size = text.want(notes, "size", int, WHAT, -1)
    if size < 0:
        raise InvalidArgument(f"{WHAT}: a layer has no size")
    kind = text.want(notes, "mediaType", str, WHAT, "")
    blob = Descriptor(kind, parse_digest(text.want(one, "blob", str, WHAT, "")), size)
    return CacheLayer(blob, DiffId(parse_digest(text.want(notes, "diffID", str, WHAT, ""))))


def _record_document(one: CacheRecord) -> dict[str, Any]:
    created = datetime.fromtimestamp(one.created_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = {
        "parts": one.parts,
        "aliases": list(one.aliases),
        "createdNs": one.created_ns,
        "tookNs": one.took_ns,
    }
    return {
        "layers": [{"layer": one.layer, "createdAt": created}],
        "digest": one.key,
        OURS: ours,
    }


def _record(one: Any, layers: int) -> CacheRecord | None:
    """None: another builder's."""
    if not isinstance(one, dict):
        raise InvalidArgument(f"{WHAT}: a record is no object")
    ours = text.want(one, OURS, dict, WHAT)
    if ours is None:
        return None
    results = text.want(one, "layers", list, WHAT, [])
    if len(results) != 1 or not isinstance(results[0], dict):
        raise InvalidArgument(f"{WHAT}: a record wants one layer, found {len(results)}")
    layer = text.want(results[0], "layer", int, WHAT, -1)
    if not 0 <= layer < layers:
        raise InvalidArgument(f"{WHAT}: a record names the layer {layer} of {layers}")
    aliases = text.want(ours, "aliases", list, WHAT, [])
    return CacheRecord(
        key=parse_digest(text.want(one, "digest", str, WHAT, "")),
        layer=layer,
        created_ns=_number(ours, "createdNs"),
        parts=text.want(ours, "parts", dict, WHAT, {}),
        aliases=tuple(parse_digest(str(alias)) for alias in aliases[:MAX_ALIASES]),
        took_ns=_number(ours, "tookNs"),
    )


def _number(document: dict[str, Any], key: str) -> int:
    return int(min(max(text.want(document, key, int, WHAT, 0), 0), MAX_NS))
