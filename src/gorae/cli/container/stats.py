"""`stats`: the resources that containers use, once or again and again."""

from __future__ import annotations

import select

from gorae.cli.listing import Listing, format_option
from gorae.cli.options import Command, Option
from gorae.cli.units import binary_size, human_size, short_id
from gorae.client import jsontext
from gorae.client.session import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.client.transport import Response

CLEAR = "\x1b[H\x1b[J"
NOTHING = "--"


def run(call: Invocation) -> int:
    """Show one table, or a table that follows."""
    names = call.arguments
    if not names:
        query = {"all": call.options.flag("all") or None}
        names = [row["Id"] for row in call.session.get("/containers/json", query)]
    if call.options.flag("no-stream"):
        return _once(call, names)
    return _follow(call, names)


def _once(call: Invocation, names: list[str]) -> int:
    responses = [_open(call, name, stream=False) for name in names]
    rows = [
        figures(jsontext.decode(response.read()), name)
        for name, response in zip(names, responses, strict=True)
    ]
    call.console.out.write(listing(call).render(rows, call.options.text("format")))
    return 0


def _open(call: Invocation, name: str, *, stream: bool) -> Response:
    return call.new_session().call("GET", f"/containers/{quote(name)}/stats", {"stream": stream})


def _follow(call: Invocation, names: list[str]) -> int:
    """Redraw as samples come; ends when every stream has."""
    streams = {name: _open(call, name, stream=True) for name in names}
    rests = dict.fromkeys(names, "")
    rows: dict[str, dict[str, Any]] = {}
    shown = listing(call)
    template = call.options.text("format")
    while streams:
        fresh = False
        for name in _ready(streams):
            piece = streams[name].receive()
            if not piece:
                del streams[name]
                continue
            samples, rests[name] = jsontext.decode_many(rests[name] + piece.decode())
            if samples:
                rows[name] = figures(samples[-1], name)
                fresh = True
        if fresh and len(rows) >= len(streams):
            opening = CLEAR if call.console.out.is_terminal else ""
            ordered = [rows[name] for name in names if name in rows]
            call.console.out.write(opening + shown.render(ordered, template))
            call.console.flush()
    return 0


def _ready(streams: dict[str, Response]) -> list[str]:
    """The names whose stream has something to read."""
    waiting = [name for name, response in streams.items() if response.pending]
    if waiting:
        return waiting
    poller = select.poll()
    by_descriptor = {response.fileno(): name for name, response in streams.items()}
    for descriptor in by_descriptor:
        poller.register(descriptor, select.POLLIN)
    return [by_descriptor[descriptor] for descriptor, _ in poller.poll()]


def figures(sample: dict[str, Any], asked: str) -> dict[str, Any]:
    """The numbers of one sample of what was `asked` for; `alive` is False for a container that does not run."""
    memory = sample.get("memory_stats") or {}
    networks = (sample.get("networks") or {}).values()
    blocks = ((sample.get("blkio_stats") or {}).get("io_service_bytes_recursive")) or ()
    used = memory_used(memory)
    limit = memory.get("limit", 0)
    return {
        "asked": asked,
        "id": sample.get("id", ""),
        "name": sample.get("name", "").removeprefix("/"),
        "alive": bool(memory) or bool(sample.get("pids_stats")),
        "cpu": cpu_percent(sample),
        "memory": used,
        "limit": limit,
        "memory_percent": used / limit * 100 if limit else 0.0,
        "received": sum(network.get("rx_bytes", 0) for network in networks),
        "sent": sum(network.get("tx_bytes", 0) for network in networks),
        "read": sum(b["value"] for b in blocks if b["op"].lower() == "read"),
        "written": sum(b["value"] for b in blocks if b["op"].lower() == "write"),
        "pids": (sample.get("pids_stats") or {}).get("current", 0),
    }


def memory_used(memory: dict[str, Any]) -> int:
    """Usage without the page cache that can be dropped (cgroup v1, else v2)."""
    usage: int = memory.get("usage", 0)
    stats = memory.get("stats") or {}
    for name in ("total_inactive_file", "inactive_file"):
        inactive = stats.get(name)
        if inactive is not None and inactive < usage:
            return int(usage - inactive)
    return usage


def cpu_percent(sample: dict[str, Any]) -> float:
    """CPU time against the system's since the sample before, times the CPUs."""
    now, before = sample.get("cpu_stats") or {}, sample.get("precpu_stats") or {}
    own = _total(now) - _total(before)
    system = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cpus = now.get("online_cpus") or len((now.get("cpu_usage") or {}).get("percpu_usage") or ())
    return own / system * cpus * 100 if system > 0 and own > 0 else 0.0


def _total(stats: dict[str, Any]) -> int:
    return int((stats.get("cpu_usage") or {}).get("total_usage", 0))


def listing(call: Invocation) -> Listing:
    """The columns."""
    whole = call.options.flag("no-trunc")

    def alive(text: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
        return lambda row: text(row) if row["alive"] else NOTHING

    def pair(
        first: str, second: str, unit: Callable[..., str], digits: int
    ) -> Callable[[dict[str, Any]], str]:
        return lambda row: (
            f"{unit(row[first], digits)} / {unit(row[second], digits)}"
            if row["alive"]
            else f"{NOTHING} / {NOTHING}"
        )

    identifier = lambda row: row["id"] if whole else short_id(row["id"])  # noqa: E731
    return Listing(
        "*container.statsContext",
        {
            "Container": ("CONTAINER", lambda row: row["asked"]),
            "ID": ("CONTAINER ID", identifier),
            "Name": ("NAME", lambda row: row["name"] or NOTHING),
            "CPUPerc": ("CPU %", alive(lambda row: f"{row['cpu']:.2f}%")),
            "MemUsage": ("MEM USAGE / LIMIT", pair("memory", "limit", binary_size, 4)),
            "MemPerc": ("MEM %", alive(lambda row: f"{row['memory_percent']:.2f}%")),
            "NetIO": ("NET I/O", pair("received", "sent", human_size, 3)),
            "BlockIO": ("BLOCK I/O", pair("read", "written", human_size, 3)),
            "PIDs": ("PIDS", alive(lambda row: str(row["pids"]))),
        },
        ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"),
    )


COMMAND = Command(
    "container stats",
    "[OPTIONS] [CONTAINER...]",
    "show the resources that containers use",
    run,
    (
        Option("a all", "bool", "show all containers, not only those that run"),
        format_option(),
        Option("no-stream", "bool", "show one sample and leave"),
        Option("no-trunc", "bool", "cut nothing"),
    ),
    arguments=(0, None),
)
