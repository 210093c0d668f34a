"""Where a build's result goes: an image here, a registry, an archive or the files themselves for the client.

image     recorded here under its names; with `push` sent to their registries
docker    an archive that `load` takes; without a place to go to the image is recorded here
oci       the same as an OCI layout alone
tar       the file system as one archive
local     the same, which the client unpacks
"""

import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gorae.build import exporter
from gorae.build.progress import Vertex
from gorae.build.request import BuildRequest
from gorae.build.result import Result
from gorae.build.session import Output, Session
from gorae.build.workspace import Workspaces
from gorae.engine.imagearchive import ImageArchives
from gorae.engine.images import Image, Images
from gorae.engine.progress import Emit, Step
from gorae.engine.pushes import PushOptions
from gorae.engine.recorder import Recorder
from gorae.errors import InvalidArgument
from gorae.oci import annotation, media_type
from gorae.oci import manifest as manifests
from gorae.oci.annotation import Annotations
from gorae.oci.config import ImageConfig
from gorae.oci.digest import Digest
from gorae.oci.manifest import Descriptor, Manifest
from gorae.oci.reference import Reference
from gorae.store.archive.pack import pack_layer
from gorae.store.store import Store

Push = Callable[[Reference, PushOptions, Emit], Sequence[Digest]]
"""Of `engine.pushes`."""
CACHE_ONLY = "cacheonly"
TYPES = ("image", "registry", "docker", "oci", "tar", "local", CACHE_ONLY)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was built: the image's config and names, and its file system."""

    config: ImageConfig
    names: tuple[Reference, ...]
    end: Result


class BuildOutputs:
    """Carries outputs out."""

    def __init__(
        self,
        store: Store,
        images: Images,
        recorder: Recorder,
        archives: ImageArchives,
        workspaces: Workspaces,
        push: Push,
    ) -> None:
        self._store = store
        self._images = images
        self._recorder = recorder
        self._archives = archives
        self._workspaces = workspaces
        self._push = push

    def check(self, request: BuildRequest, platform: str) -> None:
        """Before anything is built.

        Raises:
            InvalidArgument: an unknown type, annotations for which there is no place.
        """
        outputs = request.outputs
        for one in outputs or ({"type": "image"},):
            kind = one.get("type", "")
            if kind not in TYPES:
                raise InvalidArgument(f'output type "{kind}" is not supported')
            _check_attributes(kind, one)
            notes = annotation.read(request.annotations, one, platform)
            if (notes.index or notes.descriptor) and (
                kind not in ("oci", "docker") or _is_here(one)
            ):
                raise InvalidArgument(
                    f'annotations of an index: the output "{kind}" is one manifest without an index; '
                    "annotate the manifest, or use --output type=oci"
                )
            if notes and kind in ("tar", "local", CACHE_ONLY):
                raise InvalidArgument(
                    f'annotations: the output "{kind}" has no manifest to hold them'
                )

    def deliver(
        self, outcome: Outcome, request: BuildRequest, session: Session, vertex: Vertex
    ) -> Image | None:
        """Every output, the image here first; the image, where one was asked for."""
        outputs = request.outputs or ({"type": "image"},)
        image = None
        for one in outputs:
            if _is_here(one):
                notes = annotation.read(request.annotations, one, session.platform)
                image = self._record(outcome, one, notes, session, vertex)
        for one in outputs:
            if one.get("type") == CACHE_ONLY:
                continue  # the steps are kept already
            if not _is_here(one):
                notes = annotation.read(request.annotations, one, session.platform)
                self._send(outcome, one, notes, session, vertex)
            elif _truth(one.get("push")):
                self._push_names(outcome, one, request, session, vertex)
        return image

    def _record(
        self,
        outcome: Outcome,
        output: Mapping[str, str],
        notes: Annotations,
        session: Session,
        vertex: Vertex,
    ) -> Image:
        progress, config = session.progress, outcome.config
        names = _names(outcome, output)
        began = progress.status(vertex, "exporting layers")
        layers = [exporter.layer(self._store, one) for one in config.diff_ids]
        self._store.snapshots.sync_committed()
        progress.status(vertex, "exporting layers", started_ns=began, done=True)
        began = progress.status(vertex, f"writing image {config.id}")
        with self._store.lease() as lease:
            chain = outcome.end.chain_id
            if chain:
                self._store.db.write(lambda tx: lease.hold(tx, "snapshot", chain), durable=False)
            as_oci = notes or _truth(output.get("oci-mediatypes"))
            manifest = _annotated(config, layers, notes) if as_oci else None
            self._recorder.record(
                config,
                layers,
                lease,
                [one.normalized for one in names],
                manifest,
                anew=bool(as_oci),
            )
        progress.status(vertex, f"writing image {config.id}", started_ns=began, done=True)
        image = self._images.resolve(config.id)
        for name in names:
            progress.status(vertex, f"naming to {name.normalized}", done=True)
            self._images.announce("tag", image, name.familiar)
        return image

    def _push_names(
        self,
        outcome: Outcome,
        output: Mapping[str, str],
        request: BuildRequest,
        session: Session,
        vertex: Vertex,
    ) -> None:
        names = _names(outcome, output)
        if not names:
            raise InvalidArgument("tag is needed when pushing to registry")

        def emit(step: Step | None) -> None:
            session.cancel.check()
            if step is not None and step.id and step.status:
                session.progress.status(
                    vertex, f"pushing layer {step.id}", current=step.current, total=step.total
                )

        for name in names:
            began = session.progress.status(vertex, f"pushing {name.normalized}")
            options = PushOptions(credentials=request.credentials_for(name.domain))
            self._push(name, options, emit)
            session.progress.status(
                vertex, f"pushing {name.normalized}", started_ns=began, done=True
            )

    def _send(
        self,
        outcome: Outcome,
        output: Mapping[str, str],
        notes: Annotations,
        session: Session,
        vertex: Vertex,
    ) -> None:
        kind, dest = output["type"], output.get("dest", "-")
        began = session.progress.status(vertex, f"sending {kind}")
        as_folder = kind in ("oci", "docker") and _falsity(output.get("tar"))
        stream = session.client.output("local" if as_folder else kind, dest)
        if kind in ("docker", "oci"):
            self._send_archive(outcome, output, notes, stream, session)
        else:
            self._send_files(outcome, stream, session)
        stream.finish()
        session.progress.status(vertex, f"sending {kind}", started_ns=began, done=True)

    def _send_archive(
        self,
        outcome: Outcome,
        output: Mapping[str, str],
        notes: Annotations,
        stream: Output,
        session: Session,
    ) -> None:
        image = Image(
            id=outcome.config.id,
            config=outcome.config,
            chain_id=outcome.end.chain_id,
            size_bytes=0,
            manifest="",
            tagged_ns=0,
        )
        names = list(_names(outcome, output))
        with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
            self._archives.write(
                tar, image, names, docker=output["type"] == "docker", annotations=notes
            )
        session.cancel.check()

    def _send_files(self, outcome: Outcome, stream: Output, session: Session) -> None:
        if not outcome.end.chain_id:
            stream.write(bytes(1024))
            return
        with self._workspaces.view(outcome.end.chain_id) as place:

            def write(data: bytes) -> None:
                session.cancel.check()
                stream.write(data)

            pack_layer(place.rootfs, write)


def _check_attributes(kind: str, output: Mapping[str, str]) -> None:
    """What would have no effect is said. Raises: InvalidArgument."""
    for name, why in _WITHOUT_EFFECT.items():
        if output.get(name, "").lower() in ("1", "t", "true"):
            raise InvalidArgument(f'output attribute "{name}": {why}')
    if _falsity(output.get("store")):
        raise InvalidArgument(
            'output attribute "store": an image is always kept here: use type=oci for a file alone'
        )
    wanted = output.get("compression", "")
    if wanted not in ("", "gzip", "uncompressed"):
        raise InvalidArgument(
            f'output attribute "compression": "{wanted}" is not written; layers are plain here and in '
            "archives, and gzip in a registry"
        )
    if _falsity(output.get("tar")) and (
        kind not in ("oci", "docker") or output.get("dest", "-") == "-"
    ):
        raise InvalidArgument('output attribute "tar": tar=false is for type=oci with dest=FOLDER')


_WITHOUT_EFFECT = {
    "push-by-digest": "an image is pushed under its tag: give one",
    "name-canonical": "an image here is named by its tag",
    "force-compression": "layers are plain here and in archives, and gzip in a registry",
}


def _annotated(config: ImageConfig, layers: Sequence[Descriptor], notes: Annotations) -> Manifest:
    """Docker's own manifests have no annotations: these are OCI's."""
    kind = media_type.OCI_MANIFEST
    named = tuple(
        replace(one, media_type=media_type.layer_of_family(kind, one.media_type)) for one in layers
    )
    described = Descriptor(media_type.OCI_CONFIG, config.id, len(config.raw))
    return manifests.make_manifest(described, named, kind, notes.manifest)


def _is_here(output: Mapping[str, str]) -> bool:
    kind = output.get("type")
    return kind in ("image", "registry") or (kind == "docker" and "dest" not in output)


def _names(outcome: Outcome, output: Mapping[str, str]) -> tuple[Reference, ...]:
    """The tags, or what the output says itself."""
    own = output.get("name", "")
    if not own:
        return outcome.names
    return tuple(Reference.parse(one).with_default_tag() for one in own.split(","))


def _falsity(text: str | None) -> bool:
    return text is not None and text.lower() in ("0", "f", "false")


def _truth(text: str | None) -> bool:
    return text is not None and text.lower() in ("1", "t", "true", "")
