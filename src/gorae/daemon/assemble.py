"""The one place where the parts are wired to each other.

Read this to see who is given whom. Order: store, host, runtime, network, then the engine's services above them.
"""

import asyncio
import contextlib
import functools
import logging
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gorae.daemon import origin
from gorae.daemon.config import Config, proxies
from gorae.daemon.config import registries as registry_settings
from gorae.engine.adopt import Adoption
from gorae.engine.bin import Bin
from gorae.engine.binrules import Rules
from gorae.engine.bootstrap import Bootstrap
from gorae.engine.bringup import Bringup
from gorae.engine.buildfailure import MAX_SHELLS
from gorae.engine.buildnetwork import BuildNetworks
from gorae.engine.builds import Builds
from gorae.engine.cacheimport import CacheImports
from gorae.engine.check import Checker
from gorae.engine.commit import Commits
from gorae.engine.containers import Containers
from gorae.engine.copyup import CopyUp
from gorae.engine.distribution import Distribution
from gorae.engine.editing import Edits
from gorae.engine.endings import Endings
from gorae.engine.etcfiles import DnsDefaults
from gorae.engine.events import Events
from gorae.engine.execs import Execs
from gorae.engine.files import Files
from gorae.engine.firewallwatch import FirewallWatch
from gorae.engine.healthcheck import HealthChecks
from gorae.engine.hints import Hints
from gorae.engine.imagearchive import ImageArchives, host_architecture
from gorae.engine.imageleaks import ImageLeaks
from gorae.engine.images import Images
from gorae.engine.indexes import Indexes
from gorae.engine.layers import Layers
from gorae.engine.ledger import Ledger
from gorae.engine.lifecycle import Lifecycle
from gorae.engine.memberships import Memberships
from gorae.engine.model import ContainerSpec
from gorae.engine.mountpoints import MountPoints
from gorae.engine.mounts import Mounts
from gorae.engine.networks import Networks
from gorae.engine.paths import Paths
from gorae.engine.pruning import Pruning
from gorae.engine.pulls import Pulls
from gorae.engine.pushes import Pushes
from gorae.engine.record import Records
from gorae.engine.recorder import Recorder
from gorae.engine.removals import Removals
from gorae.engine.rotation import Rotation
from gorae.engine.sandbox import Sandboxes
from gorae.engine.spawn import Spawner
from gorae.engine.system import DaemonFacts, System
from gorae.engine.trust import Trust
from gorae.engine.usage import UsageReader
from gorae.engine.volumearchive import VolumeArchives
from gorae.engine.volumes import Volumes
from gorae.errors import GoraeError, NotFound
from gorae.linux import cgroup
from gorae.linux.inotify import Watcher
from gorae.net.driver import NetDriver
from gorae.oci.manifest import Platform
from gorae.registry.connect import Registries
from gorae.registry.download import Downloads
from gorae.runtime.foreground import Foreground
from gorae.runtime.host import HostFacts
from gorae.runtime.monitor import Monitor
from gorae.runtime.oci import OciRuntime
from gorae.runtime.warm import MigrationWarmer
from gorae.store.store import Store
from gorae.version import VERSION

T = TypeVar("T")
TIDY_INTERVAL_S = 300
TIDY_PAUSE_S = 2
"""So that many removals are one round."""
_log = logging.getLogger("gorae")
SHORT_CALLS = 16
TRANSFERS = 16
SWEEPS = 4
BUILDS = 8
INIT_PROGRAMS = ("catatonit", "tini-static", "docker-init", "tini")


@dataclass(slots=True)
class Services:
    """What the API is given."""

    containers: Containers
    removals: Removals
    memberships: Memberships
    execs: Execs
    images: Images
    leaks: ImageLeaks
    archives: ImageArchives
    bootstrap: Bootstrap
    pulls: Pulls
    pushes: Pushes
    builds: Builds
    distribution: Distribution
    indexes: Indexes
    networks: Networks
    volumes: Volumes
    events: Events
    files: Files
    ledger: Ledger
    volume_archives: VolumeArchives
    pruning: Pruning
    commits: Commits
    system: System
    endings: Endings
    edits: Edits
    paths: Paths
    run: Callable[..., Any]
    run_transfer: Callable[..., Any]
    run_sweep: Callable[..., Any]
    run_build: Callable[..., Any]
    run_shell: Callable[..., Any]


class Daemon:
    """All parts of one daemon, made and not yet started."""

    def __init__(self, config: Config, host: HostFacts, loop: asyncio.AbstractEventLoop) -> None:
        self.config = config
        self._loop = loop
        self._short = ThreadPoolExecutor(SHORT_CALLS, "call")
        self._long = ThreadPoolExecutor(TRANSFERS, "transfer")
        self._sweeps = ThreadPoolExecutor(SWEEPS, "sweep")
        self._building = ThreadPoolExecutor(BUILDS, "build")
        self._shells = ThreadPoolExecutor(MAX_SHELLS + 1, "shell")
        data_root, exec_root = Path(config.data_root), Path(config.exec_root)
        self.spawn = Spawner()
        self.events = Events(loop)
        self.store = Store.open(data_root)
        runtime = OciRuntime.find(config.runtime)
        self.monitor = Monitor(exec_root, runtime, host, more_runtimes=config.runtimes)
        self.net = NetDriver(exec_root, config.instance, config.publish_mode)
        self.records = Records(self.store.db, self.run)
        self.networks = Networks(
            self.store.db,
            self.net,
            self.events,
            containers=self._all,
            default_bridge=config.bridge,
            default_address=config.bip,
        )
        self.volumes = Volumes(self.store.db, self.store.volumes, self.events, self._all)
        self.images = Images(self.store, self.events.publish, self._all)
        dns = DnsDefaults(config.dns, config.dns_search, config.dns_opts)
        self.sandboxes = Sandboxes(self.net, self.networks, dns)
        self.bringup = Bringup(
            data_root=data_root,
            exec_root=exec_root,
            snapshots=self.store.snapshots,
            monitor=self.monitor,
            sandboxes=self.sandboxes,
            host=host,
            points=MountPoints(self.volumes, self.store.snapshots, exec_root),
            init_path=_init_program(),
            cgroup_parent=config.cgroup_parent,
        )
        self.warmer = MigrationWarmer()
        self.watcher = Watcher()
        loop.add_reader(self.watcher.fileno(), self.watcher.dispatch)
        self.lifecycle = Lifecycle(
            self.records, self.bringup, self.monitor, self.events, self.run, self.spawn
        )
        self.lifecycle.announce = self.networks.announce
        usage = UsageReader(cgroup.stats, config.cgroup_parent)
        self.endings = Endings(self.store.db, self.records, usage, self.run)
        self.lifecycle.note_end = self.endings.note
        self.rotation = Rotation(self.records, self.monitor, self.run)
        self.services = self._services(config, host, runtime)

    def _services(self, config: Config, host: HostFacts, runtime: OciRuntime) -> Services:
        copy_up = CopyUp(self.store.snapshots, self.volumes, Path(config.exec_root) / "view")
        mounts = Mounts(self.volumes, self.store.snapshots, copy_up, self.images.resolve)
        self.removals = Removals(
            records=self.records,
            lifecycle=self.lifecycle,
            bringup=self.bringup,
            mounts=mounts,
            volumes=self.volumes,
            run=self.run,
            sweep=self.run_sweep,
            spawn=self.spawn,
        )
        containers = Containers(
            records=self.records,
            lifecycle=self.lifecycle,
            bringup=self.bringup,
            monitor=self.monitor,
            images=self.images,
            mounts=mounts,
            networks=self.networks,
            sandboxes=self.sandboxes,
            snapshots=self.store.snapshots,
            watcher=self.watcher,
            usage=UsageReader(cgroup.stats, config.cgroup_parent),
            host=host,
            run=self.run,
            sweep=self.run_sweep,
            spawn=self.spawn,
            expect_start=self.warmer.expect,
        )
        layers, recorder = Layers(self.store), Recorder(self.store)
        archives = ImageArchives(self.images, layers, recorder)
        downloads = Downloads(self.store.content, self.store.db, config.max_concurrent_downloads)
        registries = Registries(registry_settings(config))
        here = Platform(host_architecture(), "linux")
        trust = Trust(Path(config.policy))
        pulls = Pulls(self.images, layers, recorder, registries, downloads, trust, here)
        pushes = Pushes(self.images, layers, registries, config.max_concurrent_uploads)
        foreground = Foreground.make(Path(config.exec_root), runtime, host)
        self.builds = Builds(
            store=self.store,
            images=self.images,
            recorder=recorder,
            archives=archives,
            foreground=foreground,
            host=host,
            networks=BuildNetworks(self.net, self.networks),
            exec_root=Path(config.exec_root),
            cgroup_parent=config.cgroup_parent,
            expect_start=self.warmer.expect,
            pull=pulls.pull,
            pushes=pushes,
            layers=layers,
            imports=CacheImports(
                self.store, self.images, layers, registries, downloads, trust, here
            ),
        )
        execs = Execs(
            self.records,
            self.lifecycle,
            self.bringup,
            self.monitor,
            host,
            self.run,
            self.spawn,
            self.warmer.expect,
        )
        made = origin.find()
        facts = DaemonFacts(
            id=self.store.identity(secrets.token_hex(16)),
            gorae_version=VERSION,
            data_root=config.data_root,
            runtime=runtime.name,
            runtime_version=runtime.version(),
            monitor_version=self.monitor.version(),
            init_binary=Path(_init_program()).name,
            labels=config.labels,
            log=config.log,
            started_ns=time.time_ns(),
            bin_hours=config.bin_hours,
            mirrors=config.registry_mirrors,
            insecure=config.insecure_registries,
            proxies=proxies(config),
            debug=config.log_level == "debug",
            commit=made.commit,
            built_s=made.built_s,
        )
        self.ledger = Ledger(self.store, self.images, self.volumes, self._all)
        checker = Checker(
            store=self.store,
            monitor=self.monitor,
            net=self.net,
            bringup=self.bringup,
            exec_root=Path(config.exec_root),
            cgroup_parent=config.cgroup_parent,
            containers=self._all,
            measure_anew=self.ledger.measure_anew,
            at_work=lambda: self.removals.at_work() | self.builds.active,
            failures=self.builds.failures,
            build_cache=self.builds.usage,
            tidy=lambda one: self._in_loop(self.removals.tidy(one)),
        )
        self._hints = Hints(on=config.hints)
        self.bin = Bin(
            self.store,
            self.volumes,
            self.images,
            self.networks,
            Rules(config.bin_hours),
            self.bringup.discard_files,
        )
        self.removals.bin = self.bin
        mounts.hint = self._hint
        self._binned = asyncio.Event()
        self.bin.changed = self._something_binned
        self.store.content.make_room = self.bin.make_room
        self.pruning = Pruning(
            containers,
            self.removals,
            self.volumes,
            self.images,
            self.networks,
            self.builds.usage,
            self.ledger,
            self.bin,
            self.run_sweep,
        )
        system = System(facts, host, containers, self.images, lambda: host.warnings, checker.check)
        return Services(
            containers=containers,
            removals=self.removals,
            memberships=Memberships(
                self.records, self.networks, self.sandboxes, self.bringup, self.run
            ),
            execs=execs,
            images=self.images,
            leaks=ImageLeaks(self.store, self.images, layers),
            archives=archives,
            bootstrap=Bootstrap(archives),
            pulls=pulls,
            distribution=Distribution(registries),
            indexes=Indexes(registries),
            pushes=pushes,
            builds=self.builds,
            networks=self.networks,
            volumes=self.volumes,
            events=self.events,
            endings=self.endings,
            edits=Edits(self.records, self.lifecycle, self.sandboxes, self.run),
            paths=Paths(self.net, self.networks),
            commits=Commits(
                self.store,
                self.images,
                recorder,
                self.records,
                self.lifecycle,
                self.monitor.pause,
                self.monitor.resume,
                self.run_transfer,
            ),
            ledger=self.ledger,
            volume_archives=VolumeArchives(self.volumes),
            pruning=self.pruning,
            files=Files(
                self.records,
                self.bringup,
                self.store.snapshots,
                self.events,
                Path(config.exec_root),
                self.run,
            ),
            system=system,
            run=self.run,
            run_transfer=self.run_transfer,
            run_sweep=self.run_sweep,
            run_build=self.run_build,
            run_shell=self.run_shell,
        )

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """From a worker thread: run on the event loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _all(self) -> tuple[Any, ...]:
        return tuple(record.container for record in self.records)

    async def run(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """A call that ends in milliseconds, in the short-call pool."""
        return await self._loop.run_in_executor(
            self._short, functools.partial(work, *args, **options)
        )

    async def run_transfer(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """A long call (load, import, export, copy), in a pool of its own."""
        return await self._loop.run_in_executor(
            self._long, functools.partial(work, *args, **options)
        )

    async def run_sweep(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """A walk over a tree of files that nobody's input can stop: removal, measuring."""
        return await self._loop.run_in_executor(
            self._sweeps, functools.partial(work, *args, **options)
        )

    async def run_build(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """A build, in a pool of its own."""
        return await self._loop.run_in_executor(
            self._building, functools.partial(work, *args, **options)
        )

    async def run_shell(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """Somebody at a shell in a build's step, for as long as they stay."""
        return await self._loop.run_in_executor(
            self._shells, functools.partial(work, *args, **options)
        )

    # life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Read the rows, make the networks, adopt what runs."""
        self.records.load()
        self.bin.recover()
        self.volumes.load()
        await self.run(self.networks.load)
        adoption = Adoption(
            self.records,
            self.removals,
            self.services.execs,
            self.lifecycle,
            self.bringup,
            self.monitor,
            self.sandboxes,
            self.run,
            self.spawn,
        )
        await adoption.run()
        self.health = HealthChecks(self.records, self.lifecycle, self.services.execs, self.spawn)
        self.health.adopt()
        await self.run(self.builds.start)
        self.spawn(self.run_sweep(self.store.collector.collect))
        self.net.start_pool()
        self.firewall = FirewallWatch(self.net.rules.review, self.run, self.spawn)
        self._rotating = asyncio.ensure_future(self.rotation.run())
        self._tidying = asyncio.ensure_future(self._tidy())

    def _hint(self, spec: ContainerSpec) -> list[str]:
        figures = self.ledger.known("volume")
        return self._hints.piled_up(
            spec.image_id, spec.image, self.volumes.all(), self.volumes.usage(), figures
        )

    def _something_binned(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._binned.set)

    async def _tidy(self) -> None:
        """From time to time: the bin gives way, and figures are taken anew."""
        while True:
            try:
                await self.pruning.tidy()
                await self.run_sweep(self.builds.tidy)
            except (GoraeError, OSError) as error:
                _log.error("tidying the bin and failed builds: %s, ignoring", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._binned.wait(), TIDY_INTERVAL_S)
            await asyncio.sleep(TIDY_PAUSE_S)
            self._binned.clear()

    async def stop(self) -> None:
        """Leave: containers run on, their monitors keep them."""
        self.lifecycle.closing = True
        self._rotating.cancel()
        self.firewall.close()
        self.health.close()
        self._tidying.cancel()
        await self.spawn.drained(5)
        self._loop.remove_reader(self.watcher.fileno())
        self.watcher.close()
        self.warmer.close()
        await self.run(self.net.close)
        await self.run(cgroup.remove_empty, self.config.cgroup_parent)
        self._short.shutdown()
        self._sweeps.shutdown()
        self._building.shutdown(cancel_futures=True)
        self._shells.shutdown(cancel_futures=True)
        self._long.shutdown(cancel_futures=True)
        self.store.close()


def _init_program() -> str:
    """A static init to bind into containers; empty where none is installed."""
    for name in INIT_PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    return ""


def check_runtime(config: Config) -> None:
    """Raises: NotFound: no runtime or monitor is installed."""
    OciRuntime.find(config.runtime)
    if shutil.which("conmon") is None:
        raise NotFound("conmon is not installed: apt-get install conmon")
