"""Docker's health states."""

import pytest

from gorae.engine import health
from gorae.engine.health import HEALTHY, SECOND_NS, STARTING, UNHEALTHY, Plan
from gorae.engine.model import ContainerSpec, HealthCheck, HealthProbe, HealthState

PLAN = Plan(("true",), retries=2, start_period_ns=10 * SECOND_NS)


def probe(code: int, at_s: int = 100) -> HealthProbe:
    return HealthProbe(at_s * SECOND_NS, at_s * SECOND_NS + 1, code, "")


def after(*codes: int, start: str = STARTING, at_s: int = 100) -> HealthState:
    state = HealthState(start)
    for code in codes:
        state = health.judged(state, probe(code, at_s), PLAN, started_ns=0)
    return state


@pytest.mark.parametrize(
    ("codes", "status", "streak"),
    [
        ((0,), HEALTHY, 0),
        ((1,), STARTING, 1),
        ((1, 1), UNHEALTHY, 2),
        ((1, 1, 1), UNHEALTHY, 3),
        ((1, 1, 0), HEALTHY, 0),
        ((0, 1), HEALTHY, 1),
        ((0, 1, 1), UNHEALTHY, 2),
        ((0, 1, 0, 1), HEALTHY, 1),
        ((-1, -1), UNHEALTHY, 2),
    ],
)
def test_states(codes: tuple[int, ...], status: str, streak: int) -> None:
    found = after(*codes)
    assert (found.status, found.failing_streak) == (status, streak)


def test_failures_in_the_start_period_do_not_count() -> None:
    assert after(1, 1, 1, at_s=5).failing_streak == 0
    assert after(0, 1, 1, at_s=5).status == UNHEALTHY, "but they do after a success"


def test_five_results_are_kept() -> None:
    assert [one.exit_code for one in after(1, 2, 3, 4, 5, 6, 7).log] == [3, 4, 5, 6, 7]


def test_start_and_end() -> None:
    assert health.begun(after(1, 1)).status == STARTING
    assert health.begun(after(1, 1)).failing_streak == 0
    assert health.ended(after(0)).status == UNHEALTHY
    assert health.ended(HealthState()).status == "none"


def test_delays() -> None:
    def delay(status: str, at_s: int) -> int:
        return health.next_delay_ns(
            HealthState(status), PLAN, started_ns=0, now_ns=at_s * SECOND_NS
        )

    assert delay(STARTING, 5) == PLAN.start_interval_ns
    assert delay(HEALTHY, 5) == PLAN.interval_ns
    assert delay(STARTING, 11) == PLAN.interval_ns


def test_plans() -> None:
    def plan(*test: str, **more: int) -> Plan | None:
        return health.plan(ContainerSpec("i", health=HealthCheck(test, **more)))

    assert health.plan(ContainerSpec("i")) is None
    assert plan() is None
    assert plan("NONE") is None
    assert plan("CMD") is None
    assert plan("CMD", "a", "b") == Plan(("a", "b"))
    assert plan("CMD-SHELL", "a b", retries=7) == Plan(("/bin/sh", "-c", "a b"), retries=7)


def test_output_is_cut() -> None:
    assert health.shown_output(b"x" * 4096) == "x" * 4096
    assert health.shown_output(b"x" * 4097) == "x" * 4096 + "..."
    words = health.timed_out(Plan((), timeout_ns=90 * SECOND_NS), b"said")
    assert words == "Health check exceeded timeout (1m30s): said"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (SECOND_NS // 2, "500ms"),
        (SECOND_NS, "1s"),
        (3 * SECOND_NS // 2, "1.5s"),
        (60 * SECOND_NS, "1m0s"),
        (3661 * SECOND_NS, "1h1m1s"),
    ],
)
def test_durations_as_go_writes_them(ns: int, text: str) -> None:
    assert health.duration(ns) == text
