"""Carries cases out, on the oracle by docker's CLI with buildx, on gorae by its own CLI."""

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.buildkit.case import Case, remove, write
from tests.oracle.buildkit.result import Result, Tree, difference, of_archive, of_folder, of_tar
from tests.oracle.material import busybox_root

TIMEOUT_S = 120
BASE = "orcbb"
PORT = 8099
WEB = f"http://127.0.0.1:{PORT}"
_ERROR = re.compile(r"^ERROR: (?:failed to build: )?(?:failed to solve: )?(.*)$", re.MULTILINE)
_RULES = [
    (re.compile(r"\b[0-9a-f]{64}\b"), "<DIGEST>"),
    (re.compile(r"/tmp/[\w.-]+"), "<TMP>"),
    (re.compile(r"(?<=ref )\S+::\S+"), "<REF>"),
]


@dataclass
class Builder:
    """An engine and the program that builds on it. `netns`: a process in the engine's network namespace."""

    host: str
    program: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    netns: int = 0
    base: Tree = field(default_factory=dict)

    def run(
        self, argv: list[str], stdin: bytes = b"", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """One command line of the program."""
        full = {**os.environ, **self.env, **(env or {}), "DOCKER_HOST": self.host}
        return subprocess.run(
            [*self.program, *argv], env=full, input=stdin, capture_output=True, timeout=TIMEOUT_S
        )

    def play(self, one: Case) -> Result:
        """Build; nothing of it is left but the cache."""
        tag = "orcb-" + re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-")
        firsts = [f"{tag}-{name}" for name, _ in one.first]
        with tempfile.TemporaryDirectory(prefix="orcb") as top, self._web(one):
            try:
                return self._play(one, Path(top), tag, firsts)
            finally:
                self.run(["rmi", "-f", tag, *firsts])

    def _play(self, one: Case, top: Path, tag: str, firsts: list[str]) -> Result:
        words = {"ctx": str(top / "ctx"), "out": str(top / "out"), "top": str(top), "web": WEB}
        words |= {f"first:{name}": full for (name, _), full in zip(one.first, firsts)}

        def filled(text: str) -> str:
            for word, value in words.items():
                text = text.replace("{" + word + "}", value)
            return text

        for full, (_, text) in zip(firsts, one.first):
            done = self.run(["build", "-q", "-t", full, "-"], filled(text).encode())
            assert done.returncode == 0, done.stderr.decode()
        write(one.files, top / "ctx", 0 if one.times else int(one.key[:5], 16))
        stdin = b""
        if one.dockerfile is not None:
            text = filled(one.dockerfile)
            if one.stdin == "dockerfile":
                stdin = text.encode("utf-8", "surrogateescape")
            else:
                (top / "ctx" / "Dockerfile").write_bytes(text.encode("utf-8", "surrogateescape"))
        if one.stdin == "tar":
            stdin = _packed(top / "ctx")
        shown = [] if "--quiet" in one.flags else ["--progress=plain"]
        argv = ["build", *shown, *map(filled, one.flags)]
        if one.output == "image":
            argv += ["-t", tag]
        done = self.run([*argv, filled(one.context)], stdin, one.env)
        result = Result(done.returncode, self._sentence(done, words))
        if done.returncode == 0:
            self._look(one, result, tag, top, done)
        remove(top)
        return result

    def _sentence(self, done: subprocess.CompletedProcess[bytes], words: dict[str, str]) -> str:
        if done.returncode == 0:
            return ""
        text = done.stderr.decode("utf-8", "replace")
        found = _ERROR.findall(text)
        sentence = found[-1] if found else text.strip().split("\n")[-1]
        for word, value in words.items():
            sentence = sentence.replace(value, f"<{word}>")
        for pattern, word in _RULES:
            sentence = pattern.sub(word, sentence)
        return sentence

    def _look(
        self,
        one: Case,
        result: Result,
        tag: str,
        top: Path,
        done: subprocess.CompletedProcess[bytes],
    ) -> None:
        if one.output == "local":
            result.files = difference(of_folder(top / "out"), self.base)[0]
        elif one.output == "tar":
            result.files = difference(of_tar((top / "out").read_bytes(), one.times), self.base)[0]
        elif one.output == "image":
            saved = self.run(["save", tag])
            if b"empty export" in saved.stderr:  # docker saves no image without layers
                result.output = "no layers"
                return
            assert saved.returncode == 0, saved.stderr.decode()
            config, result.layers, tree = of_archive(saved.stdout, one.times)
            if not result.layers:
                result.output = "no layers"
                return
            result.files, result.gone = difference(tree, self.base)
            if result.gone == sorted(self.base):
                result.gone = ["(all of the base)"]
            result.config, result.history = config_of(config), history_of(config)

    @contextmanager
    def _web(self, one: Case) -> Iterator[None]:
        """A server of the case's files on the engine's side."""
        if not one.web:
            yield
            return
        with tempfile.TemporaryDirectory(prefix="orcw") as folder:
            write(one.web, Path(folder))
            argv = [sys.executable, "-m", "http.server", "-b", "127.0.0.1", str(PORT), "-d", folder]
            argv = ["nsenter", "-t", str(self.netns), "-n", *argv] if self.netns else argv
            server = subprocess.Popen(
                argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            try:
                assert server.stdout is not None
                server.stdout.readline()
                yield
            finally:
                server.terminate()
                server.wait(10)


def config_of(document: dict[str, Any]) -> dict[str, Any]:
    """The config as it is compared: what containers get, and of whom the image is."""
    found = {key: value for key, value in (document.get("config") or {}).items() if value}
    for key in ("author", "architecture", "os", "variant"):
        if document.get(key):
            found[key] = document[key]
    return found


def history_of(document: dict[str, Any]) -> list[list[Any]]:
    """The lines above the base's own."""
    return [
        [one.get("created_by", ""), one.get("empty_layer", False)]
        for one in document.get("history") or []
        if not one.get("comment", "").startswith("Imported from")
    ]


def base_tree(builder: Builder) -> Tree:
    """The files of `orcbb`, which is imported where it is not there."""
    if builder.run(["image", "inspect", BASE]).returncode:
        done = builder.run(["import", "-c", 'CMD ["sh"]', "-", BASE], busybox_root())
        assert done.returncode == 0, done.stderr.decode()
    return of_archive(builder.run(["save", BASE]).stdout)[2]


def _packed(top: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(top.rglob("*")):
            tar.add(path, str(path.relative_to(top)), recursive=False)
    return out.getvalue()
