"""Who makes a request, as the services and the audit log know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """`account` empty: a stranger. `address`: the client's, as text."""

    account: str = ""
    address: str = ""


CONSOLE = Caller("", "console")
"""A command of the hub's host."""
