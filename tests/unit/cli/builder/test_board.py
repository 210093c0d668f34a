import base64

from gorae.cli.builder.board import Board, end_partial, moment_ns

START = "2026-01-02T03:04:05.5Z"


def log(text: str, second: float) -> dict[str, object]:
    data = base64.b64encode(text.encode()).decode()
    return {
        "vertex": "d",
        "stream": 1,
        "data": data,
        "timestamp": f"2026-01-02T03:04:{second:06.3f}Z",
    }


def test_a_step_from_its_start_to_its_end() -> None:
    board = Board()
    board.update({"vertexes": [{"digest": "d", "name": "[1/2] RUN x", "started": START}]})
    vertex = board.vertices["d"]
    assert vertex.is_open and board.counts() == (0, 1)
    board.update(
        {"vertexes": [{"digest": "d", "started": START, "completed": "2026-01-02T03:04:07Z"}]}
    )
    assert not vertex.is_open
    assert vertex.name == "[1/2] RUN x"
    assert vertex.seconds(0) == 1.5
    assert board.counts() == (1, 1)


def test_time_of_several_runs_adds_up() -> None:
    board = Board()
    for start, end in (("01", "02"), ("05", "07")):
        run = {
            "digest": "d",
            "started": f"2026-01-02T03:04:{start}Z",
            "completed": f"2026-01-02T03:04:{end}Z",
        }
        board.update({"vertexes": [run, run]})
    assert board.vertices["d"].seconds(0) == 3.0


def test_lines_are_put_together_and_stamped() -> None:
    board = Board()
    board.update(
        {
            "vertexes": [{"digest": "d", "started": START}],
            "logs": [log("ab", 5.6), log("c\nd", 5.75)],
        }
    )
    vertex = board.vertices["d"]
    assert vertex.fresh == ["0.250 abc"]
    end_partial(vertex)
    assert vertex.fresh == ["0.250 abc", "0.250 d"]
    assert vertex.last_lines == vertex.fresh


def test_a_progress_bars_newest_state_counts() -> None:
    board = Board()
    board.update(
        {"vertexes": [{"digest": "d", "started": START}], "logs": [log("10%\r50%\r100%\r\n", 17.5)]}
    )
    assert board.vertices["d"].fresh == ["12.00 100%"]


def test_moments() -> None:
    assert moment_ns("") == 0
    assert moment_ns("1970-01-01T00:00:01.000000002Z") == 1_000_000_002
