"""`build --check` and its kin: what is told of a Dockerfile without building it (`--call=check|outline|targets`)."""

from __future__ import annotations

import base64

from gorae.cli import tabwriter
from gorae.client import jsontext
from gorae.dockerfile import check as linter
from gorae.dockerfile import ignore, lintform, stages
from gorae.dockerfile.excerpt import excerpt
from gorae.dockerfile.lint import BaseImage, Request
from gorae.errors import GoraeError, InvalidArgument, NotFound, SyntaxFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gorae.cli.builder.request import BuildRequest
    from gorae.cli.invocation import Invocation
    from gorae.dockerfile.instruction import ArgItem
    from gorae.dockerfile.lint import Report
    from gorae.dockerfile.stages import Dockerfile, Stage

FORMATS = ("", "format=text", "format=json", "json")


def run(call: Invocation, wanted: BuildRequest) -> int:
    """Answer; the status is 1 where `check` found something.

    Raises:
        InvalidArgument: the Dockerfile is not here, or the format is none.
    """
    kind, _, form = wanted.document["call"].partition(",")
    if form not in FORMATS:
        raise InvalidArgument(f'invalid format "{form}": it is format=text or format=json')
    as_json = form.endswith("json")
    text = wanted.dockerfile.text
    if text is None:
        raise InvalidArgument(
            f"--call={kind} reads the Dockerfile here: give a local context, or the Dockerfile with -f"
        )
    if kind == "check":
        return _check(call, lint(call, wanted, text), as_json=as_json)
    try:
        found = stages.read(text, wanted.dockerfile.path)
        target = chosen(found, wanted.document["target"])
    except SyntaxFault as fault:
        lines = text.decode("utf-8", "replace").split("\n")
        where = excerpt(wanted.dockerfile.path, lines, fault.line, fault.line)
        call.console.complain(where.rstrip("\n"))
        raise
    if kind == "targets":
        _targets(call, found, text, as_json=as_json)
    else:
        _outline(call, found, target, wanted, text, as_json=as_json)
    return 0


def lint(call: Invocation, wanted: BuildRequest, text: bytes) -> Report:
    """The report on a Dockerfile; base images are asked of the engine, one that it lacks is unknown."""
    rules = wanted.dockerfile.ignore
    request = Request(
        build_args={k: v for k, v in wanted.document["build_args"].items() if v is not None},
        target=wanted.document["target"],
        ignore=None if rules is None else ignore.parse(rules, wanted.dockerfile.ignore_name),
        bases=lambda name: base_image(call, name),
        platform=(wanted.document["platforms"] or ["linux/amd64"])[0],
        contexts=frozenset(name for name in wanted.contexts if name),
    )
    return linter.check(text, wanted.dockerfile.path, request)


def base_image(call: Invocation, name: str) -> BaseImage | None:
    """What the engine knows of an image."""
    from gorae.client.session import quote

    try:
        found = call.session.get(f"/images/{quote(name, safe='/:@')}/json")
    except (GoraeError, OSError):
        return None
    config = found.get("Config") or {}
    pairs = (item.partition("=") for item in config.get("Env") or ())
    return BaseImage(
        env={key: value for key, _, value in pairs},
        shell=tuple(config.get("Shell") or ()),
        platform=f"{found.get('Os', '')}/{found.get('Architecture', '')}",
        on_build=tuple(config.get("OnBuild") or ()),
    )


def _check(call: Invocation, report: Report, *, as_json: bool) -> int:
    if as_json:
        call.say(jsontext.encode(lintform.as_document(report), indent=2))
    else:
        call.console.out.write(lintform.as_text(report))
        problem = lintform.problem_text(report)
        if problem:
            call.console.complain(problem.rstrip("\n"))
    return 0 if report.is_clean else 1


def chosen(found: Dockerfile, target: str) -> Stage:
    """The stage that would be built.

    Raises:
        NotFound: there is none of that name or number.
    """
    if not target:
        return found.stages[-1]
    for stage in found.stages:
        if target.lower() == stage.name or target == str(stage.index):
            return stage
    raise NotFound(f'target stage "{target}" could not be found')


def _targets(call: Invocation, found: Dockerfile, text: bytes, *, as_json: bool) -> None:
    last = found.stages[-1]
    if as_json:
        rows: list[dict[str, Any]] = []
        for stage in found.stages:
            row: dict[str, Any] = {"name": stage.name} if stage.name else {}
            row |= {"default": True} if stage is last else {}
            row["base"] = stage.from_.image
            row["location"] = _location(stage.from_.location.start_line)
            rows.append(row)
        _say_document(call, {"targets": rows}, text)
        return
    lines = ["TARGET\tDESCRIPTION"]
    for stage in found.stages:
        if stage.name or stage is last:
            shown = stage.name + (" (default)" if stage is last else "")
            lines.append(f"{shown.strip()}\t")
    call.console.out.write(tabwriter.align("\n".join(lines)) + "\n")


def _outline(
    call: Invocation,
    found: Dockerfile,
    target: Stage,
    wanted: BuildRequest,
    text: bytes,
    *,
    as_json: bool,
) -> None:
    """The build arguments that a stage and those before it declare."""
    from gorae.dockerfile.instruction import Arg

    given = wanted.document["build_args"]
    declared = [*found.meta_args]
    for stage in found.stages[: target.index + 1]:
        if stage is target or stage.name == target.from_.image.lower():
            declared += [one for one in stage.instructions if isinstance(one, Arg)]
    items = {item.name: (item, one.location.start_line) for one in declared for item in one.items}
    rows = [
        (item, given.get(name) or item.default or "", line) for name, (item, line) in items.items()
    ]
    if as_json:
        args = [_argument(item, value, line) for item, value, line in rows]
        document = {"name": target.name} if target.name else {}
        _say_document(call, {**document, **({"args": args} if args else {})}, text)
        return
    if target.name:
        call.say(f"TARGET:\t{target.name}\n")
    if rows:
        lines = [f"{item.name}\t{value}\t{item.description}" for item, value, _ in rows]
        table = "\n".join(["BUILD ARG\tVALUE\tDESCRIPTION", *lines])
        call.console.out.write(tabwriter.align(table) + "\n")


def _argument(item: ArgItem, value: str, line: int) -> dict[str, Any]:
    found: dict[str, Any] = {"name": item.name}
    if item.description:
        found["description"] = item.description
    if value:
        found["value"] = value
    return {**found, "location": _location(line)}


def _say_document(call: Invocation, document: dict[str, Any], text: bytes) -> None:
    sources = [base64.b64encode(text).decode()]
    call.say(jsontext.encode({**document, "sources": sources}, indent=2))


def _location(line: int) -> dict[str, Any]:
    return {"ranges": [{"start": {"line": line}, "end": {"line": line}}]}
