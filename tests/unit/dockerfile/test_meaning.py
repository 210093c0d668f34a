from typing import Any

import pytest

from gorae.dockerfile import instruction as to
from gorae.dockerfile.meaning import instruction_of
from gorae.dockerfile.parser import parse
from gorae.errors import SyntaxFault


def one(text: str) -> Any:
    (node,) = parse(text.encode(), "Dockerfile").nodes
    return instruction_of(node)


def test_from() -> None:
    found = one("from --platform=$P Debian:12 As Base-1")
    assert (found.image, found.platform, found.name, found.typed_name, found.as_word) == (
        "Debian:12", "$P", "base-1", "Base-1", "As",
    )  # fmt: skip


def test_run_in_both_forms() -> None:
    shell = one("RUN --network=none --security=insecure --mount=type=tmpfs,target=/t a  && b")
    assert (shell.script, shell.shell_form, shell.network, shell.security) == (
        "a  && b", True, "none", "insecure",
    )  # fmt: skip
    assert shell.mount_flags == ("type=tmpfs,target=/t",)
    plain = one('RUN --device=vendor.com/gpu=all,required [ "a", "b \\u00e9" ]')
    assert (plain.argv, plain.shell_form) == (("a", "b é"), False)
    assert plain.devices == (to.Device("vendor.com/gpu=all", True),)
    assert one("RUN [a, b]").script == "[a, b]"
    assert one("RUN").argv == ()


def test_copy_and_add() -> None:
    copy = one(
        "COPY --from=x --chown=1:2 --chmod=u+x --link --parents=false --exclude=a --exclude=b s t d/"
    )
    assert (copy.from_, copy.chown, copy.chmod, copy.link, copy.parents, copy.exclude) == (
        "x", "1:2", "u+x", True, False, ("a", "b"),
    )  # fmt: skip
    assert (copy.sources, copy.dest, copy.files) == (("s", "t"), "d/", ())
    add = one('ADD --keep-git-dir --checksum=sha256:x --unpack=FALSE ["a b", "c"]')
    assert (add.keep_git_dir, add.checksum, add.unpack) == (True, "sha256:x", False)
    assert (add.sources, add.dest) == (("a b",), "c")
    plain = one("ADD a b")
    assert (plain.keep_git_dir, plain.unpack, plain.link) == (None, None, False)


def test_heredocs_are_files_in_their_order() -> None:
    found = one("COPY <<-A x <<'B-C' /d/\n\tone\nA\n$two\nB-C\n")
    assert found.sources == ("x",)
    assert found.files == (to.InlineFile("A", "one\n", True), to.InlineFile("B-C", "$two\n", False))


def test_pairs() -> None:
    found = one("ENV a=1 'b c'=\"d e\" f=\\ g h=")
    assert [(pair.key, pair.value) for pair in found.pairs] == [
        ("a", "1"), ("'b c'", '"d e"'), ("f", "\\ g"), ("h", ""),
    ]  # fmt: skip
    old = one("LABEL a b = c")
    assert [(pair.key, pair.value, pair.spaced) for pair in old.pairs] == [("a", "b = c", True)]


def test_arg_with_descriptions() -> None:
    found = one("# A what it is\n# other\nARG A=1 B C=")
    assert found.items == (
        to.ArgItem("A", "1", "what it is"),
        to.ArgItem("B", None),
        to.ArgItem("C", ""),
    )


def test_healthcheck() -> None:
    found = one(
        "HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=1h --start-interval=2s --retries=3 CMD a b"
    )
    assert found.test == ("CMD-SHELL", "a b")
    assert (found.interval_ns, found.timeout_ns, found.retries) == (90 * 10**9, 5 * 10**8, 3)
    assert (found.start_period_ns, found.start_interval_ns) == (3600 * 10**9, 2 * 10**9)
    assert one('healthcheck cmd ["a"]').test == ("CMD", "a")
    assert one("HEALTHCHECK none").test == ("NONE",)


def test_onbuild_keeps_its_text() -> None:
    assert one("ONBUILD  copy a b").expression == "copy a b"
    assert one("onbuild RUN <<E x\na\nE\n").expression == "RUN <<E x\na\nE"


def test_the_rest() -> None:
    assert one('SHELL ["a", "-c"]').argv == ("a", "-c")
    assert one('VOLUME ["/a b", "/c"]').paths == ("/a b", "/c")
    assert one("VOLUME /b /a").paths == ("/b", "/a")
    assert one("EXPOSE 90 80/udp").ports == ("80/udp", "90")
    assert one("USER a b").user == "a b"
    assert one("WORKDIR /a b").path == "/a b"
    assert one("MAINTAINER me <a@b>").maintainer == "me <a@b>"
    assert one("STOPSIGNAL SIGTERM").signal == "SIGTERM"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("FOO x", "unknown instruction: FOO (did you mean FROM?)"),
        ("dkr x", "unknown instruction: dkr"),
        ("copyy a b", "unknown instruction: copyy (did you mean copy?)"),
        ("FROM", "FROM requires either one or three arguments"),
        ("FROM a b", "FROM requires either one or three arguments"),
        ("FROM a at b", "FROM requires either one or three arguments"),
        (
            "FROM a AS 1b",
            'invalid name for build stage: "1b", name can\'t start with a number or contain symbols',
        ),
        ("FROM --platfrom=x a", "unknown flag: --platfrom (did you mean platform?)"),
        ("FROM --platform a", "missing a value on flag: --platform"),
        ("RUN --mount x", "missing a value on flag: --mount"),
        ("RUN --netwrk=none x", "unknown flag: --netwrk (did you mean network?)"),
        ("RUN --network=foo x", 'invalid network mode "foo"'),
        ("RUN --security=foo x", 'security "foo" is not valid'),
        ("RUN --network=none --network=host x", "duplicate flag specified: --network"),
        ("RUN --mount=from=$X,target=/a x", "'from' doesn't support variable expansion, define alias stage instead"),
        ("COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"),
        ("ADD", "ADD requires at least two arguments, but only one was provided. Destination could not be determined"),
        ("COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"),
        ("COPY --link= a b", "missing a value on flag: --link"),
        ("COPY --keep-git-dir a b", "unknown flag: --keep-git-dir"),
        ("ADD --from=x a b", "unknown flag: --from"),
        ("COPY a <<E\nE\n", "COPY cannot accept a heredoc as a destination"),
        ("ENV =a", "ENV names can not be blank"),
        ("ENV", "ENV requires at least one argument"),
        ("LABEL --x=y a=b", "unknown flag: --x"),
        ("ARG", "ARG requires at least one argument"),
        ("ARG =x", "ARG names can not be blank"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("USER", "USER requires exactly one argument"),
        ('SHELL a b', "SHELL requires the arguments to be in JSON form"),
        ("SHELL []", "SHELL requires at least one argument"),
        ('VOLUME [" "]', "VOLUME specified can not be an empty string"),
        ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK FOO x", 'Unknown type "FOO" in HEALTHCHECK (try CMD)'),
        ("HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'),
        ("HEALTHCHECK --interval=5 CMD x", 'time: missing unit in duration "5"'),
        ("HEALTHCHECK --interval=x CMD x", 'time: invalid duration "x"'),
        ("HEALTHCHECK --interval=5y CMD x", 'time: unknown unit "y" in duration "5y"'),
        ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
        ("HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("ONBUILD", "ONBUILD requires at least one argument"),
        ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("ONBUILD from x", "FROM isn't allowed as an ONBUILD trigger"),
        ("\\\n\n", "unknown instruction: "),
    ],
)  # fmt: skip
def test_what_is_refused_and_how(text: str, sentence: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        one(text)
    assert caught.value.message == f"dockerfile parse error on line 1: {sentence}"
    assert caught.value.line == 1
