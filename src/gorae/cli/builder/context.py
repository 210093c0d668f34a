"""`gorae build context`: what a build gets to see, how large it is, and which line kept or took each path."""

from __future__ import annotations

import os

from gorae.cli import tabwriter
from gorae.cli.builder import source
from gorae.cli.builder.contextwalk import Kept, Walk, walk
from gorae.cli.options import Command, Option
from gorae.cli.units import human_size
from gorae.dockerfile import ignore
from gorae.errors import InvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation
    from gorae.dockerfile.ignore import Ignore, Verdict

HEAVY = (
    ".git", ".hg", ".svn", "node_modules", "bower_components", ".venv", "venv", "__pycache__", ".mypy_cache",
    ".pytest_cache", ".tox", ".gradle", ".idea", ".vscode", ".next", ".nuxt", ".terraform", "target", "dist", "build",
    "coverage",
)  # fmt: skip
"""Folders that a build rarely wants."""
SURE = HEAVY[: HEAVY.index("target")]


def run(call: Invocation) -> int:
    """Tell of the context.

    Raises:
        InvalidArgument: not a local folder, or a number that is none. NotFound: no such folder.
    """
    place = call.arguments[0] if call.arguments else "."
    if place == "-" or source.is_git(place) or place.startswith(source.WEB_PREFIXES):
        raise InvalidArgument(f'"{place}" is not a folder of this machine: give the path of one')
    found = source.folder(place)
    rules = _rules(found.folder, call.options.text("file"))
    wanted = call.options.items("why")
    form = call.options.text("format")
    if wanted:
        verdicts = [_verdict(found.folder, path, rules) for path in wanted]
        if form == "json":
            _write_json(call, [_verdict_document(*one, rules) for one in verdicts])
        else:
            for path, verdict in verdicts:
                call.say(_sentence(path, verdict, rules, found.folder))
        return 0
    if call.options.flag("all"):
        for path, size, verdict in walk(found.folder, rules).entries():
            call.say(f"{human_size(size):>8}  {_short(verdict, rules)}  {path}")
        return 0
    top = call.options.number("top")
    if top < 0:
        raise InvalidArgument(f"invalid argument {top} for --top: it counts paths")
    taken = walk(found.folder, rules)
    taken.finish()
    if form == "json":
        _write_json(call, _document(found.folder, taken, rules, top))
    else:
        call.say(_report(found.folder, taken, rules, top))
    return 0


def _rules(folder: str, file: str) -> Ignore:
    """The rules that a build with this Dockerfile obeys."""
    path = file or os.path.join(folder, "Dockerfile")
    if file and not os.path.lexists(path):
        path = os.path.join(folder, file)
    for name in (f"{path}{ignore.DOCKERIGNORE}", os.path.join(folder, ignore.DOCKERIGNORE)):
        text = source.read_if_there(name)
        if text is not None:
            return ignore.parse(text, os.path.relpath(name, folder))
    return ignore.parse(b"")


def _verdict(folder: str, path: str, rules: Ignore) -> tuple[str, Verdict]:
    """A path as typed: relative to the context, or absolute within it."""
    inside = os.path.relpath(path, os.path.abspath(folder)) if os.path.isabs(path) else path
    inside = ignore.cleaned(inside)
    if inside == ".." or inside.startswith("../"):
        raise InvalidArgument(f'"{path}" is outside the context "{folder}"')
    return inside, ignore.Verdict(False) if inside == "." else rules.match(inside)


def _sentence(path: str, verdict: Verdict, rules: Ignore, folder: str) -> str:
    full = os.path.join(folder, path)
    note = "" if os.path.lexists(full) else "   (there is no such file now)"
    rule = verdict.rule
    if rule is None:
        where = (
            f"of {rules.source}" if rules.rules else "stands in the way: there is no .dockerignore"
        )
        return f"{path}  KEPT  no rule {where}{' matches' if rules.rules else ''}{note}"
    word = "KEPT" if rule.keeps else "IGNORED"
    by = f' with its folder "{verdict.at}"' if verdict.at != path else ""
    undone = "" if rule.keeps else "   (no later rule keeps it)"
    return f'{path}  {word}  by {rules.source}:{rule.line}  "{rule.text}"{by}{undone}{note}'


def _short(verdict: Verdict, rules: Ignore) -> str:
    word = "ignored" if verdict.ignored else "kept   "
    return f"{word} {rules.source}:{verdict.line}" if verdict.rule else f"{word} -"


def _report(folder: str, taken: Walk, rules: Ignore, top: int) -> str:
    of = f" by {rules.source} ({_count(len(rules.rules), 'rule')})" if rules.rules else ""
    lines = [
        f'Context "{folder}"',
        f"  kept     {_count(taken.kept.files, 'file')}, {human_size(taken.kept.size)}",
        f"  ignored  {_count(taken.ignored.files, 'file')}, {human_size(taken.ignored.size)}{of}",
    ]
    if taken.left_out:
        lines.append(
            f"  left out {_count(taken.left_out, 'socket, pipe or device', 'sockets, pipes or devices')}"
        )
    largest = taken.largest(top, HEAVY)
    if largest:
        rows = ["SIZE\tFILES\tKEPT\tWHY"]
        rows += [
            f"{human_size(one.size)}\t{one.files}\t{one.path}\t{_why(one, rules)}"
            for one in largest
        ]
        lines += ["", tabwriter.align("\n".join(rows))]
    if rules.rules:
        rows = ["SIZE\tFILES\tRULE\tLINE"]
        for rule in rules.rules:
            sum_ = taken.by_rule.get(rule.line)
            size, files = (human_size(sum_.size), sum_.files) if sum_ else ("-", "none")
            rows.append(f"{size}\t{files}\t{rule.text}\t{rules.source}:{rule.line}")
        lines += ["", tabwriter.align("\n".join(rows))]
    return "\n".join(lines)


def _why(one: Kept, rules: Ignore) -> str:
    if one.verdict.rule is not None:
        return f'{rules.source}:{one.verdict.line} "{one.verdict.rule.text}"'
    *above, name = one.path.rstrip("/").split("/")
    if not one.path.endswith("/") or name not in HEAVY:
        return "no rule matches"
    if name in SURE:
        return f'no rule matches: add "{"**/" if above else ""}{name}" to .dockerignore'
    return f'no rule matches: if the build makes it, add "{one.path.rstrip("/")}" to .dockerignore'


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def _document(folder: str, taken: Walk, rules: Ignore, top: int) -> dict[str, Any]:
    return {
        "context": os.path.abspath(folder),
        "ignore_file": rules.source if rules.rules else "",
        "kept": {"files": taken.kept.files, "bytes": taken.kept.size},
        "ignored": {"files": taken.ignored.files, "bytes": taken.ignored.size},
        "largest": [
            {"path": one.path, "files": one.files, "bytes": one.size, "line": one.verdict.line}
            for one in taken.largest(top, HEAVY)
        ],
        "rules": [
            {
                "line": rule.line,
                "pattern": rule.text,
                "files": found.files if (found := taken.by_rule.get(rule.line)) else 0,
                "bytes": found.size if found else 0,
            }
            for rule in rules.rules
        ],
    }


def _verdict_document(path: str, verdict: Verdict, rules: Ignore) -> dict[str, Any]:
    return {
        "path": path,
        "ignored": verdict.ignored,
        "file": rules.source if verdict.rule else "",
        "line": verdict.line,
        "pattern": verdict.rule.text if verdict.rule else "",
        "matched": verdict.at,
    }


def _write_json(call: Invocation, document: Any) -> None:
    from gorae.client import jsontext

    call.say(jsontext.encode(document, indent=2))


COMMAND = Command(
    "build context",
    "[OPTIONS] [PATH]",
    "show what a build gets to see, and which line keeps or takes each path",
    run,
    (
        Option("a all", "bool", "list every path with the line that decided"),
        Option("f file", "string", "the Dockerfile (its own ignore file goes first)"),
        Option("format", "string", "text or json", default="text", choices=("text", "json")),
        Option("top", "int", "how many of the largest paths to show", default=10),
        Option("why", "list", "tell of this path of the context (several may be asked for)"),
    ),
    arguments=(0, 1),
)
