"""Dockerfiles to graphs: what the target needs, scopes of variables, history; and keys, whose parts each count."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorae.build import cachekey, explain
from gorae.build.graph import MissingBases, Wish, plan
from gorae.build.vertex import Base, Context, RunAction, State, TransferAction
from gorae.dockerfile.stages import read
from gorae.errors import NotFound, SyntaxFault
from gorae.oci.config import ImageConfig, RunConfig


def base(**config) -> Base:
    made = ImageConfig.make(
        architecture="amd64", os="linux", config=RunConfig(**config), diff_ids=(), history=()
    )
    return Base("bb", "sha256:" + "1" * 64, made, "")


BASES = {("bb", ""): base(env=("PATH=/bin",))}


def planned(text: str, bases=None, **wish):
    return plan(read(text.encode()), Wish(**wish), bases or BASES)


def test_unknown_images_are_named_together():
    with pytest.raises(MissingBases) as error:
        planned("FROM a AS x\nFROM b\nCOPY --from=x / /\nCOPY --from=c / /")
    assert sorted(name for name, _ in error.value.wanted) == ["a", "b", "c"]


def test_stages_that_nobody_needs_are_not_looked_at():
    found = planned("FROM nosuch AS no\nRUN x\nFROM bb\nRUN y")
    assert [step.label for step in found.steps] == ["[stage-1 2/2] RUN y"]


def test_a_step_comes_after_what_it_reads():
    text = "FROM bb AS a\nRUN a\nFROM bb AS b\nCOPY --from=a / /\nFROM bb\nRUN --mount=from=b,target=/b c"
    found = planned(text)
    assert [step.label.split("] ")[1] for step in found.steps] == [
        "RUN a",
        "COPY --from=a / /",
        "RUN c",
    ]
    run = found.steps[-1].action
    assert isinstance(run, RunAction)
    assert isinstance(run.mounts[0].source, State) and run.mounts[0].source.step is found.steps[1]


@pytest.mark.parametrize(
    "text",
    [
        "FROM bb AS a\nCOPY --from=a / /",
        "FROM bb AS a\nCOPY --from=b / /\nFROM bb AS b\nCOPY --from=a / /",
        "FROM bb\nCOPY --from=5 / /",
    ],
)
def test_stages_in_circles(text):
    with pytest.raises(SyntaxFault) as error:
        planned(text)
    assert error.value.line > 1


def test_scopes_of_arguments():
    text = "ARG G=g\nFROM bb\nARG A=1\nENV B=$A$G\nARG G\nENV C=$G A=2\nRUN x"
    found = planned(text, build_args={"A": "9", "NOPE": "x"})
    action = found.steps[0].action
    assert isinstance(action, RunAction)
    env = dict(one.partition("=")[::2] for one in action.env)
    assert (env["B"], env["C"], env["A"], env["G"]) == ("9", "g", "2", "g")
    assert found.unused_args == ("NOPE",)
    assert found.target.history[-1].created_by == "RUN |2 A=2 G=g /bin/sh -c x # buildkit"


def test_history_and_config():
    found = planned('FROM bb\nWORKDIR /a\nWORKDIR b\nCMD ["x"]\nENTRYPOINT y\nEXPOSE 80\nLABEL a=b')
    assert [line.created_by for line in found.target.history] == [
        "WORKDIR /a",
        "WORKDIR /a/b",
        'CMD ["x"]',
        'ENTRYPOINT ["/bin/sh" "-c" "y"]',
        "EXPOSE [80/tcp]",
        "LABEL a=b",
    ]
    assert found.target.config.working_dir == "/a/b"


def test_triggers_of_the_base_come_first():
    bases = {("bb", ""): base(on_build=("RUN echo later",))}
    found = planned("FROM bb\nRUN now", bases=bases)
    assert [step.label for step in found.steps] == ["[2/3] RUN echo later", "[3/3] RUN now"]
    assert found.target.config.on_build == ()


def test_targets():
    assert (
        planned("FROM bb AS One\nRUN a\nFROM bb\nRUN b", target="one")
        .steps[0]
        .label.endswith("RUN a")
    )
    with pytest.raises(NotFound):
        planned("FROM bb", target="two")


def test_named_contexts():
    found = planned("FROM bb\nCOPY --from=other x /", trees=frozenset(("other",)))
    action = found.steps[0].action
    assert isinstance(action, TransferAction) and action.source == Context("other")


def key(step, **more) -> str:
    given_parts = {"parent": "p", "platform": "linux/amd64", **more}
    return cachekey.key_of(cachekey.parts_of(step, **given_parts))


NAMES = st.text("abcxyz", min_size=1, max_size=4)


@given(NAMES, NAMES, st.dictionaries(NAMES, NAMES, max_size=3))
def test_the_same_inputs_give_the_same_key(command, dest, files):
    text = f"FROM bb\nRUN {command}\nCOPY {command} /{dest}"
    one, other = planned(text), planned(text)
    for first, second in zip(one.steps, other.steps, strict=True):
        assert key(first, files=files) == key(second, files=dict(reversed(files.items())))


@pytest.mark.parametrize(
    "more",
    [{"parent": "q"}, {"platform": "linux/arm64"}, {"files": {"": "d"}}, {"sources": {"": "k"}},
     {"epoch": "1"}, {"network": "h:1"}],
)  # fmt: skip
def test_each_named_part_counts(more):
    step = planned("FROM bb\nRUN x").steps[0]
    assert key(step, **more) != key(step)


RUN = "FROM bb\nARG A=1\nENV E=1\nWORKDIR /\nUSER 0\nRUN --network=none x"


@pytest.mark.parametrize(
    ("old", "new"),
    [("A=1", "A=2"), ("E=1", "E=2"), ("WORKDIR /", "WORKDIR /w"), ("USER 0", "USER 1"),
     ("none x", "none y"), ("--network=none ", "--mount=type=cache,target=/c ")],
)  # fmt: skip
def test_each_thing_that_a_command_sees_counts(old, new):
    first, second = planned(RUN).steps[-1], planned(RUN.replace(old, new)).steps[-1]
    assert key(first) != key(second)


def test_values_do_not_stand_in_the_parts():
    step = planned("FROM bb\nARG TOKEN\nRUN x", build_args={"TOKEN": "very-secret"}).steps[0]
    assert "very-secret" not in str(cachekey.parts_of(step, parent="p", platform="l"))


def test_a_miss_is_told_by_the_difference():
    step = planned("FROM bb\nARG A=1\nRUN x").steps[0]
    old = cachekey.parts_of(step, parent="p", platform="l", files={"": "one"})
    other = planned("FROM bb\nARG A=2\nRUN x").steps[0]
    new = cachekey.parts_of(other, parent="p", platform="l", files={"": "two"})
    listings = {"one": {"a": "m\0x", "b": "m\0y"}, "two": {"a": "m\0z", "c": "m\0w"}}
    why = explain.miss(new, old, listings.get, last_ns=7)
    assert why.reason == "changed" and why.last_hit_ns == 7
    assert "ARG A has another value" in why.lines
    assert (
        "a changed (x -> z)" in why.lines and "c is new" in why.lines and "b is gone" in why.lines
    )
    assert (why.changed_files, why.files) == (3, 2)
    assert explain.Change("arg", "A", explain.GIVEN, explain.GIVEN) in why.changes
    assert explain.Change("file", "b", "y", "") in why.changes
    assert explain.miss(old, None, listings.get).reason == "first"
    assert explain.miss(old, old, listings.get).reason == "evicted"
    assert explain.miss({**old, "parent": "q"}, old, listings.get).reason == "parent"


def test_another_base_image_is_the_reason_of_the_first_step():
    old = cachekey.parts_of(planned("FROM bb\nRUN x").steps[0], parent="p", platform="l")
    other = {("bb", ""): dataclasses.replace(BASES["bb", ""], identity="sha256:" + "2" * 64)}
    new = cachekey.parts_of(planned("FROM bb\nRUN x", other).steps[0], parent="q", platform="l")
    why = explain.miss(new, old, {}.get)
    assert why.lines == ("the base image is another (111111111111 -> 222222222222)",)


def test_of_many_files_the_first_are_told_and_all_are_counted():
    old = {"files": {"": "one"}}
    listings = {"one": {}, "two": {str(number): "m\0x" for number in range(300)}}
    why = explain.miss({"files": {"": "two"}}, old, listings.get)
    assert why.lines[-1] == f"and {300 - explain.MAX_PATHS} more files"
    assert (why.changed_files, why.files) == (300, 300)
    assert len(why.changes) == explain.MAX_CHANGES


def test_steps_are_told_apart_by_identity():
    found = planned("FROM bb\nRUN x\nRUN x")
    assert len(found.steps) == 2
    assert dataclasses.is_dataclass(found.steps[0])


def test_bytes_that_are_not_utf8_are_named_by_their_line():
    comment = b"FROM bb\n# \xe9\nRUN x"
    assert plan(read(comment), Wish(), BASES).steps
    with pytest.raises(SyntaxFault, match="ENV is not UTF-8 text") as error:
        plan(read(b"FROM bb\nRUN x\nENV A=\xe9"), Wish(), BASES)
    assert error.value.line == 3
