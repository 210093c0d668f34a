"""Restart policies with their back-off, `--rm`, and logs that turn over."""

import os
import re
import time
from collections.abc import Iterator

import pytest
from tests.daemon import Goraed, goraed
from tests.root.daemon.client import create, findings, log_of, run, state_of, wait_for
from tests.root.daemon.conftest import import_image

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def house(root_archive: bytes) -> Iterator[Goraed]:
    """One daemon for all of them."""
    with goraed("--log-opt", "max-file=4") as one:
        import_image(one, root_archive)
        yield one


def count(house: Goraed, ref: str) -> int:
    found: int = house.ask("GET", f"/containers/{ref}/json")["RestartCount"]
    return found


# restarts -------------------------------------------------------------------------------------------


def test_the_count_of_on_failure_ends_it(house: Goraed) -> None:
    policy = {"Name": "on-failure", "MaximumRetryCount": 3}
    began = time.monotonic()
    one = run(house, "failing", "sh", "-c", "echo run; exit 6", RestartPolicy=policy)
    house.ask("POST", f"/containers/{one}/wait")
    assert time.monotonic() - began > 0.1 + 0.2 + 0.4
    assert (state_of(house, one)["ExitCode"], count(house, one)) == (6, 3)
    assert log_of(house, one) == "run\n" * 4


def test_success_ends_it(house: Goraed) -> None:
    one = run(house, "content", "true", RestartPolicy={"Name": "on-failure"})
    house.ask("POST", f"/containers/{one}/wait")
    assert (state_of(house, one)["ExitCode"], count(house, one)) == (0, 0)


def test_the_delay_doubles_and_a_stop_ends_it(house: Goraed) -> None:
    one = run(
        house, "restless", "sh", "-c", "date +%s.%N; exit 1", RestartPolicy={"Name": "always"}
    )
    wait_for(lambda: count(house, one) >= 4, "it was started four times more")
    assert house.docker("stop", "restless").returncode == 0
    assert state_of(house, one)["Status"] == "exited"
    stamps = [
        float(line.split()[0][17:-1]) + 60 * float(line.split()[0][14:16])
        for line in house.docker("logs", "-t", "restless").stdout.splitlines()
    ]
    gaps = [b - a for a, b in zip(stamps, stamps[1:])]
    assert gaps[0] >= 0.1 and gaps[1] >= 0.2 and gaps[2] >= 0.4 and gaps[3] >= 0.8
    before = count(house, one)
    time.sleep(2)
    assert count(house, one) == before


@pytest.mark.parametrize("command", [("rm", "-f"), ("kill",), ("stop",)])
def test_what_waits_for_its_restart_is_ended(house: Goraed, command: tuple[str, ...]) -> None:
    one = run(house, "waiting", "false", RestartPolicy={"Name": "always"})
    wait_for(lambda: state_of(house, one)["Status"] == "restarting", "it waits", 10)
    wait_for(lambda: count(house, one) >= 3, "the delay is long")
    done = house.docker(*command, "waiting")
    if command != ("kill",):  # docker refuses it in the instant in which it does not run
        assert done.returncode == 0, done.stderr
    house.docker("rm", "-f", "waiting")
    assert findings(house) == []


def test_who_was_killed_from_inside_is_started_again(house: Goraed) -> None:
    one = run(house, "stubborn", "sleep", "1000", RestartPolicy={"Name": "unless-stopped"})
    pid = state_of(house, one)["Pid"]
    os.kill(pid, 9)
    wait_for(
        lambda: state_of(house, one)["Running"] and state_of(house, one)["Pid"] != pid, "again"
    )
    assert house.docker("stop", "-t", "0", "stubborn").returncode == 0
    house.kill()
    house.start()
    time.sleep(0.5)
    assert not state_of(house, one)["Running"], "unless stopped"


def test_rm_takes_its_anonymous_volumes_along(house: Goraed) -> None:
    done = house.docker("run", "--rm", "-v", "/data", "-v", "named:/n", "bb", "true")
    assert done.returncode == 0
    wait_for(lambda: house.docker("volume", "ls", "-q").stdout == "named\n", "only the named one")
    assert house.docker("run", "--rm", "bb", "nosuch").returncode == 127
    assert not [one for one in house.containers() if one["State"] == "created"]


# logs -----------------------------------------------------------------------------------------------

CHATTER = "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done; sleep 2.5; echo last"


@pytest.mark.parametrize("driver", ["json-file", "local"])
def test_a_full_log_turns_over(house: Goraed, driver: str) -> None:
    options = {"max-size": "64k", "max-file": "2"}
    one = run(
        house, f"chatty-{driver}", "sh", "-c", f"{CHATTER}; {CHATTER}",
        LogConfig={"Type": driver, "Config": options},
    )  # fmt: skip
    house.ask("POST", f"/containers/{one}/wait")
    folder = house.data_root / "containers" / one
    kept = sorted(path.name for path in folder.glob("ctr.log*"))
    assert kept == ["ctr.log", "ctr.log.1"]
    text = log_of(house, one)
    assert text.endswith("last\n")
    numbers = [int(n) for n in re.findall(r"line (\d+)", text)]
    assert numbers, "something is kept"
    assert all(b in (a + 1, 0) for a, b in zip(numbers, numbers[1:])), "a line is missing"


def test_the_daemons_options_hold_for_its_driver(house: Goraed) -> None:
    one = create(house, "defaulted", "true")
    found = house.ask("GET", f"/containers/{one}/json")["HostConfig"]["LogConfig"]
    assert found == {"Type": "json-file", "Config": {"max-file": "4"}}
    other = create(house, "other", "true", LogConfig={"Type": "none", "Config": {}})
    found = house.ask("GET", f"/containers/{other}/json")["HostConfig"]["LogConfig"]
    assert found == {"Type": "none", "Config": {}}


def test_no_journal_is_said_at_the_start(house: Goraed) -> None:
    if os.path.exists("/run/systemd/journal/socket"):
        done = house.docker("run", "--log-driver", "journald", "--name", "jd", "bb", "echo", "hi")
        assert (done.returncode, log_of(house, "jd")) == (0, "hi\n")
        return
    done = house.docker("run", "--log-driver", "journald", "--name", "jd", "bb", "echo", "hi")
    assert done.returncode == 125
    assert (
        "failed to initialize logging driver: journald is not enabled on this host" in done.stderr
    )
    assert state_of(house, "jd")["Status"] == "created"


def test_a_log_whose_turning_over_was_cut_off_goes_on(house: Goraed) -> None:
    """A daemon may die after the renaming and before its monitor is told: nothing is lost, and it turns over again."""
    options = {"max-size": "16k", "max-file": "2"}
    script = "i=0; while true; do echo line $i; i=$((i+1)); usleep 1000; done"
    one = run(house, "cut", "sh", "-c", script, LogConfig={"Type": "json-file", "Config": options})
    path = house.data_root / "containers" / one / "ctr.log"
    house.kill()
    path.rename(f"{path}.1")
    house.start()
    wait_for(path.exists, "the monitor writes at its path again")
    house.ask("POST", f"/containers/{one}/stop?t=0")
    numbers = [int(n) for n in re.findall(r"line (\d+)", log_of(house, one))]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert findings(house) == []
