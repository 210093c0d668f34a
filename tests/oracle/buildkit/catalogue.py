"""All cases; each name is unique."""

from tests.oracle.buildkit import (
    cases_bad,
    cases_config,
    cases_context,
    cases_copy,
    cases_run,
    cases_stage,
)

CASES = [
    *cases_stage.CASES,
    *cases_config.CASES,
    *cases_copy.CASES,
    *cases_run.CASES,
    *cases_context.CASES,
    *cases_bad.CASES,
]
assert len({one.name for one in CASES}) == len(CASES)
