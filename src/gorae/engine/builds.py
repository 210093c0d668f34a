"""Builds: a Dockerfile and contexts to an image; blocking, each in a thread of its own pool.

The Dockerfile is read from the context or given; the graph is planned again until the images that it stands on are
known; the solver finds or makes the results; the target becomes an image in one transaction. What a build holds is under
its lease until then, and whatever ends it leaves the finished steps in the cache and nothing else.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from gorae.build import exporter, graph, refusal, remote
from gorae.build.cachemount import CacheMounts
from gorae.build.cancel import Cancel
from gorae.build.executor import Executor
from gorae.build.folder import Folder
from gorae.build.graph import MissingBases, Wish
from gorae.build.known import KnownFiles
from gorae.build.mounting import Mounting
from gorae.build.progress import Progress, Update
from gorae.build.request import BuildRequest, Built
from gorae.build.result import Cache, Result
from gorae.build.running import Networks, Runner
from gorae.build.secretwatch import Looked, SecretWatch
from gorae.build.session import Client, ContextTree, LayoutContext, NoClient, Session
from gorae.build.solver import Solver, Solving, StepFailed
from gorae.build.spool import Spool
from gorae.build.stacking import Stacking
from gorae.build.transfer import is_archive
from gorae.build.tree import resolve
from gorae.build.vertex import MAIN_CONTEXT, Base, Plan, State, Step
from gorae.build.workspace import PREFIX, Workspaces
from gorae.dockerfile import ignore as ignores
from gorae.dockerfile.instruction import Instruction
from gorae.dockerfile.stages import Dockerfile, read
from gorae.engine import buildverify
from gorae.engine.buildbase import BuildBases, Pull, full_name
from gorae.engine.buildcache import BuildCache
from gorae.engine.buildfailure import BuildFailures
from gorae.engine.buildlint import BuildLint
from gorae.engine.buildoutput import BuildOutputs, Outcome
from gorae.engine.buildrecord import BuildRecords, Ended, error_of
from gorae.engine.cacheexport import CacheExports, Solved
from gorae.engine.cacheimport import CacheImports
from gorae.engine.imagearchive import ImageArchives, host_architecture
from gorae.engine.images import Images
from gorae.engine.layers import Layers
from gorae.engine.layoutimage import LayoutImages
from gorae.engine.pushes import Pushes
from gorae.engine.recorder import Recorder
from gorae.engine.squashing import Squashing
from gorae.errors import Cancelled, GoraeError, InvalidArgument, NotFound
from gorae.linux.fd import openat2
from gorae.oci import cacheconfig
from gorae.oci import platform as platforms
from gorae.oci.config import ImageConfig
from gorae.oci.manifest import Platform
from gorae.oci.reference import Reference
from gorae.runtime.foreground import Foreground
from gorae.runtime.host import HostFacts
from gorae.store import tree as trees
from gorae.store.lease import Lease
from gorae.store.store import Store
from gorae.store.tables import snapshots

MAX_DOCKERFILE_BYTES = 16 << 20
PULLS_AT_ONCE = 4
Narrate = Callable[["Building"], None]


@dataclass(slots=True)
class Building:
    """A planned build under way, for those who tell its story."""

    file: Dockerfile
    plan: Plan
    solving: Solving
    session: Session
    images: dict[int, str] = field(default_factory=dict)


class Builds:
    """The service."""

    def __init__(
        self,
        *,
        store: Store,
        images: Images,
        recorder: Recorder,
        foreground: Foreground,
        host: HostFacts,
        networks: Networks,
        exec_root: Path,
        cgroup_parent: str,
        expect_start: Callable[[], object],
        pull: Pull,
        pushes: Pushes,
        layers: Layers,
        imports: CacheImports,
        archives: ImageArchives,
    ) -> None:
        self._store = store
        self._images = images
        self.directory = store.root / "build"
        self.scratch = self.directory / "tmp"
        self.workspaces = Workspaces(store.snapshots, exec_root)
        self.caches = CacheMounts(store.db, self.directory / "cache")
        self._stacking = Stacking(store)
        self.cache = Cache(store.db, store.snapshots, self._stacking)
        runner = Runner(
            foreground,
            host,
            networks,
            exec_root,
            cgroup_parent=cgroup_parent,
            expect_start=expect_start,
        )
        self._exec_root = exec_root
        self._mounting = Mounting(self.workspaces, self.caches, exec_root, self.scratch)
        self.failures = BuildFailures(
            store,
            self.directory / "failed",
            self.scratch,
            self.workspaces,
            self._mounting,
            runner,
        )
        executor = Executor(self.workspaces, runner, self._mounting, self.cache)
        at_once = max(2, os.cpu_count() or 2)
        self._solver = Solver(self.cache, executor, self.workspaces, at_once=at_once)
        self._lint = BuildLint()
        self._outputs = BuildOutputs(
            store, images, recorder, archives, self.workspaces, pushes.push
        )
        self._imports = imports
        self._exports = CacheExports(store, layers, self.cache, pushes)
        here = Platform(host_architecture(), "linux")
        self._bases = BuildBases(images, LayoutImages(store, layers), pull, here)
        self._looked = Looked()
        self._squashing = Squashing(store, layers, self.workspaces, self.cache)
        self.known = KnownFiles(store.db)
        self.records = BuildRecords(store.db)
        self.usage = BuildCache(store, self.caches, self.failures.discard)
        self.platform = here

    @property
    def active(self) -> set[str]:
        """The ids of workspaces in use: nothing of theirs is a leftover."""
        return set(self.workspaces.active)

    def fetch(self, url: str, cancel: Cancel, closing: ExitStack) -> ContextTree:
        """A context from elsewhere, kept until `closing` ends: a repository, an archive, or a Dockerfile alone.

        Raises:
            NotFound, Unavailable: it cannot be had.
        """
        place = self.scratch / f"context-{secrets.token_hex(8)}"
        closing.callback(trees.remove, place)
        if remote.is_git(url):
            source = remote.git_source(url)
            remote.clone(source, place, cancel, keep_git_dir=False)
            root_fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            closing.callback(os.close, root_fd)
            if source.folder:
                inner = openat2(root_fd, source.folder, os.O_RDONLY | os.O_DIRECTORY)
                closing.callback(os.close, inner)
                return ContextTree(Folder(inner, as_root=True))
            return ContextTree(Folder(root_fd, as_root=True))
        remote.download(url, place, cancel)
        spool = Spool(self.scratch)
        closing.callback(spool.close)
        with place.open("rb") as file:
            if is_archive(file):
                spool.receive(file)
            else:
                spool.put("Dockerfile", file.read(MAX_DOCKERFILE_BYTES))
        return ContextTree(spool)

    def start(self) -> None:
        """At the daemon's start, when containers without a record are gone: remove what was under way."""
        self._mounting.discard_leftovers()
        trees.remove(self._exec_root / "build")
        trees.remove(self.scratch)
        self.scratch.mkdir(parents=True, exist_ok=True, mode=0o711)
        for row in self._store.db.read(snapshots.all_rows):
            if row.kind != "committed" and row.key.startswith(PREFIX):
                self._store.snapshots.remove(row.key)
        self.caches.discard_unknown()
        self.failures.start()

    def tidy(self) -> None:
        """From time to time: failed steps whose hour is over go."""
        if self.failures.discard(expired=True):
            self._store.collector.collect(later=True)

    # building ---------------------------------------------------------------------------------

    def build(
        self,
        request: BuildRequest,
        contexts: Mapping[str, ContextTree],
        *,
        folders: Mapping[str, ContextTree] = {},
        layouts: Mapping[str, LayoutContext] = {},
        emit: Callable[[Update], None],
        cancel: Cancel,
        client: Client | None = None,
        narrate: Narrate | None = None,
        seen: Callable[[bytes], None] | None = None,
    ) -> Built:
        """Build, and name the image.

        `folders`: those that caches are read from and written to; `layouts`: named contexts that are OCI layouts.
        `narrate`: solves the plan in an order of its own, to tell it; the default is the target alone. `seen`: gets
        the Dockerfile's text.

        Raises:
            SyntaxFault: the Dockerfile. StepFailed: a step. NotFound: a base image, a target. Cancelled.
        """
        build_id = secrets.token_hex(12)
        started_ns = time.time_ns()
        progress = Progress(emit, build_id)
        self._outputs.check(request, platforms.show(request.platform or self.platform))
        self._exports.check(request)
        self._imports.check(request)
        names = [_named(one) for one in request.tags]
        with ExitStack() as closing, Lease(self._store.db) as lease:
            session = Session(
                id=build_id,
                project=request.project,
                progress=progress,
                cancel=cancel,
                lease=lease,
                limits=request.limits,
                contexts=dict(contexts),
                layouts={_layout_name(name): one for name, one in layouts.items()},
                client=client or NoClient(),
                scratch=self.scratch / build_id,
                platform=platforms.show(request.platform or self.platform),
                epoch=_epoch(request),
                rewrite=any(_truth(one.get("rewrite-timestamp")) for one in request.outputs),
                allow=request.allow,
            )
            file = self._read(request, session, seen)
            images = {name: _layout_name(name) for name in layouts}
            request = replace(request, context_images={**request.context_images, **images})
            watch = session.watch = self._watch(file, request, session)
            progress.mask = watch.mask
            plan = self._checked_plan(file, request, session)
            session.offers = self._imports.load(request, session, folders, self._stacking)
            solving = self._solver.solve(plan, session)
            building = Building(file, plan, solving, session)
            ended = Ended(build_id, request.project, started_ns)
            try:
                built = self._solve(request, building, names, narrate)
                solved = Solved(plan, solving)
                self._exports.deliver(request, solved, session, folders)
                ended = replace(ended, image_id=built.image_id, names=built.names)
                return built
            except BaseException as error:
                _mask(error, watch)
                ended = replace(ended, error=error_of(error))
                if isinstance(error, StepFailed):
                    error.kept = build_id if self.failures.keep(error, session, solving) else ""
                cancel.set("another step failed")
                raise
            finally:
                solving.finish()
                for one in contexts.values():
                    one.kept()
                trees.remove(session.scratch)
                self.records.keep(ended, plan, solving)
                closing.callback(self._stacking.tidy)

    def _watch(self, file: Dockerfile, request: BuildRequest, session: Session) -> SecretWatch:
        return SecretWatch(
            request.secret_guard,
            session.progress,
            self._looked,
            given=session.client.secrets(),
            build_args=request.build_args,
            dockerfile=file.ast.text,
            log_limit=request.log_limit_bytes,
        )

    def _solve(
        self,
        request: BuildRequest,
        building: Building,
        names: list[Reference],
        narrate: Narrate | None,
    ) -> Built:
        progress, plan = building.session.progress, building.plan
        for stage in plan.stages:
            if not stage.inherits and stage.base.config is not None:
                progress.end(progress.begin(stage.from_label), cached=True)
        if narrate is not None:
            narrate(building)
        end = building.solving.result(plan.target.end)
        if request.verify:
            buildverify.verify(
                plan,
                building.solving,
                self._solver,
                self._store.snapshots,
                lambda solving, last: self._config(
                    request, replace(building, solving=solving), last
                ),
            )
        return self._export(request, building, end, names)

    def _read(
        self, request: BuildRequest, session: Session, seen: Callable[[bytes], None] | None
    ) -> Dockerfile:
        """The Dockerfile, and the main context's ignore rules."""
        progress = session.progress
        data, name = request.dockerfile, request.path or "Dockerfile"
        if data is None:
            vertex = progress.begin(f"[internal] load build definition from {_last(name)}")
            try:
                data = _file(session.context(MAIN_CONTEXT), name)
            except GoraeError as error:
                progress.end(vertex, error=error.message)
                raise
            if data is None:
                message = (
                    f"failed to read dockerfile: open {_last(name)}: no such file or directory"
                )
                progress.end(vertex, error=message)
                raise NotFound(message)
            progress.end(vertex)
        else:
            progress.once(f"[internal] load build definition from {_last(name)}")
        if seen is not None:
            seen(data)
        file = read(data, _last(name))
        main = session.contexts.get(MAIN_CONTEXT)
        if main is not None and main.ignore is None:
            main.ignore = self._ignore(request, main, name, progress)
        return file

    def _ignore(
        self, request: BuildRequest, main: ContextTree, name: str, progress: Progress
    ) -> ignores.Ignore | None:
        if request.ignore is not None:
            return ignores.parse(request.ignore, request.ignore_name)
        if main.folder is None:
            return None  # an archive was filtered by who packed it: its ignore file is a file
        vertex = progress.begin("[internal] load .dockerignore")
        found = None
        for path in ignores.names_beside(name):
            data = _file(main, path)
            if data is not None:
                found = ignores.parse(data, path)
                break
        progress.end(vertex)
        return found

    # planning ---------------------------------------------------------------------------------

    def _checked_plan(self, file: Dockerfile, request: BuildRequest, session: Session) -> Plan:
        """The plan, with what the secret guard and the lint say of it."""
        main = session.contexts.get(MAIN_CONTEXT)
        ignore = main.ignore if main is not None else None
        try:
            plan = self._plan(file, request, session)
            session.watch.check_texts(plan, request.annotations)
            self._lint.tell(file, request, plan, ignore, self.platform, session.progress)
        except GoraeError as error:
            _mask(error, session.watch)
            raise
        return plan

    def _plan(self, file: Dockerfile, request: BuildRequest, session: Session) -> Plan:
        wish = Wish(
            target=request.target,
            build_args=request.build_args,
            labels=request.labels,
            network=request.network or "default",
            no_cache=request.no_cache,
            no_cache_filter=request.no_cache_filter,
            platform=request.platform or self.platform,
            build_platform=self.platform,
            trees=frozenset(session.contexts) - {MAIN_CONTEXT},
            images=request.context_images,
            allow=request.allow,
        )
        bases: dict[tuple[str, str], Base] = {}
        while True:
            session.cancel.check()
            try:
                return graph.plan(file, wish, bases)
            except MissingBases as missing:
                with ThreadPoolExecutor(PULLS_AT_ONCE, "build-base") as pool:
                    found = pool.map(
                        lambda one: self._base(one[0][0], one[0][1], one[1], request, session),
                        missing.wanted.items(),
                    )
                    bases.update(zip(missing.wanted, found, strict=True))

    def _base(
        self,
        reference: str,
        platform: str,
        of: Instruction,
        request: BuildRequest,
        session: Session,
    ) -> Base:
        """An image to stand on, found here or brought; held by the lease.

        Raises:
            SyntaxFault: it cannot be had, at the instruction that wants it. Cancelled.
        """
        progress = session.progress
        layout = session.layouts.get(reference)
        shown = layout.shown if layout is not None else full_name(reference)
        vertex = progress.begin(f"[internal] load metadata for {shown}")
        try:
            base = self._bases.find(reference, platform, request, session)
        except GoraeError as error:
            progress.end(vertex, error=error.message)
            if isinstance(error, Cancelled):
                raise
            message = (
                f"failed to resolve source metadata for {full_name(reference)}: {error.message}"
            )
            raise refusal.fault(of, f"{reference}: {message}") from error
        progress.end(vertex)
        return base

    # ending -----------------------------------------------------------------------------------

    def _export(
        self, request: BuildRequest, building: Building, end: Result, names: list[Reference]
    ) -> Built:
        session = building.session
        progress = session.progress
        vertex = progress.begin("exporting to image")
        try:
            config = self._config(request, building, end)
            if request.squash:
                base = building.plan.target.base
                config, end = self._squashing.squash(config, end, base, session)
            outcome = Outcome(config, tuple(names), end)
            image = self._outputs.deliver(outcome, request, session, vertex)
        except GoraeError as error:
            progress.end(vertex, error=error.message)
            raise
        progress.end(vertex)
        if image is None:
            return Built(build_id=session.id)
        return Built(config.id, image.manifest, tuple(one.familiar for one in names), session.id)

    def _config(self, request: BuildRequest, building: Building, end: Result) -> ImageConfig:
        base = building.plan.target.base

        def result_of(step: Step) -> Result:
            return building.solving.result(State(base, step))

        config = exporter.image_config(
            building.plan,
            result_of,
            end,
            request.platform or self.platform,
            epoch=building.session.epoch,
            now_ns=time.time_ns(),
        )
        inline = self._exports.inline(request, Solved(building.plan, building.solving))
        return config.extended(cacheconfig.INLINE, inline) if inline else config


def _layout_name(name: str) -> str:
    """The reference that stands for a layout in the plan: names of contexts need not be such."""
    return f"oci-layout/{hashlib.sha256(name.encode()).hexdigest()[:32]}:layout"


def _mask(error: BaseException, watch: SecretWatch) -> None:
    """What is told of a failure holds no value either."""
    if isinstance(error, GoraeError):
        error.message = watch.mask(error.message)
    if isinstance(error, StepFailed):
        error.cause.message = watch.mask(error.cause.message)


def _named(text: str) -> Reference:
    """A tag for the image. Raises: InvalidArgument: none."""
    try:
        found = Reference.parse(text).with_default_tag()
    except InvalidArgument:
        raise InvalidArgument(
            f'invalid argument "{text}" for "-t, --tag" flag: invalid reference format'
        ) from None
    if found.digest:
        raise InvalidArgument("refusing to create a tag with a digest reference")
    return found


def _file(context: ContextTree, path: str) -> bytes | None:
    """A small file of a context, before any ignore rule; None when it is not there."""
    tree = context.tree
    clean = "/".join(part for part in path.split("/") if part not in ("", "."))
    if isinstance(tree, Spool):
        return tree.early(clean)
    node = resolve(tree, clean)
    if node is None:
        return None
    if not node.is_file or node.size > MAX_DOCKERFILE_BYTES:
        raise InvalidArgument(f'"{path}" is no file of at most {MAX_DOCKERFILE_BYTES} bytes')
    fd, offset = tree.open(node)
    try:
        return os.pread(fd, node.size, offset)
    finally:
        os.close(fd)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _epoch(request: BuildRequest) -> int | None:
    text = request.build_args.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 11:
        raise InvalidArgument(f'invalid SOURCE_DATE_EPOCH: "{text}" is no number of seconds')
    return int(text)


def _truth(text: str | None) -> bool:
    return text in ("1", "t", "T", "true", "TRUE", "True", "")
