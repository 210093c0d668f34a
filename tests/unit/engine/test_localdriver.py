"""The local volume driver's options."""

import pytest

from gorae.engine import localdriver
from gorae.errors import InvalidArgument
from gorae.linux.mount import Mount


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"nosuch": "1"}, 'invalid option: "nosuch"'),
        ({"type": "tmpfs"}, 'missing required option: "device"'),
        ({"device": "x"}, 'missing required option: "type"'),
        ({"o": "bind"}, 'missing required option: "device"'),
        ({"size": "1g"}, "quota size requested but no quota support"),
    ],
)
def test_wrong_ones_are_told_in_dockers_words(options: dict[str, str], complaint: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        localdriver.check_options(options)
    assert caught.value.message == complaint


def test_an_ordinary_volume_is_a_directory() -> None:
    localdriver.check_options({})
    assert localdriver.mount_of({}) is None


def test_what_is_mounted() -> None:
    tmpfs = {"type": "tmpfs", "device": "tmpfs", "o": "size=1m,uid=1000"}
    assert localdriver.mount_of(tmpfs) == Mount("tmpfs", "tmpfs", ("size=1m", "uid=1000"))
    bind = {"type": "none", "device": "/srv/x", "o": "bind,ro"}
    assert localdriver.mount_of(bind) == Mount("bind", "/srv/x", ("ro",))


def test_a_servers_name_is_looked_up_and_an_address_is_not() -> None:
    named = Mount("nfs", ":/x", ("addr=nas.example", "rw"))
    assert localdriver.server_of(named) == "nas.example"
    found = localdriver.with_address(named, "nas.example", "192.0.2.9")
    assert found.options == ("addr=192.0.2.9", "rw")
    assert localdriver.server_of(found) == ""
    assert localdriver.server_of(Mount("tmpfs", "tmpfs", ("addr=x",))) == ""
