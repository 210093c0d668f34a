"""`compose watch`: source files are followed; changes are copied in, or a service is rebuilt or restarted."""

from __future__ import annotations

import io
import os
import tarfile
import time

from gorae.cli.compose import images
from gorae.cli.options import Command, Option
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.compose.main import Inner

QUIET_S = 0.3
_NOTHING = "none of the selected services is configured for watch: add a develop.watch section"
ACTIONS = ("sync", "rebuild", "restart", "sync+restart", "sync+exec")
_IGNORED = (".git", "__pycache__", ".DS_Store")


def run(call: Inner) -> int:
    """Bring the project up, then follow until ctrl-C.

    Raises:
        InvalidArgument: nothing in the file says what to watch.
    """
    from gorae.compose.plan import Wish

    project = call.compose.enabled(call.arguments)
    triggers = _triggers(call)
    if not triggers:
        raise InvalidArgument(_NOTHING)
    if not call.options.flag("no-up"):
        services = list(call.arguments) or list(project.services)
        images.ensure(call, services)
        applier = call.compose.applier()
        applier.prepare(services)
        applier.up(Wish(services=services))
    follow(call, triggers)
    return 0


def beside(call: Inner) -> None:
    """Follow in a thread of its own, for `up --watch`, which shows the logs.

    Raises:
        InvalidArgument: nothing in the file says what to watch.
    """
    import threading

    triggers = _triggers(call)
    if not triggers:
        raise InvalidArgument(_NOTHING)
    threading.Thread(target=follow, args=(call, triggers), daemon=True).start()


def follow(call: Inner, triggers: list[tuple[str, dict[str, Any]]]) -> None:
    """Look at the files again and again, and act on what changed; ends with the process."""
    call.console.complain("Watch enabled")
    watched = [
        (service, one, Watched(one["path"], one.get("ignore") or ())) for service, one in triggers
    ]
    for service, one, watcher in watched:
        if one.get("initial_sync") and one["action"].startswith("sync"):
            _sync(call, service, one, list(watcher.tree), [])
    while True:
        time.sleep(QUIET_S)
        for service, one, watcher in watched:
            changed, removed = watcher.changes()
            if changed or removed:
                try:
                    _act(call, service, one, changed, removed)
                except GoraeError as error:
                    call.console.complain(f"Service {service}: {error}")


def _triggers(call: Inner) -> list[tuple[str, dict[str, Any]]]:
    project = call.compose.project
    found = []
    for name in call.arguments or project.services:
        for one in (project.services[name].get("develop") or {}).get("watch") or ():
            if one.get("action") not in ACTIONS:
                raise InvalidArgument(
                    f"services.{name}.develop.watch: action must be one of {', '.join(ACTIONS)}"
                )
            if one["action"].startswith("sync") and not one.get("target"):
                raise InvalidArgument(
                    f"services.{name}.develop.watch: target is required for {one['action']}"
                )
            found.append((name, one))
    return found


class Watched:
    """The files below a path and how they were when we looked last."""

    def __init__(self, path: str, ignored: Any) -> None:
        from gorae.dockerfile import ignore

        self._path = path
        self._rules = ignore.of_patterns([*ignored, *(f"**/{one}" for one in _IGNORED)])
        self.tree = self._look()

    def _look(self) -> dict[str, tuple[int, int]]:
        if os.path.isfile(self._path):
            info = os.stat(self._path)
            return {"": (info.st_mtime_ns, info.st_size)}
        found: dict[str, tuple[int, int]] = {}
        for folder, folders, files in os.walk(self._path):
            below = os.path.relpath(folder, self._path)
            prefix = "" if below == "." else f"{below}/"
            folders[:] = [one for one in folders if not self._rules.match(prefix + one).ignored]
            for name in files:
                if not self._rules.match(prefix + name).ignored:
                    info = os.lstat(os.path.join(folder, name))
                    found[prefix + name] = (info.st_mtime_ns, info.st_size)
        return found

    def changes(self) -> tuple[list[str], list[str]]:
        """Names that are new or different, and those that are gone, since the last call."""
        try:
            now = self._look()
        except FileNotFoundError:  # it changed while we looked: next time
            return [], []
        changed = [name for name, facts in now.items() if self.tree.get(name) != facts]
        removed = [name for name in self.tree if name not in now]
        self.tree = now
        return changed, removed


def _act(
    call: Inner, service: str, one: dict[str, Any], changed: list[str], removed: list[str]
) -> None:
    from gorae.compose.plan import Wish

    action = one["action"]
    if action.startswith("sync"):
        _sync(call, service, one, changed, removed)
    if action == "rebuild":
        call.console.complain(
            f"Rebuilding service {service} after {len(changed) + len(removed)} changes"
        )
        images.build(call, [service])
        applier = call.compose.applier()
        applier.prepare([service])
        applier.up(Wish(services=[service], no_deps=True, force_recreate=True))
    elif action.endswith("restart"):
        for container in call.compose.containers([service]):
            call.session.post(f"/containers/{container.id}/restart")
        call.console.complain(f"Service {service} restarted")
    elif action == "sync+exec":
        from gorae.compose import apply

        for container in call.compose.containers([service], everything=False):
            apply.run_hook(call.session, container.id, one.get("exec") or {})


def _sync(
    call: Inner, service: str, one: dict[str, Any], changed: list[str], removed: list[str]
) -> None:
    archive = _archive(one["path"], str(one["target"]), changed)
    for container in call.compose.containers([service], everything=False):
        call.session.call(
            "PUT", f"/containers/{container.id}/archive", {"path": "/"}, body=[archive],
            headers=[("Content-Type", "application/x-tar")],
        ).read()  # fmt: skip
        if removed:
            from gorae.compose import apply

            paths = [_target(str(one["target"]), name) for name in removed]
            apply.run_hook(call.session, container.id, {"command": ["rm", "-rf", *paths]})
    call.console.complain(
        f"Syncing service {service} after {len(changed) + len(removed)} changes were detected"
    )


def _target(target: str, name: str) -> str:
    return f"{target.rstrip('/')}/{name}" if name else target


def _archive(path: str, target: str, names: list[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            source = os.path.join(path, name) if name else path
            try:
                archive.add(source, _target(target, name).lstrip("/"), recursive=False)
            except FileNotFoundError:
                continue
    return out.getvalue()


COMMAND = Command(
    "compose watch",
    "[OPTIONS] [SERVICE...]",
    "follow source files; sync, rebuild or restart",
    run,
    (
        Option("no-up", "bool", "the project runs already"),
        Option("prune", "bool", "accepted for docker's sake", default=True, hidden=True),
        Option("quiet", "bool", "accepted for docker's sake", hidden=True),
    ),
    arguments=(0, None),
)
