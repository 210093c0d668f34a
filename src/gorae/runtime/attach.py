"""The monitor's attach socket: framing, and connecting to it.

The socket is SOCK_SEQPACKET: a message is a frame.

Output, monitor to us: one byte for the stream (1 stdin as the monitor counts is never sent; 2 stdout,
3 stderr), then at most 8192 bytes. With a terminal everything is stdout.
Input, us to the monitor: the bytes alone, at most `STDIN_LIMIT` in a message; the monitor reads at most 32767 and
would cut a longer one. A message is taken only when the one before it was written to the process, so that a full
pipe is felt here as a socket that takes no more.
Our half-close (or close) closes the process's standard input when the monitor was started for a container with
"stdin once" or for an exec; otherwise it stays open for the next client.

A reader that does not read: the socket's buffer fills (about 200 KiB), then the monitor waits, then the process
waits in write(2). Nothing is dropped, nothing piles up. One that goes away is forgotten at the next write.
"""

import os
import socket
from pathlib import Path

from gorae.errors import KernelError

STDOUT = 1
STDERR = 2
FRAME_LIMIT = 8192 + 1
STDIN_LIMIT = 16 << 10
_STREAMS = {2: STDOUT, 3: STDERR}


def decode(frame: bytes) -> tuple[int, bytes]:
    """(stream, payload) of one message; a stream that is not known counts as stdout."""
    return _STREAMS.get(frame[0], STDOUT), frame[1:]


def encode(stream: int, payload: bytes) -> bytes:
    """A message as the monitor sends it, for tests and for those who stand in for it."""
    return bytes((stream + 1,)) + payload


def connect(path: str) -> socket.socket:
    """A connected, non-blocking socket.

    The path may be longer than a socket's address can be: its directory is opened first.

    Raises:
        KernelError: nobody listens there.
    """
    directory, name = os.path.split(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        dir_fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sock.connect(f"/proc/self/fd/{dir_fd}/{name}")
        finally:
            os.close(dir_fd)
    except OSError as error:
        sock.close()
        raise KernelError("connect", error.errno or 0, str(Path(path))) from error
    sock.setblocking(False)
    return sock


def end_stdin(sock: socket.socket) -> None:
    """Say that no input will follow; output goes on. A peer that is gone is fine."""
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return
