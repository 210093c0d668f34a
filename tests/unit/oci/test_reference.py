"""Names of images: what they mean, and that they mean it both ways."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gorae.errors import InvalidArgument
from gorae.oci.reference import Reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "normalized", "familiar"),
    [
        ("alpine", "docker.io/library/alpine", "alpine"),
        ("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"),
        ("library/alpine", "docker.io/library/alpine", "alpine"),
        ("docker.io/alpine", "docker.io/library/alpine", "alpine"),
        ("index.docker.io/a/b", "docker.io/a/b", "a/b"),
        ("a/b:c", "docker.io/a/b:c", "a/b:c"),
        ("localhost/a", "localhost/a", "localhost/a"),
        ("localhost:5000/a:t", "localhost:5000/a:t", "localhost:5000/a:t"),
        ("r.example/a/b/c", "r.example/a/b/c", "r.example/a/b/c"),
        ("[::1]:5000/a", "[::1]:5000/a", "[::1]:5000/a"),
        (f"a@{DIGEST}", f"docker.io/library/a@{DIGEST}", f"a@{DIGEST}"),
        (f"a:t@{DIGEST}", f"docker.io/library/a:t@{DIGEST}", f"a:t@{DIGEST}"),
        ("a__b/c-d.e", "docker.io/a__b/c-d.e", "a__b/c-d.e"),
    ],
)
def test_forms(text: str, normalized: str, familiar: str) -> None:
    one = Reference.parse(text)
    assert (one.normalized, one.familiar) == (normalized, familiar)
    assert Reference.parse(normalized) == one == Reference.parse(familiar)


@pytest.mark.parametrize(
    "text",
    ["", ":", "a:", "a:b:c", "a//b", "/a", "a/", "-a", "a..b", "a___b", "a b", "a@", "a@sha256:12", "é",
     "a:" + "t" * 129, "a" * 256, "a\n", "a:t\n"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid reference format"):
        Reference.parse(text)


def test_two_sentences_of_their_own() -> None:
    with pytest.raises(InvalidArgument, match="must be lowercase"):
        Reference.parse("Alpine")
    with pytest.raises(InvalidArgument, match="cannot specify 64-byte hexadecimal strings"):
        Reference.parse("ab" * 32)


def test_the_default_tag() -> None:
    assert Reference.parse("a").with_default_tag().familiar == "a:latest"
    assert Reference.parse("a:b").with_default_tag().familiar == "a:b"
    assert Reference.parse(f"a@{DIGEST}").with_default_tag().familiar == f"a@{DIGEST}"


component = st.from_regex(r"[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4}){0,2}", fullmatch=True)
domain = st.sampled_from(["", "localhost/", "localhost:5000/", "r.example/", "10.0.0.1:80/"])
tag = st.one_of(st.just(""), st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
digest = st.sampled_from(["", f"@{DIGEST}"])


@given(domain, st.lists(component, min_size=1, max_size=3), tag, digest)
def test_round_trip(host: str, parts: list[str], suffix: str, name: str) -> None:
    assume(host or len(parts) == 1 or "." not in parts[0])  # else the first part is a domain
    text = host + "/".join(parts) + suffix + name
    one = Reference.parse(text)
    assert Reference.parse(one.normalized) == one
    assert Reference.parse(one.familiar) == one


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        one = Reference.parse(text)
    except InvalidArgument:
        return
    assert Reference.parse(one.normalized) == one
