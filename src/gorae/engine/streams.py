"""Connecting a hub to the attach socket of a process that runs already."""

from gorae.engine.attach import Hub
from gorae.errors import KernelError
from gorae.runtime import attach
from gorae.runtime.monitor import Exec, Task


async def connect(hub: Hub, task: Task | Exec) -> None:
    """Connect once; a process that ended meanwhile has nothing more to give."""
    if not hub.connected:
        try:
            hub.connect(attach.connect(task.attach_socket))
        except KernelError:
            hub.finish()
