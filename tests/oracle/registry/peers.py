"""Registries inside an engine's network namespace, always at the same addresses: open, with passwords, with tokens; a hub."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.hubserver import Hub
from tests.peers.docker_registry import docker_registry
from tests.peers.token_server import TokenServer

TOP = Path(__file__).parents[3]
OPEN, LOCKED, TOKENS, REALM, HUB = 18991, 18992, 18993, 18994, 18995
REPOSITORIES = ("anna/one", "anna/two", "anna/secret", "acme/shared")
"""Those that scenarios push to the hub."""


@contextlib.contextmanager
def registries(enter: Sequence[str]) -> Iterator[Callable[[], None]]:
    """All three; what empties them. `enter`: nsenter and its flags."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gorae-peers-")))
        opened = stack.enter_context(docker_registry(folder / "open", port=OPEN, enter=enter))
        locked = stack.enter_context(
            docker_registry(folder / "locked", port=LOCKED, htpasswd=True, enter=enter)
        )
        realm = TokenServer(folder / "tokens", port=REALM)
        serving = subprocess.Popen(
            [
                *enter,
                sys.executable,
                "-m",
                "tests.peers.token_server",
                str(folder / "tokens"),
                str(REALM),
            ],
            cwd=TOP,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(serving.wait)
        stack.callback(serving.kill)
        guarded = stack.enter_context(
            docker_registry(folder / "guarded", port=TOKENS, tokens=realm, enter=enter)
        )

        def empty() -> None:
            for one in (opened, locked, guarded):
                one.empty()

        yield empty


@contextlib.contextmanager
def harbour(enter: Sequence[str]) -> Iterator[Callable[[], None]]:
    """A hub of ours with anna and bob, both in acme, bob as a reader; what takes their repositories away."""
    with tempfile.TemporaryDirectory(prefix="gorae-harbour-") as folder:
        one = Hub(Path(folder), port=HUB)
        one.user("anna", "bob")
        one.admin("org add", "acme", "anna")
        one.admin("org member", "acme", "bob", role="reader")
        one.start(prefix=tuple(enter))

        def empty() -> None:
            for name in REPOSITORIES:
                one.run("repo rm", name)

        try:
            yield empty
        finally:
            one.stop()
