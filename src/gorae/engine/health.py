"""Docker's health states, decided. Pure; times in ns come as values.

starting   until the first success, or until `retries` failures in a row after the start period
healthy    since the last success
unhealthy  since `retries` failures in a row; of a container that does not run, too
"""

from dataclasses import dataclass, replace

from gorae.engine.model import ContainerSpec, HealthCheck, HealthProbe, HealthState

NONE, STARTING, HEALTHY, UNHEALTHY = "none", "starting", "healthy", "unhealthy"
SECOND_NS = 1_000_000_000
KEPT = 5
OUTPUT_BYTES = 4096
SHELL = ("/bin/sh", "-c")
ON_FAILURE = ("none", "kill", "restart", "stop")


@dataclass(frozen=True, slots=True)
class Plan:
    """A check with everything that was left open filled in."""

    argv: tuple[str, ...]
    interval_ns: int = 30 * SECOND_NS
    timeout_ns: int = 30 * SECOND_NS
    start_period_ns: int = 0
    start_interval_ns: int = 5 * SECOND_NS
    retries: int = 3
    on_failure: str = "none"


def plan(spec: ContainerSpec) -> Plan | None:
    """What is to be done; None: there is no check, or it was taken away."""
    check = spec.health
    if check is None or not check.test or check.test[0] == "NONE" or len(check.test) < 2:
        return None
    words = check.test[1:]
    argv = words if check.test[0] == "CMD" else (*(spec.shell or SHELL), words[0])
    return _filled(Plan(argv), check)


def _filled(found: Plan, check: HealthCheck) -> Plan:
    return replace(
        found,
        interval_ns=check.interval_ns or found.interval_ns,
        timeout_ns=check.timeout_ns or found.timeout_ns,
        start_period_ns=check.start_period_ns,
        start_interval_ns=check.start_interval_ns or found.start_interval_ns,
        retries=check.retries or found.retries,
        on_failure=check.on_failure or "none",
    )


def begun(state: HealthState) -> HealthState:
    """A container starts: what was is kept in the log only."""
    return replace(state, status=STARTING, failing_streak=0)


def ended(state: HealthState) -> HealthState:
    """It does not run any more."""
    return state if state.status == NONE else replace(state, status=UNHEALTHY)


def judged(state: HealthState, probe: HealthProbe, what: Plan, *, started_ns: int) -> HealthState:
    """The state after a result."""
    log = (*state.log, probe)[-KEPT:]
    if probe.exit_code == 0:
        return HealthState(HEALTHY, 0, log)
    excused = state.status == STARTING and probe.started_ns - started_ns < what.start_period_ns
    streak = state.failing_streak + (not excused)
    status = UNHEALTHY if streak >= what.retries else state.status
    return HealthState(status, streak, log)


def next_delay_ns(state: HealthState, what: Plan, *, started_ns: int, now_ns: int) -> int:
    """How long until the next check."""
    young = now_ns - started_ns < what.start_period_ns
    return what.start_interval_ns if young and state.status == STARTING else what.interval_ns


def shown_output(data: bytes) -> str:
    """At most `OUTPUT_BYTES`, with a mark where more came."""
    text = data[:OUTPUT_BYTES].decode(errors="replace")
    return f"{text}..." if len(data) > OUTPUT_BYTES else text


def timed_out(what: Plan, data: bytes) -> str:
    """What is noted of a check that took too long; docker's words."""
    return f"Health check exceeded timeout ({duration(what.timeout_ns)}): {shown_output(data)}"


def duration(ns: int) -> str:
    """As Go writes it: `1m30s`, `1.5s`, `500ms`."""
    if ns < SECOND_NS:
        return f"{ns / 1_000_000:g}ms"
    minutes, rest = divmod(ns, 60 * SECOND_NS)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / SECOND_NS:g}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds
