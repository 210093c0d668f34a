"""Any bytes are a Dockerfile, or one error with a line; in bounded time."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorae.dockerfile import ignore
from gorae.dockerfile.check import check
from gorae.dockerfile.lintform import as_document, as_text, problem_text
from gorae.dockerfile.stages import read
from gorae.errors import SyntaxFault

PIECES = st.sampled_from(
    [
        b"FROM a", b"FROM --platform=$P a AS b", b"ARG A=1", b"RUN x", b"RUN [", b"RUN --mount=type=cache,target=/x ",
        b"RUN <<E", b"COPY <<E <<-'F' /", b"E", b"\tF", b"COPY --from=0 a b", b"ENV a=b 'c", b"ENV a b", b"LABEL ",
        b"ONBUILD ", b"onbuild onbuild ", b"HEALTHCHECK --retries=x CMD ", b"EXPOSE 1-2:3-4/TCP ", b"STOPSIGNAL ",
        b"# escape=`", b"# check=skip=all;error=true", b"# syntax=x", b"#", b"\\", b"`", b"$", b"${A", b"${A:-", b"}",
        b"${A//*/", b"\"", b"'", b"[\"a\",", b"]", b"<<", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b" ", b"\t",
        "\u2028".encode(), b"--x=", b"=", b"SHELL [\"\\ud800\"]", b"VOLUME [\"\"]", b"USER ", b"WORKDIR a",
    ]
)  # fmt: skip
FILES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(PIECES, st.sampled_from([b"\n", b" ", b" \\\n"])), max_size=40).map(
        b"".join
    ),
    st.lists(PIECES, max_size=20).map(b"\n".join),
)


def parses(text: bytes) -> bool:
    started = time.process_time()
    try:
        file = read(text, "Dockerfile")
        assert file.stages
        lines = text.count(b"\n") + 1
        for stage in file.stages:
            for found in (stage.from_, *stage.instructions):
                assert 1 <= found.location.start_line <= found.location.end_line <= lines
        ok = True
    except SyntaxFault as fault:
        assert fault.message
        fault.message.encode()
        assert fault.line >= 1 or fault.message == "dockerfile contains no stages to build"
        ok = False
    assert time.process_time() - started < 5
    return ok


@settings(max_examples=300, deadline=None)
@given(FILES)
def test_any_bytes_parse_or_name_a_line(text: bytes) -> None:
    ok = parses(text)
    report = check(text, "Dockerfile")
    assert ok or report.problem is not None
    (as_text(report) + problem_text(report)).encode()
    json.dumps(as_document(report), ensure_ascii=False).encode()


@given(FILES)
def test_the_end_of_lines_does_not_matter(text: bytes) -> None:
    if b"<<" not in text and b"\r" not in text:
        assert parses(text) is parses(text.replace(b"\n", b"\r\n"))


@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="ab*?[]!/\\#\n ", max_size=60).map(str.encode)
    )
)
def test_any_bytes_are_rules_or_name_a_line(text: bytes) -> None:
    try:
        found = ignore.parse(text)
    except SyntaxFault as fault:
        assert fault.line >= 1
    else:
        found.match("a/b/ab")


@pytest.mark.parametrize("text", [
    b"FROM a\nRUN " + b"\\\n" * 200_000,
    b"FROM a\n" + b"RUN x\n" * 19_000,
    b"FROM a\nENV " + b"a=b " * 15_000,
    b"FROM a\nRUN " + b"<<E " * 90 + b"\n" + b"E\n" * 90,
    b"FROM a\nCMD " + b"[" * 60_000,
    b"FROM a\nRUN " + b'"' * 60_001,
    b"#\n" * 300_000 + b"FROM a\n",
    b"FROM a\nENV A=" + b"${A:-" * 90 + b"x" + b"}" * 90,
    b"FROM a\nENV A=aaaa\n" + b"ENV A=$A$A$A$A\n" * 30,
    b"FROM a\n" + b"\n" * 1_000_000,
], ids=range(10))  # fmt: skip
def test_large_files_stay_fast(text: bytes) -> None:
    started = time.process_time()
    parses(text)
    check(text, "Dockerfile")
    assert time.process_time() - started < 20
