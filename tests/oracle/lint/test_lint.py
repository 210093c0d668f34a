"""gorae's lint says what Docker 28's says, rule by rule, in its words and at its lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.oracle.lint.catalogue import CASES, Case

from gorae.dockerfile import ignore
from gorae.dockerfile.check import check
from gorae.dockerfile.lint import BaseImage, Report, Request
from gorae.dockerfile.lintform import as_document, as_text, problem_text
from gorae.dockerfile.rule import OWN, RULES

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text())
BETTER = {"unsupported modifier (\ufffd) in substitution": "syntax error: missing '}'"}
"""Sentences of docker's that tell nothing, and ours."""


def report_of(case: Case) -> Report:
    flags = dict(zip(case.flags[::2], case.flags[1::2])) if case.flags else {}
    args = [
        value for flag, value in zip(case.flags[::2], case.flags[1::2]) if flag == "--build-arg"
    ]
    rules = case.files.get(".dockerignore")
    request = Request(
        build_args=dict(arg.partition("=")[::2] for arg in args),
        target=flags.get("--target", ""),
        ignore=None if rules is None else ignore.parse(rules.encode()),
        bases=lambda name: BaseImage(),
    )
    return check(case.dockerfile.encode(), "Dockerfile", request)


def warnings(document: dict[str, Any]) -> list[str]:
    found = [one for one in document["warnings"] or [] if one["ruleName"] not in OWN]
    return sorted(json.dumps(one, sort_keys=True) for one in found)


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name.replace(" ", "_"))
def test_the_same_findings(case: Case) -> None:
    recorded = ANSWERS.get(case.name)
    assert recorded is not None, "never recorded on the oracle"
    assert recorded["key"] == case.key, "changed since it was recorded on the oracle"
    report = report_of(case)
    found = as_document(report)
    wanted = recorded["json"]
    assert warnings(found) == warnings(wanted)
    error = wanted.get("buildError", {"message": "", "location": {}})
    for theirs, ours in BETTER.items():
        error["message"] = error["message"].replace(theirs, ours)
    assert found.get("buildError", {"message": "", "location": {}}) == error
    assert (0 if report.is_clean else 1) == recorded["code"]


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name.replace(" ", "_"))
def test_the_same_text(case: Case) -> None:
    """Where the order of the findings is not docker's to choose: no two on one line, none of ours."""
    recorded = ANSWERS[case.name]
    report = report_of(case)
    places = [one.start_line for one in report.findings]
    if len(set(places)) != len(places) or any(one.rule.name in OWN for one in report.findings):
        return
    folder = recorded["folder"]
    wanted = recorded["stdout"].replace(folder, "").strip("\n")
    assert as_text(report).strip("\n") == wanted
    error = recorded["stderr"].replace(folder, "").strip("\n")
    for theirs, ours in BETTER.items():
        error = error.replace(theirs, ours)
    assert problem_text(report).strip("\n") == error


def test_every_rule_of_docker_has_a_case() -> None:
    told = {one["ruleName"] for case in ANSWERS.values() for one in case["json"]["warnings"] or []}
    assert set(RULES) - set(OWN) - told == {"InvalidBaseImagePlatform"}
