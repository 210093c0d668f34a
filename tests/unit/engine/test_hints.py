"""The line about anonymous volumes that have piled up."""

from gorae.engine.hints import ENOUGH, Hints
from gorae.engine.volumes import Volume


def old(count: int, image: str = "i1") -> list[Volume]:
    return [Volume(f"v{n}", "", 0, anonymous=True, image_id=image) for n in range(count)]


def test_told_once_and_again_when_there_are_twice_as_many() -> None:
    hints = Hints()
    assert hints.piled_up("i1", "app", old(ENOUGH - 1), {}, {}) == []
    (line,) = hints.piled_up("i1", "app", old(ENOUGH), {}, {"v0": 1_500_000})
    assert '5 anonymous volumes of earlier containers of "app" are unused, 1.5MB' in line
    assert "gorae volume prune" in line
    assert hints.piled_up("i1", "app", old(2 * ENOUGH - 1), {}, {}) == []
    assert len(hints.piled_up("i1", "app", old(2 * ENOUGH), {}, {})) == 1


def test_used_named_and_others_do_not_count() -> None:
    used = {f"v{n}": 1 for n in range(3)}
    assert Hints().piled_up("i1", "app", old(ENOUGH), used, {}) == []
    assert Hints().piled_up("i1", "app", old(ENOUGH, "i2"), {}, {}) == []
    named = [Volume(f"n{n}", "", 0, image_id="i1") for n in range(9)]
    assert Hints().piled_up("i1", "app", named, {}, {}) == []


def test_it_can_be_told_to_be_quiet() -> None:
    assert Hints(on=False).piled_up("i1", "app", old(50), {}, {}) == []
