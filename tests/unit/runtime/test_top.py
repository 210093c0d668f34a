"""ps output."""

import os

import pytest

from gorae.errors import Internal, InvalidArgument
from gorae.runtime.top import parse, top

OUTPUT = """\
UID        PID  PPID CMD
root         1     0 init
web         12     1 sleep 10 and more
"""


def test_rows_of_these_processes_only() -> None:
    titles, rows = parse(OUTPUT, {12})
    assert titles == ["UID", "PID", "PPID", "CMD"]
    assert rows == [["web", "12", "1", "sleep 10 and more"]]


def test_no_pids() -> None:
    with pytest.raises(InvalidArgument, match="Couldn't find PID field in ps output"):
        parse("CMD\ninit\n", {1})


def test_the_host_s_ps() -> None:
    titles, rows = top({os.getpid()}, "-eo pid,comm")
    assert titles == ["PID", "COMMAND"]
    assert rows[0][0] == str(os.getpid())
    with pytest.raises(InvalidArgument):
        top({1}, "--no-such-option")


def test_a_host_without_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Internal, match='ps: exec: "ps": executable file not found in'):
        top({1}, "")
