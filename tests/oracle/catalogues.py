"""The catalogues of command lines, each with answers in a file of its own (`docker-28.5.2-<topic>.json`)."""

from tests.oracle import catalogue, commands_catalogue, network_catalogue, parity_catalogue
from tests.oracle.scenario import Scenario


def catalogues() -> dict[str, list[Scenario]]:
    """Topic -> its scenarios; the first one's topic is empty."""
    return {
        "": catalogue.SCENARIOS,
        "commands": commands_catalogue.SCENARIOS,
        "network": network_catalogue.SCENARIOS,
        "parity": parity_catalogue.SCENARIOS,
    }


def everything() -> list[Scenario]:
    """All scenarios of all topics."""
    return [one for scenarios in catalogues().values() for one in scenarios]
