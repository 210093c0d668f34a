"""One container run in the foreground, without a monitor: a build's step, which need not outlive the daemon.

The runtime's own process is our child; its end is the container's. What it keeps stands where the monitor keeps its
containers' (`bundle/<id>`, the runtime's state, `rootfs/<id>`), so that what a killed daemon leaves is found and
removed like theirs.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gorae.errors import GoraeError
from gorae.linux import process
from gorae.runtime import device, propagation
from gorae.runtime.config import RuntimeConfig
from gorae.runtime.console import Console
from gorae.runtime.host import HostFacts
from gorae.runtime.leftover import clear_cgroup
from gorae.runtime.oci import CREATE, OciRuntime, plain_words, translated
from gorae.runtime.seccompcache import STATE_FILE, SeccompCache
from gorae.runtime.spec import oci_spec

KILL_PATIENCE_S = 10


@dataclass(slots=True)
class Foreground:
    """Runs containers below one exec root."""

    exec_root: Path
    runtime: OciRuntime
    host: HostFacts
    seccomp: SeccompCache

    @classmethod
    def make(cls, exec_root: Path, runtime: OciRuntime, host: HostFacts) -> "Foreground":
        """`runtime` as found on the host; its state goes below `exec_root`."""
        cache = SeccompCache(exec_root / "seccomp", enabled=runtime.name == "crun")
        return cls(exec_root, runtime.at(exec_root / "runtime"), host, cache)

    def start(
        self,
        config: RuntimeConfig,
        *,
        stdin: int | None = None,
        stdout: int = process.DEVNULL,
        stderr: int = process.DEVNULL,
        mounts: Sequence[dict[str, Any]] = (),
    ) -> "Running":
        """Start a container; `mounts` are OCI mounts beside those of the configuration, behind them.

        One with a terminal has no other streams: see `Running.console`.

        Raises:
            GoraeError: the configuration cannot be.
        """
        bundle = self.exec_root / "bundle" / config.id
        found = device.look_up(config)
        propagation.check(config.mounts)
        document = oci_spec(config, self.host, found)
        document["mounts"] += mounts
        key = self.seccomp.key(document)
        known = self.seccomp.apply(document, key)
        bundle.mkdir(mode=0o700)
        log = bundle / "log"
        console = None
        try:
            if config.process.terminal:
                console = Console(self.runtime.name, bundle)
                if not console.sent:
                    stdin = stdout = stderr = console.slave
            (bundle / "config.json").write_text(json.dumps(document))
            argv = [self.runtime.path, "--log", str(log), *self.runtime.global_arguments]
            argv += ["run", *(console.arguments if console else ())]
            argv += ["--bundle", str(bundle), config.id]
            child = process.spawn(
                argv,
                env={"PATH": process.PATH},
                cwd=str(bundle),
                stdin=process.DEVNULL if stdin is None else stdin,
                stdout=stdout,
                stderr=stderr,
            )
        except BaseException:
            if console is not None:
                console.close()
            shutil.rmtree(bundle, ignore_errors=True)
            raise
        if console is not None:
            console.started(child.pid)
        return Running(self, config, bundle, child, "" if known else key, console)


@dataclass(slots=True)
class Running:
    """A container that was started."""

    owner: Foreground
    config: RuntimeConfig
    bundle: Path
    child: process.Child
    filter_key: str
    console: Console | None = None
    """Its terminal, when it was to have one."""
    killed: bool = False

    @property
    def ended(self) -> bool:
        """Whether its process is over."""
        return self.child.poll() is not None

    def keep_filter(self) -> bool:
        """While it runs: take the seccomp filter that the runtime compiled; whether nothing is to be waited for."""
        if self.filter_key:
            state = Path(self.owner.runtime.root) / self.config.id
            if not (state / STATE_FILE).exists():
                return False
            self.owner.seccomp.keep(self.filter_key, state)
            self.filter_key = ""
        return True

    def wait(self) -> int:
        """The status of its process as a shell gives it; what the runtime kept is removed.

        Raises:
            GoraeError: in docker's words, when the process never ran.
        """
        code = self.child.wait()
        words = self._words()
        self._clean(code)
        if words and code:
            command = self.config.process.args[0] if self.config.process.args else ""
            raise translated(words, prefix=CREATE, runtime=self.owner.runtime.name, command=command)
        return code if code >= 0 else 128 - code

    def _words(self) -> str:
        try:
            lines = (self.bundle / "log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        lines = [line for line in lines if "warning" not in line.lower()]
        return plain_words(lines[-1]) if lines else ""

    def _clean(self, code: int) -> None:
        if self.console is not None:
            self.console.close()
        if self.killed:
            with contextlib.suppress(GoraeError):
                self.owner.runtime.delete(self.config.id, force=True)
        if (
            code and self.config.cgroup_path
        ):  # a runtime that failed or was cut off leaves it behind
            with contextlib.suppress(GoraeError):
                clear_cgroup(self.config.cgroup_path)
        shutil.rmtree(self.bundle, ignore_errors=True)

    @contextlib.contextmanager
    def ended_on_failure(self) -> Iterator[None]:
        """Whatever goes wrong inside: nothing of it runs on."""
        try:
            yield
        except BaseException:
            self.kill()
            with contextlib.suppress(Exception):
                self.wait()
            raise

    def kill(self) -> None:
        """End all its processes; `wait` is still to be called."""
        self.killed = True
        with contextlib.suppress(GoraeError):
            self.owner.runtime.delete(self.config.id, force=True)
        with contextlib.suppress(OSError):
            os.kill(self.child.pid, 9)
