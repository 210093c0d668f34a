"""Requests that no client sends: every one is answered, and nothing of them stays in the daemon.

`python -m tests.fuzz.campaign` runs longer campaigns, of other seeds.
"""

import pytest
from tests.fuzz import campaign
from tests.fuzz.description import description
from tests.fuzz.shots import shot

REQUESTS = 2000
SEED = 20


def test_the_same_number_is_the_same_request() -> None:
    assert shot(SEED, 7, []) == shot(SEED, 7, [])
    assert shot(SEED, 7, []) != shot(SEED, 8, [])


def test_every_operation_is_fired_at() -> None:
    fired = {shot(SEED, number, ["x"]).operation for number in range(REQUESTS * 5)}
    assert {one.name for one in description().operations} <= fired


@pytest.mark.root
def test_a_campaign() -> None:
    with campaign.target() as daemon:
        report = campaign.campaign(daemon, REQUESTS, SEED)
    assert report.faults == []
    assert report.statuses[200] + report.statuses[201] + report.statuses[204] > REQUESTS / 10
