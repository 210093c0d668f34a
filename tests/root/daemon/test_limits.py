"""Limits are enforced by the kernel, for real, and what this host cannot give is said."""

import resource
import time
from collections.abc import Iterator

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon.client import findings, log_of, run, state_of, wait_for
from tests.root.daemon.conftest import import_image

pytestmark = pytest.mark.root

MIB = 1 << 20
HOG = "x=a; while true; do x=$x$x; done"


@pytest.fixture(scope="module")
def house(root_archive: bytes) -> Iterator[Goraed]:
    """One daemon for all of them."""
    with goraed() as one:
        import_image(one, root_archive)
        yield one


def ended(house: Goraed, ref: str) -> dict[str, object]:
    """Its state, once it has ended."""
    house.ask("POST", f"/containers/{ref}/wait")
    return state_of(house, ref)


def stats(house: Goraed, ref: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = house.ask(
        "GET", f"/containers/{ref}/stats?stream=0&one-shot=1"
    )
    return found


def test_who_takes_too_much_memory_is_killed(house: Goraed) -> None:
    one = run(house, "hog", "sh", "-c", HOG, Memory=32 * MIB, MemorySwap=32 * MIB)
    state = ended(house, one)
    assert (state["ExitCode"], state["OOMKilled"]) == (137, True)


def test_the_death_of_a_child_for_memory_is_told_too(house: Goraed) -> None:
    """Docker says so although the first process ended by itself."""
    one = run(
        house, "child", "sh", "-c", f"sh -c '{HOG}'; exit 3", Memory=32 * MIB, MemorySwap=32 * MIB
    )
    state = ended(house, one)
    assert (state["ExitCode"], state["OOMKilled"]) == (3, True)


def test_137_without_memory_is_no_oom(house: Goraed) -> None:
    one = run(house, "killed", "sleep", "1000", Memory=32 * MIB)
    house.ask("POST", f"/containers/{one}/kill")
    state = ended(house, one)
    assert (state["ExitCode"], state["OOMKilled"]) == (137, False)


def test_a_daemon_that_was_away_tells_it_from_the_monitors_note(house: Goraed) -> None:
    one = run(house, "later", "sh", "-c", f"sleep 0.5; {HOG}", Memory=32 * MIB, MemorySwap=32 * MIB)
    house.kill()
    time.sleep(2)
    house.start()
    state = ended(house, one)
    assert (state["ExitCode"], state["OOMKilled"]) == (137, True)


def test_the_number_of_processes(house: Goraed) -> None:
    one = run(
        house,
        "many",
        "sh",
        "-c",
        "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100 & done; echo not reached",
        PidsLimit=5,
    )
    wait_for(lambda: not state_of(house, one)["Running"], "it has ended")
    assert "not reached" not in log_of(house, one)
    assert "Resource temporarily unavailable" in house.docker("logs", one).stderr


def test_processor_time_is_throttled(house: Goraed) -> None:
    one = run(house, "busy", "sh", "-c", "while true; do :; done", NanoCpus=200_000_000)
    time.sleep(1.0)
    before, began = stats(house, one), time.monotonic()
    time.sleep(1.5)
    after, took = stats(house, one), time.monotonic() - began

    def used(found: dict[str, dict[str, object]]) -> int:
        return int(found["cpu_stats"]["cpu_usage"]["total_usage"])  # type: ignore[index]

    share = (used(after) - used(before)) / 1e9 / took
    assert 0.05 < share < 0.3
    assert after["cpu_stats"]["throttling_data"]["throttled_periods"] > 0  # type: ignore[index]
    house.ask("DELETE", f"/containers/{one}?force=1")


def test_limits_change_while_it_runs(house: Goraed) -> None:
    one = run(house, "changed", "sleep", "1000", Memory=64 * MIB, MemorySwap=64 * MIB)
    body = {"Memory": 48 * MIB, "MemorySwap": 48 * MIB, "PidsLimit": 7}
    house.ask("POST", f"/containers/{one}/update", body)
    found = stats(house, one)
    assert found["memory_stats"]["limit"] == 48 * MIB
    assert found["pids_stats"]["limit"] == 7
    house.ask("DELETE", f"/containers/{one}?force=1")


def test_a_limit_of_files_beyond_ours_is_lowered_with_a_warning(house: Goraed) -> None:
    """Without CAP_SYS_RESOURCE a hard limit cannot be raised: clamped, said, never a failure."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    done = house.docker(
        "run", "--rm", "--ulimit", f"nofile={hard * 2}:{hard * 2}", "bb", "sh", "-c", "ulimit -n"
    )
    assert done.returncode == 0, done.stderr
    if int(done.stdout) != hard * 2:  # this host may not raise it
        assert int(done.stdout) == hard
        assert "nofile" in done.stderr.lower(), "a warning is due"
    done = house.docker(
        "run", "--rm", "--ulimit", "nofile=100:200", "bb", "sh", "-c", "ulimit -n; ulimit -Hn"
    )
    assert done.stdout.split() == ["100", "200"]


def test_nothing_of_it_is_left(house: Goraed) -> None:
    house.remove_containers()
    wait_for(lambda: findings(house) == [], "the house is in order")
