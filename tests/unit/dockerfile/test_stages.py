import pytest

from gorae.dockerfile.instruction import Arg, Copy, Run
from gorae.dockerfile.stages import read, trigger_instruction
from gorae.errors import SyntaxFault


def test_stages_and_what_stands_before_them() -> None:
    file = read(b"ARG A=1\nARG B\nFROM a AS One\nRUN x\nFROM one\nCOPY --from=0 a b\n")
    assert [item.name for arg in file.meta_args for item in arg.items] == ["A", "B"]
    assert [(stage.index, stage.name, len(stage.instructions)) for stage in file.stages] == [
        (0, "one", 1), (1, "", 1),
    ]  # fmt: skip
    assert isinstance(file.stages[0].instructions[0], Run)
    assert isinstance(file.stages[1].instructions[0], Copy)
    assert isinstance(file.meta_args[0], Arg)


@pytest.mark.parametrize(
    ("text", "sentence", "line"),
    [
        (b"ARG A\nRUN x\nFROM a\n", "no build stage in current context", 2),
        (b"ARG A\n", "dockerfile contains no stages to build", 0),
        (b"FROM a\n\nRUNX x\n", "dockerfile parse error on line 3: unknown instruction: RUNX (did you mean RUN?)", 3),
    ],
)  # fmt: skip
def test_what_is_no_dockerfile(text: bytes, sentence: str, line: int) -> None:
    with pytest.raises(SyntaxFault) as caught:
        read(text)
    assert (caught.value.message, caught.value.line) == (sentence, line)


def test_triggers_stand_at_the_from_that_brought_them() -> None:
    head = read(b"# x\nFROM a\n").stages[0].from_
    found = trigger_instruction("RUN <<E\nx\nE", head)
    assert isinstance(found, Run)
    assert (found.heredocs[0].content, found.location.start_line) == ("x\n", 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("RUN a\nRUN b", "onbuild trigger should be a single expression"),
        ("FROM x", "FROM isn't allowed as an ONBUILD trigger"),
        ("", "the Dockerfile cannot be empty"),
    ],
)
def test_bad_triggers(text: str, sentence: str) -> None:
    head = read(b"FROM a\n").stages[0].from_
    with pytest.raises(SyntaxFault) as caught:
        trigger_instruction(text, head)
    assert (caught.value.message, caught.value.line) == (sentence, 1)
