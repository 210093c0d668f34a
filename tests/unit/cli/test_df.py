"""`system df --why`: sums, owners, and the same for programs."""

import json

from gorae.cli.system.df import WHY, why

LINES = [
    {
        "Size": 3000,
        "Type": "volume",
        "Owner": "ab" * 32,
        "LastUsed": "",
        "Measured": "",
        "Reason": "no container has it",
    },
    {"Size": 1000, "Type": "bin", "Owner": "web", "LastUsed": "", "Measured": "", "Reason": "gone"},
]


def test_sums_come_first_and_long_ids_are_cut() -> None:
    first, _, heads, volume, *_ = why(LINES).splitlines()
    assert first == "4kB: 3kB volume, 1kB bin"
    assert heads.split() == ["SIZE", "TYPE", "OWNER", "LAST", "USED", "MEASURED", "REASON"]
    assert volume.split()[:3] == ["3kB", "volume", "abababababab"]


def test_programs_get_whole_ids() -> None:
    found = [json.loads(line) for line in WHY.render(LINES, "json").splitlines()]
    assert [one["Owner"] for one in found] == ["ab" * 32, "web"]
    assert WHY.render(LINES, "{{.Type}} {{.Size}}") == "volume 3kB\nbin 1kB\n"
