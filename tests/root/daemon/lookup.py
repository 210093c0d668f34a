"""Questions to the name server as a container asks them: from its network namespace, to 127.0.0.11."""

import contextlib
import os
import socket

from dnslib import QTYPE, RCODE, DNSRecord

from gorae.linux import namespace
from gorae.net.sandbox import in_thread

PATIENCE_S = 4
TRIES = 5


class Asker:
    """A socket in the network namespace of a process."""

    def __init__(self, pid: int) -> None:
        def inside() -> socket.socket:
            fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            try:
                namespace.setns(fd, namespace.CLONE_NEWNET)
                return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            finally:
                os.close(fd)

        self._socket = in_thread(inside)
        self._socket.settimeout(PATIENCE_S)

    def ask(self, name: str, kind: str = "A") -> tuple[str, list[str]]:
        """(RCODE, answers)."""
        question = DNSRecord.question(name, kind)
        reply = self._answer(question)
        answers = [str(one.rdata) for one in reply.rr if QTYPE.get(one.rtype) == kind]
        return str(RCODE.get(reply.header.rcode)), answers

    def _answer(self, question: DNSRecord) -> DNSRecord:
        """Asked again like any resolver does: a datagram may be lost."""
        for _ in range(TRIES):
            self._socket.sendto(question.pack(), ("127.0.0.11", 53))
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                while True:
                    reply = DNSRecord.parse(self._socket.recv(65536))
                    if reply.header.id == question.header.id:
                        return reply
        raise TimeoutError(f"no answer to {question.q.qname}")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()
