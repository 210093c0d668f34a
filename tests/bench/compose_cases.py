"""An application of three services up and down, by the compose programs that the machine has."""
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cases import Case, clock, must
from engines import EngineError

TOP = Path(__file__).parents[2]
PLUGIN = "cli-plugins/docker-compose"
FILE = """\
services:
  web: {image: bb, command: sleep 100000, stop_signal: SIGKILL, depends_on: [db, cache], ports: ["127.0.0.1:%d:80"]}
  db: {image: bb, command: sleep 100000, stop_signal: SIGKILL, volumes: ["data:/data"]}
  cache: {image: bb, command: sleep 100000, stop_signal: SIGKILL}
volumes: {data: }
"""


class Compose3(Case):
    "`up -d` and `down -v` of web, db and cache with a network, a volume and a port, by docker compose 2"
    name, runs = "compose-3", 10
    units = {"up": "s", "down": "s"}

    def setup(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bench-compose-"))
        (self.folder / "compose.yaml").write_text(FILE % self.port)
        self.program = self.programs()

    def programs(self):
        """docker compose 2: the plugin works alone too. GORAE_BENCH_COMPOSE names it."""
        own = os.environ.get("GORAE_BENCH_COMPOSE", "")
        places = [TOP / ".venv-tools", "/usr/libexec/docker", "/usr/lib/docker", "/usr/local/lib/docker"]
        found = [own, *(str(Path(place) / PLUGIN) for place in places)]
        return [self.first(found, "docker compose 2 (GORAE_BENCH_COMPOSE)")]

    def first(self, found, what):
        for one in found:
            if one and os.access(one, os.X_OK):
                return one
        raise EngineError(f"there is no {what}")

    def compose(self, *words):
        t = clock()
        done = subprocess.run([*self.program, "-p", self.c, *words], cwd=self.folder, env=self.e.env | self.env(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise EngineError(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()[-400:]}")
        return clock() - t

    def env(self):
        return {}

    def sample(self, i):
        up = self.compose("up", "-d")
        label = f"label=com.docker.compose.project={self.c}"
        states = json.loads("[" + self.e("ps", "--filter", label, "--format", "json").replace("\n", ",") + "]")
        must([one["State"] for one in states] == ["running"] * 3, "three containers run")
        down = self.compose("down", "-v")
        must(not self.e("ps", "-aq", "--filter", label), "nothing is left")
        return {"up": up, "down": down}

    def teardown(self):
        self.compose("down", "-v", "-t", "0")
        shutil.rmtree(self.folder)


class Compose3Old(Compose3):
    "the same by docker-compose 1.29, which takes most of its time for itself"
    name, runs = "compose-3-old", 5

    def programs(self):
        return [self.first([shutil.which("docker-compose")], "docker-compose")]

    def env(self):
        return {"COMPOSE_API_VERSION": "1.41"}      # it wants a field that later versions of the API do not have


class Compose3Native(Compose3):
    "the same, each engine by its own: gorae by `gorae compose`, Docker by docker compose 2"
    name = "compose-3-native"

    def programs(self):
        if self.e.name.startswith("gorae"):
            return [self.first([str(TOP / ".venv/bin/gorae")], "gorae"), "compose"]
        return super().programs()
