"""`update`: change limits and restart policy."""

from __future__ import annotations

from gorae.cli.container.flags import CREATE_OPTIONS
from gorae.cli.container.lifecycle import path
from gorae.cli.container.limits import restart_policy
from gorae.cli.options import Command, Option
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gorae.cli.invocation import Invocation
    from gorae.cli.options import Values

_NUMBERS = {
    "blkio-weight": "BlkioWeight",
    "cpu-period": "CpuPeriod",
    "cpu-quota": "CpuQuota",
    "cpu-rt-period": "CpuRealtimePeriod",
    "cpu-rt-runtime": "CpuRealtimeRuntime",
    "cpu-shares": "CpuShares",
    "cpus": "NanoCpus",
    "kernel-memory": "KernelMemory",
    "memory": "Memory",
    "memory-reservation": "MemoryReservation",
    "memory-swap": "MemorySwap",
    "pids-limit": "PidsLimit",
}
_TEXTS = {"cpuset-cpus": "CpusetCpus", "cpuset-mems": "CpusetMems"}


NAMES = (*_NUMBERS, *_TEXTS)
"""The options that are limits."""


def document(options: Values) -> dict[str, object]:
    """The limits that were given; those that were not are 0, which leaves them."""
    found: dict[str, object] = {key: options.number(name) for name, key in _NUMBERS.items()}
    found |= {key: options.text(name) for name, key in _TEXTS.items()}
    if not options.changed("pids-limit"):
        del found["PidsLimit"]
    return found


def run(call: Invocation) -> int:
    """Send what was given for each container."""
    options = call.options
    given = [option.name for option in COMMAND.options if options.changed(option.name)]
    if not given:
        raise InvalidArgument("you must provide one or more flags when using this command")
    body = document(options)
    policy = restart_policy(options.text("restart"))
    body["RestartPolicy"] = policy
    failed = 0
    warnings: list[str] = []
    for name in call.arguments:
        try:
            answer = call.session.post(path(name, "update"), None, body)
        except GoraeError as error:
            call.console.complain(str(error))
            failed = 1
        else:
            call.say(name)
            warnings += (answer or {}).get("Warnings") or []
    for warning in warnings:
        call.say(warning)
    return failed


COMMAND = Command(
    "container update",
    "[OPTIONS] CONTAINER [CONTAINER...]",
    "change limits and restart policy of containers",
    run,
    (
        *(option for option in CREATE_OPTIONS if option.name in NAMES),
        Option("restart", "string", "restart policy"),
    ),
    arguments=(1, None),
)
