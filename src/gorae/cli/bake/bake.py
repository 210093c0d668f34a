"""`gorae bake`: build the targets of a definition file, those that do not wait for others at the same time."""

from __future__ import annotations

import os
import threading

from gorae.cli import outfile
from gorae.cli.bake import definition, files
from gorae.cli.builder import build as one_build
from gorae.cli.builder import request
from gorae.cli.builder.display import KINDS, choose
from gorae.cli.builder.options import BUILD
from gorae.cli.invocation import Invocation
from gorae.cli.options import Command, Option, scan
from gorae.client import jsontext
from gorae.errors import GoraeError, InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.builder.display import Display

AT_ONCE = 4


def run(call: Invocation) -> int:
    """Build, or show what would be built."""
    options = call.options
    try:
        loaded = files.load(options.items("file"), dict(os.environ), call.console.input_descriptor)
        for text in loaded.definition.unknown:
            call.console.complain(f"WARNING: {text}")
        if options.text("list"):
            _list(call, loaded)
            return 0
        overrides = [*options.items("set"), *_shorthands(call)]
        if options.flag("print"):
            found = files.printed(loaded.definition, call.arguments, overrides)
            call.say(jsontext.encode(found, indent=2))
            return 0
        results = Bake(call, loaded.definition, overrides).run()
    except GoraeError as error:
        call.console.complain(f"ERROR: {error}")
        return 1
    if results is None:
        return 1
    if options.text("metadata-file"):
        found = {name: one_build.metadata(result) for name, result in results.items()}
        outfile.write_text(options.text("metadata-file"), jsontext.encode(found, indent=2))
    return 0


def _shorthands(call: Invocation) -> list[str]:
    """`--no-cache` and the like are `--set` on every target."""
    options = call.options
    found = [
        f"*.{key}=true"
        for key in ("no-cache", "pull")
        if options.changed(key) and options.flag(key)
    ]
    if options.flag("push"):
        found.append("*.output=type=registry")
    if options.flag("load"):
        found.append("*.output=type=docker")
    kind = "check" if options.flag("check") else options.text("call")
    if kind != "build":
        found.append(f"*.call={kind}")
    return found


def _list(call: Invocation, loaded: files.Loaded) -> None:
    from gorae.cli import tabwriter

    kind = call.options.text("list").partition(",")[0].removeprefix("type=")
    found = loaded.definition
    if kind == "targets":
        rows = [(name, found.targets[name].get("description", "")) for name in found.targets]
        rows += [(name, ", ".join(items)) for name, items in found.groups.items()]
        lines = ["TARGET\tDESCRIPTION", *(f"{a}\t{b}" for a, b in sorted(rows))]
    elif kind == "variables":
        lines = ["VARIABLE\tVALUE\tDESCRIPTION"]
        for name, one in sorted(loaded.variables.items()):
            value = one["value"]
            shown = value if isinstance(value, str) else jsontext.encode(value)
            lines.append(f"{name}\t{shown}\t{one['description'] or ''}")
    else:
        raise InvalidArgument(f'invalid list type "{kind}": it is one of targets, variables')
    call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")


class Bake:
    """One bake: targets wait for those whose result is a context of theirs."""

    def __init__(
        self, call: Invocation, found: definition.Definition, overrides: list[str]
    ) -> None:
        self._call = call
        self._definition = found
        _, wanted = found.names(call.arguments)
        self._targets: dict[str, definition.Target] = {}
        self._needs: dict[str, list[str]] = {}
        queue = list(wanted)
        while queue:
            name = queue.pop(0)
            if name in self._targets:
                continue
            target = found.resolved(name, overrides)
            contexts = (target.get("contexts") or {}).values()
            self._needs[name] = [one[7:] for one in contexts if str(one).startswith("target:")]
            self._targets[name] = target
            queue += self._needs[name]
        self._lock = threading.Condition()
        self._results: dict[str, dict[str, Any]] = {}
        self._failures: list[str] = []
        self._room = threading.Semaphore(AT_ONCE)

    def run(self) -> dict[str, dict[str, Any]] | None:
        """The results by target; None when one failed and was complained of."""
        self._check_circles()
        options = self._call.options
        display = choose(
            options.text("progress"), self._call.console.err, 'building with "gorae"', explain=False
        )
        shared = Shared(display, self._lock)
        threads = [
            threading.Thread(target=self._build, args=(name, shared), daemon=True)
            for name in self._targets
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        display.close()
        for text in self._failures:
            self._call.console.complain(text)
        return None if self._failures else self._results

    def _check_circles(self) -> None:
        done: set[str] = set()
        while len(done) < len(self._needs):
            ready = {name for name, needs in self._needs.items() if set(needs) <= done} - done
            if not ready:
                stuck = ", ".join(sorted(set(self._needs) - done))
                raise InvalidArgument(f"targets wait for each other: {stuck}")
            done |= ready

    def _build(self, name: str, shared: Shared) -> None:
        with self._lock:
            while not self._failures and not all(one in self._results for one in self._needs[name]):
                self._lock.wait()
            if self._failures:
                return
        with self._room:
            failure, result = self._build_one(name, shared)
        with self._lock:
            if failure:
                self._failures.append(failure)
            else:
                self._results[name] = result
            self._lock.notify_all()

    def _build_one(self, name: str, shared: Shared) -> tuple[str, dict[str, Any]]:
        from gorae.cli.builder import failure, secrets

        target = self._targets[name]
        table = {option.name: option for option in BUILD}
        options, _ = scan(table, self._words(target), True)
        call = Invocation(self._call.title, options, [], self._call.console, self._call.globals)
        display = shared.view(name)
        try:
            wanted = self._request(call, target)
            named, agents = (
                secrets.Secrets(options.items("secret")),
                secrets.Agents(options.items("ssh")),
            )
            wanted.document["secrets"] = [{"id": one} for one in named.ids]
            wanted.document["ssh"] = [{"id": one} for one in agents.ids]
            talk = one_build.Talk(call, wanted, named, agents, display)
            try:
                talk.run()
            finally:
                agents.close()
        except (GoraeError, OSError) as error:
            return f"ERROR: target {name}: failed to build: {error}", {}
        if talk.failure is not None:
            text = failure.text(talk.failure, shared.board, with_log=True)
            return text.replace(
                "ERROR: failed to build", f"ERROR: target {name}: failed to build"
            ), {}
        return "", talk.result or {}

    def _words(self, target: definition.Target) -> list[str]:
        contexts = {
            name: f"docker-image://{self._results[value[7:]]['image_id']}"
            if str(value).startswith("target:")
            else value
            for name, value in (target.get("contexts") or {}).items()
        }
        return definition.words({**target, "contexts": contexts})

    def _request(self, call: Invocation, target: definition.Target) -> request.BuildRequest:
        context = str(target["context"])
        is_local = not context.startswith(("http://", "https://", "git@", "git://", "ssh://"))
        file = str(target["dockerfile"])
        if is_local and "dockerfile-inline" not in target:
            path = os.path.join(context, file)
            file = file if os.path.isabs(file) else path
        call.options.set(next(one for one in BUILD if one.name == "file"), file)
        inline = target.get("dockerfile-inline")
        return request.from_options(
            call.options, context, call.console, inline=None if inline is None else str(inline)
        )


class Shared:
    """One display for several builds: names are told apart by the target's."""

    def __init__(self, display: Display, lock: threading.Condition) -> None:
        self._display = display
        self._lock = lock
        self.board = display.board

    def view(self, target: str) -> View:
        """What one target's build shows on."""
        return View(self, target)

    def feed(self, document: dict[str, Any]) -> None:
        """One build's document, by any thread."""
        with self._lock:
            self._display.feed(document)

    def tick(self) -> None:
        """Time has passed."""
        with self._lock:
            self._display.tick()


class View:
    """`[2/3] RUN ...` becomes `[web 2/3] RUN ...`."""

    def __init__(self, shared: Shared, target: str) -> None:
        self._shared = shared
        self._target = target
        self.board = shared.board

    def feed(self, document: dict[str, Any]) -> None:
        """Show with the target's name."""
        for one in document.get("vertexes") or ():
            name = one.get("name", "")
            if name.startswith("["):
                one["name"] = f"[{self._target} {name[1:]}"
            else:
                one["name"] = f"[{self._target}] {name}"
            one["digest"] = f"{self._target}:{one['digest']}"
        for kind in ("statuses", "logs", "warnings"):
            for one in document.get(kind) or ():
                one["vertex"] = f"{self._target}:{one['vertex']}"
        self._shared.feed(document)

    def tick(self) -> None:
        """Time has passed."""
        self._shared.tick()

    def close(self) -> None:
        """The shared display goes on."""


COMMAND = Command(
    "bake",
    "[OPTIONS] [TARGET...]",
    "build the targets of a bake file",
    run,
    (
        Option("allow", "list", "allow builds to reach named resources"),
        Option("builder", "string", "accepted for docker's sake", hidden=True),
        Option("call", "string", "what to do", default="build", choices=("build", "check", "outline", "targets")),
        Option("check", "bool", "lint the Dockerfiles, build nothing"),
        Option("D debug", "bool", "accepted for docker's sake", hidden=True),
        Option("f file", "list", "the definition file"),
        Option("list", "string", "list targets or variables"),
        Option("load", "bool", "load the images into the engine (the default)"),
        Option("metadata-file", "string", "write facts about the results to a file, as JSON"),
        Option("no-cache", "bool", "use nothing of the cache"),
        Option("print", "bool", "show the definition, build nothing"),
        Option("progress", "string", "how progress is shown", default="auto", choices=KINDS),
        Option("provenance", "string", "accepted for docker's sake", hidden=True),
        Option("pull", "bool", "look for newer base images"),
        Option("push", "bool", "push the results"),
        Option("sbom", "string", "accepted for docker's sake", hidden=True),
        Option("set", "list", "override a field (PATTERN.KEY=VALUE)"),
    ),
    arguments=(0, None),
)  # fmt: skip
