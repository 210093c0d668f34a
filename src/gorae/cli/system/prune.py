"""`system prune`: remove everything that nothing uses."""

from __future__ import annotations

from gorae.cli import filters, pruning
from gorae.cli.options import Command, Option
from gorae.errors import InvalidArgument, NotFound, NotImplemented

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation


def run(call: Invocation) -> int:
    """Containers, networks, (volumes,) images, build cache: in this order."""
    options = call.options
    wanted = options.items("filter")
    everything, volumes = options.flag("all"), options.flag("volumes")
    if volumes and any(text.startswith("until=") for text in wanted):
        raise InvalidArgument('ERROR: The "until" filter is not supported with "--volumes"')
    dangling = f"dangling={str(not everything).lower()}"
    plans = [("container", wanted), ("network", wanted)]
    if volumes:
        plans.append(("volume", wanted))
    plans += [("image", [*wanted, dangling]), ("build-cache", wanted)]
    about = warning(wanted, everything=everything, volumes=volumes)
    if not pruning.confirmed(call, about, *plans, more={"all": everything or None}):
        return 0
    total, some, batch = 0, False, pruning.new_batch()
    for path, query, title, key in steps(wanted, everything=everything, volumes=volumes):
        try:
            answer = call.session.post(
                path,
                {"filters": filters.document(query), "all": everything or None, "batch": batch},
            )
        except (NotImplemented, NotFound):
            continue  # an engine without a build cache
        total += answer.get("SpaceReclaimed", 0)
        names = [_line(entry) for entry in answer.get(key) or ()]
        some = some or bool(names)
        pruning.report(call, title, names, None)
    pruning.tell_reclaimed(call, total, some=some)
    return 0


def steps(
    wanted: list[str], *, everything: bool, volumes: bool
) -> list[tuple[str, list[str], str, str]]:
    """(path, filters, title, the answer's list) of each call."""
    dangling = f"dangling={str(not everything).lower()}"
    found = [
        ("/containers/prune", wanted, "Deleted Containers:", "ContainersDeleted"),
        ("/networks/prune", wanted, "Deleted Networks:", "NetworksDeleted"),
    ]
    if volumes:
        found.append(("/volumes/prune", wanted, "Deleted Volumes:", "VolumesDeleted"))
    found.append(("/images/prune", [*wanted, dangling], "Deleted Images:", "ImagesDeleted"))
    found.append(("/build/prune", wanted, "Deleted build cache objects:", "CachesDeleted"))
    return found


def _line(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    return (
        f"untagged: {entry['Untagged']}"
        if entry.get("Untagged")
        else f"deleted: {entry['Deleted']}"
    )


def warning(wanted: list[str], *, everything: bool, volumes: bool) -> str:
    """What is about to go."""
    lines = ["all stopped containers", "all networks not used by at least one container"]
    if volumes:
        lines.append("all anonymous volumes not used by at least one container")
    lines.append(
        "all images without at least one container associated to them"
        if everything
        else "all dangling images"
    )
    lines.append("all build cache" if everything else "unused build cache")
    text = "This will remove:\n" + "".join(f"  - {line}\n" for line in lines)
    if wanted:
        text += "\n  Items to be pruned will be filtered with:\n" + "".join(
            f"  - {f}\n" for f in sorted(wanted)
        )
    return text


COMMAND = Command(
    "system prune",
    "[OPTIONS]",
    "remove unused data",
    run,
    (
        Option("a all", "bool", "remove all unused images, not only those without a name"),
        pruning.FILTER,
        pruning.FORCE,
        pruning.PLAN,
        Option("volumes", "bool", "remove anonymous volumes too"),
    ),
)
