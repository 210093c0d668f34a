"""What is told of an end."""

from pathlib import Path

import pytest

from gorae.engine.ending import Ending, Victim, last_lines, victim

RING = """\
6,1,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/gorae/aaa,task_memcg=/gorae/aaa,task=sh,pid=7,uid=0
3,2,2,-;Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB, anon-rss:1000kB, file-rss:24kB, shmem-rss:0kB
6,3,3,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/gorae/bbb,task_memcg=/gorae/bbb,task=x,pid=8,uid=0
3,4,4,-;Memory cgroup out of memory: Killed process 8 (my prog) total-vm:1kB, anon-rss:10kB, file-rss:0kB, shmem-rss:0kB
"""


def ending(**more: object) -> Ending:
    return Ending("id", "n", "i", 0, 0, **{"exit_code": 0, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ending(), "with success"),
        (ending(exit_code=3), "status 3"),
        (ending(exit_code=137), "killed by SIGKILL, by nobody"),
        (ending(exit_code=143, by_client=True), "killed by SIGTERM, as a client asked"),
        (ending(exit_code=127, error="no such file"), "did not start: no such file"),
        (ending(exit_code=137, oom_killed=True, memory_limit_bytes=1 << 24), "limit 16 MiB"),
        (
            ending(exit_code=137, oom_killed=True, victim=Victim(7, "sh", 1 << 20)),
            "killed sh (process 7, 1 MiB)",
        ),
    ],
)
def test_reasons(found: Ending, words: str) -> None:
    assert words in found.reason


def test_the_victim_is_of_this_container() -> None:
    assert victim(RING, "aaa") == Victim(7, "sh", 1024 * 1024)
    assert victim(RING, "bbb") == Victim(8, "my prog", 10240)
    assert victim(RING, "ccc") is None


def test_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"2026-01-01T00:00:00.0+00:00 stdout F line {n}\n" for n in range(1000)))
    found = last_lines(str(log))
    assert len(found) == 50
    assert found[-1] == "line 999"
    assert last_lines("") == last_lines(str(tmp_path / "none")) == ()
