import pytest

from gorae.engine import restart
from gorae.engine.model import RestartPolicy
from gorae.errors import InvalidArgument

SECOND = 1_000_000_000


def decide(policy: RestartPolicy, **given: int | bool) -> restart.Decision:
    facts = {
        "exit_code": 1,
        "stopped_by_user": False,
        "restart_count": 0,
        "ran_ns": SECOND,
        "last_delay_ns": 0,
    } | given
    return restart.decide(policy, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "exit_code", "again"),
    [
        ("no", 1, False),
        ("", 1, False),
        ("always", 0, True),
        ("unless-stopped", 0, True),
        ("on-failure", 0, False),
        ("on-failure", 3, True),
    ],
)
def test_which_ends_are_followed_by_a_start(policy: str, exit_code: int, again: bool) -> None:
    assert decide(RestartPolicy(policy), exit_code=exit_code).again is again


def test_a_stop_asked_for_is_never_undone() -> None:
    assert not decide(RestartPolicy("always"), stopped_by_user=True).again


def test_on_failure_counts() -> None:
    policy = RestartPolicy("on-failure", 2)
    assert decide(policy, restart_count=1).again
    assert not decide(policy, restart_count=2).again


def test_delays_double_to_a_minute_and_start_anew_after_a_steady_run() -> None:
    delay = 0
    seen = []
    for _ in range(12):
        delay = decide(RestartPolicy("always"), last_delay_ns=delay).delay_ns
        seen.append(delay)
    assert seen[:3] == [SECOND // 10, SECOND // 5, SECOND * 2 // 5]
    assert seen[-1] == 60 * SECOND
    steady = decide(RestartPolicy("always"), last_delay_ns=delay, ran_ns=11 * SECOND)
    assert steady.delay_ns == SECOND // 10


@pytest.mark.parametrize(
    "bad", [RestartPolicy("sometimes"), RestartPolicy("always", 3), RestartPolicy("on-failure", -1)]
)
def test_policies_that_cannot_be(bad: RestartPolicy) -> None:
    with pytest.raises(InvalidArgument, match="invalid restart policy"):
        restart.check_policy(bad)


@pytest.mark.parametrize(
    ("policy", "exit_code", "stopped", "count", "wanted"),
    [
        (RestartPolicy("always"), 0, True, 0, True),
        (RestartPolicy("unless-stopped"), 0, False, 0, True),
        (RestartPolicy("unless-stopped"), 1, True, 0, False),
        (RestartPolicy("on-failure"), 1, False, 0, True),
        (RestartPolicy("on-failure"), 0, False, 0, False),
        (RestartPolicy("on-failure"), 143, True, 0, False),
        (RestartPolicy("on-failure", 3), 1, False, 2, True),
        (RestartPolicy("on-failure", 3), 1, False, 3, False),
        (RestartPolicy("no"), 1, False, 0, False),
    ],
)
def test_what_a_new_daemon_starts(
    policy: RestartPolicy, exit_code: int, stopped: bool, count: int, wanted: bool
) -> None:
    got = restart.wanted_at_boot(
        policy, exit_code=exit_code, stopped_by_user=stopped, restart_count=count
    )
    assert got is wanted
