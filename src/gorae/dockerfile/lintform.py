"""The report of `build --check` as docker prints it: for people, and as JSON."""

import base64
from typing import Any

from gorae.dockerfile.excerpt import excerpt
from gorae.dockerfile.lint import Finding, Report


def as_text(report: Report) -> str:
    """What stands on standard output."""
    count = len(report.findings)
    if not count:
        return "" if report.problem else "Check complete, no warnings found.\n"
    noun = "warning has" if count == 1 else "warnings have"
    parts = [f"Check complete, {count} {noun} been found!\n"]
    lines = _lines(report)
    for one in report.findings:
        head = f"WARNING: {one.rule.name}" + (f" - {one.rule.url}" if one.rule.url else "")
        place = excerpt(report.source, lines, one.start_line, one.end_line)
        parts.append(f"{head}\n{one.detail}\n{place}")
    return "\n".join(parts) + "\n"


def problem_text(report: Report) -> str:
    """What stands on standard error: why the file cannot be built; empty when it can."""
    problem = report.problem
    if problem is None:
        return ""
    place = excerpt(report.source, _lines(report), problem.start_line, problem.end_line)
    return f"ERROR: {problem.message}\n{place}\n"


def as_document(report: Report) -> dict[str, Any]:
    """The document of `--call=lint,format=json`, without the builder's own definition of the source."""
    document: dict[str, Any] = {
        "warnings": [_warning(one) for one in report.findings] or None,
        "sources": [
            {
                "filename": report.source,
                "data": base64.b64encode(report.text).decode(),
                "language": "Dockerfile",
            }
        ],
    }
    if report.problem is not None:
        where = _location(report.problem.start_line, report.problem.end_line)
        document["buildError"] = {"message": report.problem.message, "location": where}
    return document


def _warning(one: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {"ruleName": one.rule.name, "description": one.rule.description}
    if one.rule.url:
        found["url"] = one.rule.url
    return {**found, "detail": one.detail, "location": _location(one.start_line, one.end_line)}


def _location(start: int, end: int) -> dict[str, Any]:
    """A range for each line."""
    lines = range(start, max(start, end) + 1) if start else ()
    ranges = [{"start": {"line": line}, "end": {"line": line}} for line in lines]
    return {"ranges": ranges} if ranges else {}


def _lines(report: Report) -> list[str]:
    return report.text.decode("utf-8", "replace").split("\n")
