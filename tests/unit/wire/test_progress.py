from gorae.wire import progress


def test_lines_end_with_cr_lf() -> None:
    assert progress.output("hi\n") == b'{"stream":"hi\\n"}\r\n'
    assert progress.status("done") == b'{"status":"done"}\r\n'


def test_a_layer_s_state_has_its_detail() -> None:
    assert progress.status("Downloading", layer="abc", current=1, total=2) == (
        b'{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"abc"}\r\n'
    )
    assert progress.status("Waiting", layer="abc") == (
        b'{"status":"Waiting","progressDetail":{},"id":"abc"}\r\n'
    )


def test_a_failure_says_it_twice_as_clients_expect() -> None:
    assert progress.failure("no") == b'{"errorDetail":{"message":"no"},"error":"no"}\r\n'


def test_results_for_machines() -> None:
    assert progress.auxiliary({"ID": "x"}) == b'{"aux":{"ID":"x"}}\r\n'
