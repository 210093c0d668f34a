"""`image leaks`: secrets in an image, files that a later layer deletes too."""

from __future__ import annotations

from gorae.cli.errors import Exit
from gorae.cli.options import Command, Option
from gorae.cli.units import ellipsis, human_size
from gorae.client import jsontext
from gorae.client.session import quote
from gorae.errors import GoraeError, Internal, InvalidArgument, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.invocation import Invocation

FOUND, NOT_LOOKED = 1, 2
FORMATS = ("", "text", "json")
INSTRUCTION_WIDTH = 100


def run(call: Invocation) -> int:
    """Show each as it is found. Status: 0 nothing, 1 something was found, 2 it could not be looked through."""
    if call.options.text("format") not in FORMATS:
        raise InvalidArgument(
            f'invalid format "{call.options.text("format")}": it is one of text, json'
        )
    try:
        return _look(call)
    except GoraeError as error:
        raise Exit(NOT_LOOKED, error.message) from None


def _look(call: Invocation) -> int:
    out, as_json = call.console.out, call.options.text("format") == "json"
    quiet = call.options.flag("quiet")
    path = f"/gorae/images/{quote(call.arguments[0], '/:@')}/leaks"
    summary: dict[str, Any] | None = None
    for line in call.session.messages(call.session.call("GET", path)):
        if line.get("errorDetail"):
            raise Internal(line["errorDetail"]["message"])
        summary = line.get("Summary") or summary
        if as_json and "Layer" not in line:
            out.line(jsontext.encode(line))
        elif "Leak" in line and not quiet:
            for text in told(line["Leak"]):
                out.line(text)
        out.flush()
    if summary is None:
        raise Unavailable("the daemon ended the search before its end: see its log")
    if not as_json and not quiet:
        out.line(ending(summary))
    return FOUND if summary["Leaks"] else 0


def told(leak: dict[str, Any]) -> list[str]:
    """A leak for people: where and what, the instruction, what became of the file."""
    head = f"{place(leak)}: {leak['What']} ({leak['Excerpt']})"
    lines = [head]
    if leak.get("CreatedBy"):
        lines.append(f"    made by  {_short(leak['CreatedBy'])}")
    hidden = leak.get("Hidden")
    if hidden:
        by = f" by {_short(hidden['CreatedBy'])}" if hidden["CreatedBy"] else ""
        lines.append(
            f"    {hidden['How']} in layer {hidden['Layer']}{by}; the file is still in the image"
        )
    return lines


def place(leak: dict[str, Any]) -> str:
    """`layer 3 /app/.npmrc:1`, `history`, `ENV TOKEN`, `label build.key`."""
    kind, path = leak["Place"], leak.get("Path", "")
    if kind == "layer":
        line = f":{leak['Line']}" if leak.get("Line") else ""
        return f"layer {leak['Layer']}  {path}{line}"
    if kind == "history":
        return f"history of layer {leak['Layer']}" if leak.get("Layer") else "history"
    return f"ENV {path}" if kind == "env" else f"{kind} {path}"


def ending(summary: dict[str, Any]) -> str:
    """The last line."""
    leaks = summary["Leaks"]
    found = "nothing" if not leaks else "1 leak" if leaks == 1 else f"{leaks} leaks"
    layers = "1 layer" if summary["Layers"] == 1 else f"{summary['Layers']} layers"
    return f"{found} found in {layers}, {summary['Files']} files, {human_size(summary['Size'])}"


def _short(text: str) -> str:
    return ellipsis(" ".join(text.split()), INSTRUCTION_WIDTH)


COMMAND = Command(
    "image leaks",
    "[OPTIONS] IMAGE",
    "find secrets in an image, those too that a later layer deletes (status 1: there are some)",
    run,
    (
        Option("format", "string", "'json' for a document a line"),
        Option("q quiet", "bool", "say it by the status alone"),
    ),
    arguments=(1, 1),
    description="Looked for are tokens and keys by their form, credentials in files such as .env, .npmrc and .netrc, and the\n"
    "values of variables, labels and build args that are named as secrets. Each layer is read by itself, so files\n"
    "count that a later layer deletes. Of a value no more than its first four characters are shown.\n"
    "The status is 0 when nothing is found, 1 when something is, 2 when the image cannot be looked through.",
)
