import pytest

from gorae.dockerfile.parser import parse
from gorae.errors import SyntaxFault


def lines(text: str) -> list[tuple[str, str]]:
    return [(node.keyword, node.rest) for node in parse(text.encode(), "Dockerfile").nodes]


def test_continuations_leave_comments_and_empty_lines_out() -> None:
    text = "FROM a\nRUN one \\\n# a comment\n\n  two \\ \nthree\nCMD x\n"
    tree = parse(text.encode(), "Dockerfile")
    assert [node.rest for node in tree.nodes] == ["a", "one   two three", "x"]
    assert [node.location.start_line for node in tree.nodes] == [1, 2, 7]
    assert tree.nodes[1].location.end_line == 6
    assert tree.empty_continuations == (6,)


def test_an_escaped_escape_does_not_continue() -> None:
    assert lines("RUN a \\\\\nCMD b") == [("RUN", "a \\\\"), ("CMD", "b")]


def test_the_escape_directive_changes_the_continuation() -> None:
    assert lines("# escape=`\nRUN a `\n b\nRUN c\\\n") == [("RUN", "a  b"), ("RUN", "c\\")]


def test_a_file_may_end_within_a_continuation() -> None:
    assert lines("FROM a \\") == [("FROM", "a")]


def test_heredocs_take_the_lines_below() -> None:
    text = "FROM a\nRUN <<A 3<<-'B' x\none\nA\n\ttwo\n\tB\nCMD y"
    node = parse(text.encode(), "Dockerfile").nodes[1]
    assert [(one.name, one.content, one.expand, one.chomp, one.fd) for one in node.heredocs] == [
        ("A", "one\n", True, False, 0),
        ("B", "\ttwo\n", False, True, 3),
    ]
    assert node.heredocs[1].chomped() == "two\n"
    assert (node.location.start_line, node.location.end_line) == (2, 6)


def test_a_json_array_announces_no_heredoc() -> None:
    assert lines('FROM a\nRUN ["x", "<<A"]\nCMD y')[2] == ("CMD", "y")


@pytest.mark.parametrize(
    ("text", "sentence", "line"),
    [
        (b"", "the Dockerfile cannot be empty", 1),
        (b"# only\n\n", "file with no instructions", 2),
        (b"FROM a\nRUN <<A\nx\n", "unterminated heredoc", 2),
        (b"FROM a\n\nENV x\n", "ENV must have two arguments", 3),
        (b"FROM a\nCMD [1]", "when using JSON array syntax, arrays must be comprised of strings only", 2),
        (b"# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\", 1),
        (b"# escape=`\n# escape=`\nFROM a", "only one escape parser directive can be used", 2),
        (b"FROM a\nRUN " + b"x" * 70_000, "dockerfile line greater than max allowed size of 65535", 2),
    ],
)  # fmt: skip
def test_what_does_not_parse_names_its_line(text: bytes, sentence: str, line: int) -> None:
    with pytest.raises(SyntaxFault) as caught:
        parse(text, "Dockerfile")
    assert (caught.value.message, caught.value.line) == (sentence, line)
