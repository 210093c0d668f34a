"""`-v` and `--mount` as requests. The words are Docker's: tests/oracle/data_catalogue.py plays them."""

import pytest

from gorae.api.translate import mount
from gorae.errors import InvalidArgument
from gorae.wire import mount as wire


def test_a_path_is_a_bind_and_a_name_a_volume() -> None:
    bind, volume = mount.from_binds(["/src:/app:ro,rslave", "data:/d"])
    assert (bind.kind, bind.source, bind.readonly, bind.propagation) == (
        "bind",
        "/src",
        True,
        "rslave",
    )
    assert (volume.kind, volume.source, volume.options) == ("volume", "data", ("z",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("v:/d:xx", "invalid mode: xx"),
        ("v:/d:ro,rw", "invalid mode: ro,rw"),
        ("/d:ro", "invalid volume specification: '/d:ro'"),
        ("v:/a/..", "destination can't be '/'"),
        ("v:/d:shared", "field BindOptions must not be specified"),
        ("/s:/d:nocopy", "field VolumeOptions must not be specified"),
        ("a:b:c:d", "invalid volume specification"),
        (":/d", "invalid volume specification"),
    ],
)
def test_wrong_binds(text: str, complaint: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        mount.from_binds([text])
    assert complaint in caught.value.message


@pytest.mark.parametrize("subpath", ["..", "../x", "/x", "a/../../x"])
def test_a_subpath_stays_inside(subpath: str) -> None:
    one = wire.Mount("volume", "v", "/d", volume_options=wire.VolumeOptions(subpath=subpath))
    with pytest.raises(InvalidArgument, match="subpath must be a relative path"):
        mount.from_mounts([one])


def test_an_idmap_is_carried_and_checked() -> None:
    one = wire.Mount("bind", "/s", "/d", bind_options=wire.BindOptions(gorae_idmap="only"))
    assert mount.from_mounts([one])[0].idmap == "only"
    one = wire.Mount("bind", "/s", "/d", bind_options=wire.BindOptions(gorae_idmap="x"))
    with pytest.raises(InvalidArgument, match="invalid idmap"):
        mount.from_mounts([one])
