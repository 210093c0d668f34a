from typing import Any

import pytest

from gorae.dockerfile.expand import Expander, expand
from gorae.dockerfile.meaning import instruction_of
from gorae.dockerfile.parser import parse
from gorae.errors import SyntaxFault

ENV = {"A": "one", "B": "two words", "E": ""}


def expanded(text: str, env: dict[str, str] = ENV) -> Any:
    (node,) = parse(text.encode(), "Dockerfile").nodes
    return expand(instruction_of(node), Expander("\\", env))


def test_copies() -> None:
    found = expanded("ADD --chown=$A --chmod=$A --checksum=$A $A ${B} /$E$A")
    assert (found.chown, found.chmod, found.checksum, found.sources, found.dest) == (
        "one", "one", "one", ("one", "two words"), "/one",
    )  # fmt: skip
    heredocs = expanded("COPY <<X <<'Y' /\nit's \"$A\"\nX\n$A\nY\n")
    assert [one.data for one in heredocs.files] == ['it\'s "one"\n', "$A\n"]


def test_pairs_and_paths() -> None:
    assert [(one.key, one.value) for one in expanded("ENV $A='$A' b=\"$B\"").pairs] == [
        ("one", "$A"), ("b", "two words"),
    ]  # fmt: skip
    assert expanded("VOLUME /$A /$B").paths == ("/one", "/two words")
    assert expanded("USER $A").user == expanded("WORKDIR ${A}").path == "one"
    assert expanded("EXPOSE $P", {"P": "80 81/udp"}).ports == ("80", "81/udp")


def test_mounts() -> None:
    found = expanded("RUN --mount=type=cache,target=/$A,id=$B --mount=target=/x x")
    assert [(one.type, one.target, one.id) for one in found.mounts] == [
        ("cache", "/one", "two words"), ("bind", "/x", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["RUN $A", "CMD $A", "ENTRYPOINT $A", "HEALTHCHECK CMD $A", "ONBUILD RUN $A", 'SHELL ["$A"]']
)  # fmt: skip
def test_what_stays_as_written(text: str) -> None:
    assert "$A" in repr(expanded(text))


def test_the_variables_asked_for_are_remembered() -> None:
    (node,) = parse(b"COPY $A ${X:-y} /$E", "Dockerfile").nodes
    expander = Expander("\\", ENV)
    expand(instruction_of(node), expander)
    assert (expander.used, expander.unset) == ({"A", "E"}, {"X"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ENV a=${}", 'failed to process "${}": syntax error: bad substitution'),
        ("STOPSIGNAL $A", "invalid signal: one"),
        ("RUN --mount=type=foo x", 'unsupported mount type "foo"'),
        ("RUN --mount=type=sercet x", 'unsupported mount type "sercet" (did you mean secret?)'),
        ("RUN --mount=tarjet=/x x", "unexpected key 'tarjet' in 'tarjet=/x' (did you mean target?)"),
        ("RUN --mount=foo x", "invalid field 'foo' must be a key=value pair"),
        ("RUN --mount=type=secret x", "invalid secret mount. one of source, target required"),
        ("RUN --mount=type=secret,id=a,source=b x", "both source and id can't be set"),
        ("RUN --mount=type=secret,id=a,from=b x", "secret mount should not have a from"),
        ("RUN --mount=type=bind,mode=7 x", 'mode not allowed for "bind" type mounts'),
        ("RUN --mount=type=cache,mode=9 x", "invalid value 9 for mode"),
        ("RUN --mount=type=cache,sharing=x x", 'unsupported sharing value "x"'),
        ("RUN --mount=type=bind,sharing=locked x", "invalid cache sharing set for bind mount"),
        ("RUN --mount=type=bind,size=1 x", "unexpected key 'size' for mount type 'bind'"),
        ("RUN --mount=type=tmpfs,size=x x", "invalid value for size: x"),
        ("RUN --mount=type=bind,required x", "unexpected key 'required' for mount type 'bind'"),
        ("RUN --mount=ro=maybe x", "invalid value for ro: maybe"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        expanded(text)
    assert (caught.value.message, caught.value.line) == (sentence, 1)
