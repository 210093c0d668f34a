from gorae.dockerfile.check import check
from gorae.dockerfile.excerpt import excerpt
from gorae.dockerfile.lintform import as_document, as_text, problem_text


def test_the_lines_around_a_place() -> None:
    lines = [f"line {number}" for number in range(1, 11)]
    assert excerpt("D", lines, 1, 1) == (
        "D:1\n--------------------\n   1 | >>> line 1\n   2 |     line 2\n   3 |     line 3\n"
        "--------------------\n"
    )
    assert [line[:3] for line in excerpt("D", lines, 5, 6).splitlines()[2:-1]] == [
        "   ", "   ", "   ", "   ",
    ]  # fmt: skip
    assert excerpt("D", lines, 5, 6).count(">>>") == 2
    assert excerpt("D", lines, 0, 0) == excerpt("D", lines, 11, 11) == ""


def test_nothing_to_say() -> None:
    report = check(b"FROM bb\n", "Dockerfile")
    assert as_text(report) == "Check complete, no warnings found.\n"
    assert (problem_text(report), as_document(report)["warnings"]) == ("", None)


def test_findings_and_what_stops_the_build() -> None:
    report = check(b"FROM bb AS A\nFOO\n", "here/Dockerfile")
    assert as_text(report) == (
        "Check complete, 1 warning has been found!\n\n"
        "WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/\n"
        "Stage name 'A' should be lowercase\n"
        "here/Dockerfile:1\n--------------------\n   1 | >>> FROM bb AS A\n   2 |     FOO\n   3 |     \n"
        "--------------------\n\n"
    )
    assert problem_text(report).startswith(
        "ERROR: dockerfile parse error on line 2: unknown instruction: FOO (did you mean FROM?)\n"
        "here/Dockerfile:2\n"
    )
    document = as_document(report)
    assert document["buildError"]["location"] == {
        "ranges": [{"start": {"line": 2}, "end": {"line": 2}}]
    }
