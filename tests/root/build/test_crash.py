"""A daemon killed in the middle of a RUN: the next one finds and removes what was under way; done steps stay."""

import os
import subprocess
import sys

import pytest
from tests.daemon import SRC, _wait, goraed
from tests.oracle.material import busybox_root
from tests.root.build.conftest import context

pytestmark = pytest.mark.root
GORAE = [sys.executable, "-c", "from gorae.cli.main import main; main()"]
TEXT = """FROM bb
RUN echo first > /first
RUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx --mount=type=secret,id=s \\
    touch /c/ran && busybox sleep 98431
"""


def test_killed_in_a_run(tmp_path):
    top = context(tmp_path, {"Dockerfile": TEXT, "value": "x"})
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())
        argv = [*GORAE, "-H", daemon.host, "build", "--secret", f"id=s,src={top}/value", str(top)]
        client = subprocess.Popen(
            argv,
            env={**os.environ, "PYTHONPATH": str(SRC)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        cache = daemon.data_root / "build" / "cache"
        _wait(lambda: list(cache.glob("*/ran")), "the step runs")
        daemon.kill()
        client.wait(20)
        daemon.start()
        for folder, pattern in (
            ("rootfs", "build-*"), ("bundle", "build-*"), ("build-mounts", "*"), ("build", "*"),
        ):  # fmt: skip
            assert list((daemon.exec_root / folder).glob(pattern)) == []
        assert not list((daemon.data_root / "build" / "tmp").iterdir())
        table = daemon.inside(
            "nsenter", f"--mount={daemon.exec_root}/mntns/pin", "cat", "/proc/self/mounts"
        )
        assert b"build-" not in table.stdout
        assert subprocess.run(["pgrep", "-f", "busybox sleep 98431"]).returncode == 1
        assert daemon.ask("GET", "/gorae/system/check") == {"Findings": []}
        done = daemon.docker(
            "build", str(context(tmp_path / "2", {"Dockerfile": TEXT.split("RUN --m")[0]}))
        )
        assert "Using cache" in done.stdout
        assert list(cache.glob("*/ran"))


def test_killed_while_a_cache_is_taken_over(tmp_path):
    """Nothing of it stays that is not whole, and the next build takes the rest."""
    text = "FROM bb\nRUN busybox head -c 80000000 /dev/urandom > /large\nRUN echo small > /small\n"
    top = context(tmp_path / "c", {"Dockerfile": text})
    cache = tmp_path / "cache"
    with goraed() as daemon:
        daemon.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=latest", busybox_root())

        def argv(*flags: str) -> list[str]:
            return [*GORAE, "-H", daemon.host, "build", "--progress", "plain", *flags, str(top)]

        env = {**os.environ, "PYTHONPATH": str(SRC)}
        written = argv("--cache-to", f"type=local,dest={cache}")
        subprocess.run(written, env=env, check=True, capture_output=True, timeout=120)
        daemon.docker("builder", "prune", "-af")
        taken = argv("--cache-from", f"type=local,src={cache}")
        client = subprocess.Popen(taken, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert client.stderr is not None
        for line in client.stderr:
            if b" importing sha256:" in line:
                break
        daemon.kill()
        client.communicate(timeout=20)
        daemon.start()
        assert daemon.ask("GET", "/gorae/system/check") == {"Findings": []}
        done = subprocess.run(taken, env=env, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count(b"CACHED") >= 2 and b" ERROR: " not in done.stderr
        assert daemon.ask("GET", "/gorae/system/check") == {"Findings": []}
