"""Whether and when a container that ended is started again. Pure; times in ns come as values."""

from dataclasses import dataclass

from gorae.engine.model import RestartPolicy
from gorae.errors import InvalidArgument

FIRST_DELAY_NS = 100_000_000
LONGEST_DELAY_NS = 60_000_000_000
STEADY_AFTER_NS = 10_000_000_000
"""A container that ran this long starts its back-off anew, as docker's does."""

POLICIES = ("no", "always", "unless-stopped", "on-failure")


@dataclass(frozen=True, slots=True)
class Decision:
    """Start again after `delay_ns`, or not at all."""

    again: bool
    delay_ns: int = 0


def check_policy(policy: RestartPolicy) -> None:
    """Raises: InvalidArgument: an unknown policy, or a count that does not belong to it."""
    if (policy.name or "no") not in POLICIES:
        raise InvalidArgument(
            f"invalid restart policy: unknown policy '{policy.name}'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    if policy.max_retries < 0:
        raise InvalidArgument("invalid restart policy: maximum retry count cannot be negative")
    if policy.max_retries and policy.name != "on-failure":
        raise InvalidArgument(
            "invalid restart policy: maximum retry count can only be used with 'on-failure'"
        )


def decide(
    policy: RestartPolicy,
    *,
    exit_code: int,
    stopped_by_user: bool,
    restart_count: int,
    ran_ns: int,
    last_delay_ns: int,
) -> Decision:
    """What follows an exit; `last_delay_ns` is the delay before the run that ended (0: none)."""
    if stopped_by_user:
        return Decision(again=False)
    match policy.name:
        case "always" | "unless-stopped":
            wanted = True
        case "on-failure":
            wanted = exit_code != 0 and not 0 < policy.max_retries <= restart_count
        case _:
            wanted = False
    return Decision(again=wanted, delay_ns=next_delay(ran_ns, last_delay_ns) if wanted else 0)


def next_delay(ran_ns: int, last_delay_ns: int) -> int:
    """100 ms, doubled with each quick end up to a minute."""
    if ran_ns >= STEADY_AFTER_NS or not last_delay_ns:
        return FIRST_DELAY_NS
    return min(last_delay_ns * 2, LONGEST_DELAY_NS)


def wanted_at_boot(
    policy: RestartPolicy, *, exit_code: int, stopped_by_user: bool, restart_count: int
) -> bool:
    """Whether a daemon that comes up starts a container that is not running; `always` forgets a stop by the user."""
    return decide(
        policy,
        exit_code=exit_code,
        stopped_by_user=stopped_by_user and policy.name != "always",
        restart_count=restart_count,
        ran_ns=0,
        last_delay_ns=0,
    ).again
