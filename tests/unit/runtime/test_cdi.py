"""Devices by name."""

import json
from pathlib import Path

import pytest

from gorae.errors import InvalidArgument
from gorae.runtime import cdi
from gorae.runtime.config import Device, DeviceWish, Hook, Process, RuntimeConfig, User

DOCUMENT = {
    "cdiVersion": "0.6.0",
    "kind": "vendor.com/class",
    "containerEdits": {"env": ["KIND=1"], "additionalGids": [7]},
    "devices": [
        {
            "name": "one",
            "containerEdits": {
                "env": ["A=new"],
                "deviceNodes": [{"path": "/dev/x", "hostPath": "/dev/y", "permissions": "r"}],
                "mounts": [
                    {"hostPath": "/h", "containerPath": "/c", "options": ["ro", "bind", "nosuid"]}
                ],
                "hooks": [
                    {"hookName": "createContainer", "path": "/bin/hook", "args": ["hook", "x"]}
                ],
            },
        },
        {"name": "all"},
    ],
}
CONFIG = RuntimeConfig(
    "id", "/r", Process(("a",), env=("A=old", "B=1"), user=User(additional_gids=(5,)))
)


def kinds(kind: str = "vendor.com/class") -> dict[str, cdi.Kind]:
    return {kind: cdi.parse({**DOCUMENT, "kind": kind})}


def test_all_edits_are_made() -> None:
    found = cdi.applied(CONFIG, ["vendor.com/class=one"], kinds())
    assert found.process.env == ("B=1", "KIND=1", "A=new")
    assert found.process.user.additional_gids == (5, 7)
    assert found.devices == (Device("/dev/y", "/dev/x", "r"),)
    (mount,) = found.mounts
    assert (mount.source, mount.target, mount.readonly, mount.recursive) == (
        "/h",
        "/c",
        True,
        False,
    )
    assert mount.options == ("nosuid",)
    assert found.hooks == (Hook("createContainer", "/bin/hook", ("hook", "x")),)


def test_the_kinds_edits_are_made_once() -> None:
    found = cdi.applied(CONFIG, ["vendor.com/class=one", "vendor.com/class=all"], kinds())
    assert found.process.env.count("KIND=1") == 1


@pytest.mark.parametrize("name", ["vendor.com/class=two", "other.com/x=one"])
def test_unknown_names_are_told(name: str) -> None:
    with pytest.raises(InvalidArgument, match="unresolvable CDI devices"):
        cdi.applied(CONFIG, [name], kinds())


def test_gpus_are_nvidias_where_its_file_is_there() -> None:
    wish = DeviceWish("", (), -1, ("gpu",))
    assert cdi.names([wish], kinds(cdi.GPU)) == [f"{cdi.GPU}=all"]
    assert cdi.names([DeviceWish("", (), 2, ("gpu",))], kinds(cdi.GPU)) == [
        f"{cdi.GPU}=0",
        f"{cdi.GPU}=1",
    ]
    with pytest.raises(InvalidArgument, match=r'device driver "" with capabilities: \[\[gpu\]\]'):
        cdi.names([wish], {})


def test_files_are_read_and_broken_ones_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "b.yaml").write_text('kind: v.com/y\ndevices:\n- name: "0"\n')
    (tmp_path / "c.json").write_text("{")
    (tmp_path / "d.yaml").write_text("a: [")
    (tmp_path / "e.json").write_text('{"kind": "x/y", "devices": [{}]}')
    (tmp_path / "f.txt").write_text("no")
    found = cdi.load((tmp_path, tmp_path / "none"))
    assert set(found) == {"vendor.com/class", "v.com/y"}
    assert set(found["v.com/y"].devices) == {"0"}
