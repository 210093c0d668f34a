import base64
import os
from pathlib import Path

import pytest

from gorae.cli.builder.plain import PlainDisplay
from gorae.cli.builder.tty import TtyDisplay, fitted
from gorae.cli.console import Output

T = "2026-01-02T03:04:{}Z"


def vertex(
    digest: str, name: str, start: str = "", end: str = "", **more: object
) -> dict[str, object]:
    found = {"digest": digest, "name": name, **more}
    if start:
        found["started"] = T.format(start)
    if end:
        found["completed"] = T.format(end)
    return found


def shown(tmp_path: Path, *documents: dict[str, object], explain: bool = False) -> str:
    path = tmp_path / "out"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        display = PlainDisplay(Output(descriptor), lambda: 0, "a title", explain=explain)
        for document in documents:
            display.feed(document)
        display.close()
    finally:
        os.close(descriptor)
    return path.read_text()


def test_steps_one_after_the_other(tmp_path: Path) -> None:
    data = base64.b64encode(b"hello\n").decode()
    text = shown(
        tmp_path,
        {"vertexes": [vertex("a", "[1/2] FROM x", "01", "01", cached=True)]},
        {"vertexes": [vertex("b", "[2/2] RUN y", "02")]},
        {"logs": [{"vertex": "b", "data": data, "timestamp": T.format("02.5")}]},
        {"vertexes": [vertex("b", "[2/2] RUN y", "02", "03")]},
        {
            "vertexes": [vertex("c", "exporting", "03", "03.1")],
            "statuses": [
                {
                    "id": "exporting layers",
                    "vertex": "c",
                    "current": 0,
                    "timestamp": T.format("03.1"),
                    "started": T.format("03"),
                    "completed": T.format("03.1"),
                }
            ],
        },
    )
    assert text == (
        "#0 a title\n\n#1 [1/2] FROM x\n#1 CACHED\n\n#2 [2/2] RUN y\n#2 0.500 hello\n#2 DONE 1.0s\n\n"
        "#3 exporting\n#3 exporting layers 0.1s done\n#3 DONE 0.1s\n"
    )


def test_a_step_stays_in_front_while_another_speaks(tmp_path: Path) -> None:
    text = shown(
        tmp_path,
        {"vertexes": [vertex("a", "A", "01")]},
        {"vertexes": [vertex("b", "B", "01")]},
        {"vertexes": [vertex("a", "A", "01", "02")]},
    )
    assert text == "#0 a title\n\n#1 A\n#1 DONE 1.0s\n\n#2 B\n"


def test_a_failure_and_a_cancelled_step(tmp_path: Path) -> None:
    text = shown(
        tmp_path,
        {"vertexes": [vertex("a", "A", "01", "02", error="exit code: 1")]},
        {"vertexes": [vertex("b", "B", "01", "02", error="context canceled")]},
    )
    assert "#1 ERROR: exit code: 1\n" in text
    assert "#2 CANCELED\n" in text


@pytest.mark.parametrize(("explain", "count"), [(True, 1), (False, 0)])
def test_the_reason_is_told_when_asked(tmp_path: Path, explain: bool, count: int) -> None:
    why = {"reason": "changed", "lines": ["a.txt changed", "one file"]}
    text = shown(tmp_path, {"vertexes": [vertex("a", "A", "01", "02", why=why)]}, explain=explain)
    assert text.count("#1 why: a.txt changed\n#1      one file\n#1 DONE 1.0s\n") == count


def test_the_picture_on_a_terminal_is_as_wide_as_it() -> None:
    display = TtyDisplay(Output(1), lambda: 0, lambda: (24, 60), "gorae")
    display.board.update({"vertexes": [vertex("a", "[1/2] RUN " + "x" * 100, "01", "02")]})
    display.board.update({"vertexes": [vertex("b", "CACHED? no", "01", "01", cached=True)]})
    lines = display.picture(60, ended=True)
    assert lines[0].startswith("[+] Building 0.0s FINISHED") and lines[0].endswith("gorae")
    bare = [one.replace("\x1b[34m", "").replace("\x1b[0m", "") for one in lines]
    assert all(len(one) == 60 for one in bare)
    assert bare[1].endswith("1.0s") and "…" in bare[1]
    assert bare[2].startswith(" => CACHED CACHED? no")


def test_a_small_terminal_shows_the_newest() -> None:
    assert fitted(["head", "1", "2", "3"], 3) == ["head", "2", "3"]
