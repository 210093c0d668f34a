"""An ssh-agent with the keys of one `--ssh ID=KEY`, for the length of a build."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

from gorae.errors import InvalidArgument, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE_S = 5.0


def start(keys: Sequence[str]) -> tuple[str, int]:
    """An agent that holds `keys`: its socket and its process.

    Raises:
        NotFound: ssh-agent is not installed. InvalidArgument: ssh-add refused a key.
    """
    folder = tempfile.mkdtemp(prefix="gorae-ssh-")
    path = os.path.join(folder, "agent")
    try:
        agent = subprocess.Popen(
            ["ssh-agent", "-D", "-a", path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise NotFound("ssh-agent is not installed: apt-get install openssh-client") from None
    end = time.monotonic() + PATIENCE_S
    while not os.path.exists(path) and agent.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    added = subprocess.run(
        ["ssh-add", "-q", *keys],
        env={**os.environ, "SSH_AUTH_SOCK": path, "SSH_ASKPASS_REQUIRE": "never"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if added.returncode:
        agent.terminate()
        raise InvalidArgument(f"ssh-add refused {', '.join(keys)}: {added.stderr.strip()}")
    return path, agent.pid
