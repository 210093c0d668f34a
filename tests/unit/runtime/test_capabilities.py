"""The set a container gets."""

import pytest

from gorae.errors import InvalidArgument
from gorae.runtime.capabilities import DEFAULT_CAPABILITIES, NAMES, from_mask, resolve

HOST = tuple(name for name in NAMES if name != "CAP_SYS_RESOURCE")


def _resolve(add: tuple[str, ...] = (), drop: tuple[str, ...] = (), **more: bool) -> set[str]:
    return set(resolve(add, drop, privileged=more.get("privileged", False), available=HOST))


def test_nothing_asked_gives_the_default_in_its_order() -> None:
    assert resolve((), (), privileged=False, available=HOST) == DEFAULT_CAPABILITIES


def test_add_and_drop_by_any_spelling() -> None:
    assert _resolve(("sys_admin",), ("CAP_NET_RAW",)) == (
        set(DEFAULT_CAPABILITIES) - {"CAP_NET_RAW"} | {"CAP_SYS_ADMIN"}
    )


def test_all() -> None:
    assert _resolve(("ALL",), ("sys_admin",)) == set(HOST) - {"CAP_SYS_ADMIN"}
    assert _resolve(("chown",), ("all",)) == {"CAP_CHOWN"}
    assert _resolve((), ("ALL",)) == set()


def test_privileged_is_what_the_host_has() -> None:
    assert _resolve(privileged=True) == set(HOST)


def test_default_is_cut_to_what_the_host_has() -> None:
    assert resolve((), (), privileged=False, available=("CAP_CHOWN",)) == ("CAP_CHOWN",)


@pytest.mark.parametrize(
    ("add", "drop", "words"),
    [
        (("foo",), (), 'invalid CapAdd: unknown capability: "CAP_FOO"'),
        ((), ("foo",), 'invalid CapDrop: unknown capability: "CAP_FOO"'),
        (("sys_resource",), (), "invalid CapAdd: capability not supported by your kernel"),
    ],
)
def test_refused_in_dockers_words(add: tuple[str, ...], drop: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        _resolve(add, drop)
    assert str(caught.value).startswith(words)


def test_dropping_what_the_host_lacks_is_done_already() -> None:
    assert _resolve((), ("sys_resource",)) == set(DEFAULT_CAPABILITIES)


def test_mask() -> None:
    assert set(from_mask(0xA80425FB)) == set(DEFAULT_CAPABILITIES)
    assert from_mask(1 << 60) == ()
