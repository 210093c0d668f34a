"""An engine's image side without a daemon: one store, pulls, pushes; and images made to be sent."""

import hashlib
import io
import json
import random
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

from gorae.engine.distribution import Distribution
from gorae.engine.imagearchive import ImageArchives, host_architecture
from gorae.engine.images import Image, Images
from gorae.engine.layers import Layers
from gorae.engine.progress import Step
from gorae.engine.pulls import PullOptions, Pulls
from gorae.engine.pushes import Pushes, PushOptions
from gorae.engine.recorder import Recorder
from gorae.engine.trust import Trust
from gorae.errors import Cancelled
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference
from gorae.registry import retry
from gorae.registry.auth import Credentials
from gorae.registry.connect import Registries
from gorae.registry.download import Downloads
from gorae.registry.endpoint import Settings
from gorae.store.store import Store

ALICE = Credentials("alice", "wonder:land")


class Steps:
    """What a work said. After `leaves_after` steps the listener is gone."""

    def __init__(self, leaves_when: Callable[[Step], bool] = lambda _: False) -> None:
        self.seen: list[Step] = []
        self._leaves_when = leaves_when
        self._left = False
        self._lock = threading.Lock()

    def __call__(self, step: Step | None) -> None:
        with self._lock:
            if step is not None:
                self.seen.append(step)
                self._left = self._left or self._leaves_when(step)
        if self._left:
            raise Cancelled("the client left")

    def states(self) -> list[str]:
        return [one.status for one in self.seen]

    def of(self, layer: str) -> list[str]:
        """The states of one layer, each once."""
        return list(dict.fromkeys(one.status for one in self.seen if one.id == layer))


class Lab:
    """One store under `root` and the services above it."""

    def __init__(self, root: Path, settings: Settings | None = None) -> None:
        self._closed = False
        self.settings = settings or Settings(certs_dirs=(str(root / "certs.d"),))
        self.store = Store.open(root)
        self.events: list[tuple[object, ...]] = []
        self.images = Images(self.store, lambda *one: self.events.append(one), lambda: ())
        self.layers = Layers(self.store)
        recorder = Recorder(self.store)
        self.archives = ImageArchives(self.images, self.layers, recorder)
        self.downloads = Downloads(self.store.content, self.store.db, self.settings.max_downloads)
        self.registries = Registries(self.settings)
        here = Platform(host_architecture(), "linux")
        trust = Trust(Path(self.settings.policy))
        self.pulls = Pulls(
            self.images, self.layers, recorder, self.registries, self.downloads, trust, here
        )
        self.pushes = Pushes(self.images, self.layers, self.registries, self.settings.max_uploads)
        self.distribution = Distribution(self.registries)

    def load(self, archive: bytes) -> Image:
        (image,) = self.archives.load(io.BytesIO(archive), lambda _: None)
        return image

    def push(
        self, name: str, steps: Steps | None = None, credentials: Credentials = Credentials()
    ) -> list[str]:
        options = PushOptions(credentials=credentials)
        return [*self.pushes.push(Reference.parse(name), options, steps or Steps())]

    def pull(
        self, name: str, steps: Steps | None = None, credentials: Credentials = Credentials()
    ) -> Image:
        options = PullOptions(credentials=credentials)
        return self.pulls.pull(Reference.parse(name), options, steps or Steps())

    def files(self) -> set[str]:
        """Everything below content/: blobs and what is being written."""
        top = self.store.root / "content"
        return {str(one.relative_to(top)) for one in top.rglob("*") if one.is_file()}

    def parts(self) -> set[str]:
        return {one for one in self.files() if one.startswith("ingest/")}

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.downloads.close()
        self.registries.close()
        self.store.close()


def layer_tar(seed: str, size: int) -> bytes:
    """A layer of a few files; half of the bytes can be compressed."""
    rng = random.Random(seed)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for number in range(4):
            data = rng.randbytes(size // 8) + b"text " * (size // 40)
            info = tarfile.TarInfo(f"opt/{seed}/{number}")
            info.size, info.mtime = len(data), 1_700_000_000
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def archive(name: str, layers: list[bytes], **config: object) -> bytes:
    """A docker-archive of one image."""
    digests = [hashlib.sha256(one).hexdigest() for one in layers]
    document = {
        "architecture": host_architecture(),
        "os": "linux",
        "created": "2023-11-14T22:13:20Z",
        "config": {"Cmd": ["sh"], **config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one}" for one in digests]},
        "history": [{"created_by": "tests"} for _ in digests],
    }
    raw = json.dumps(document).encode()
    config_name = f"{hashlib.sha256(raw).hexdigest()}.json"
    names = [f"{one}/layer.tar" for one in digests]
    index = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": names}]).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, data in (*zip(names, layers), (config_name, raw), ("manifest.json", index)):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_waits_short(monkeypatch: object) -> None:
    """Back-off as ever, a hundred times faster."""
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.01)  # type: ignore[attr-defined]
