"""A failed step as it is kept."""

import dataclasses

import pytest

from gorae.build import remains
from gorae.build.graph import Wish, plan
from gorae.build.running import Limits
from gorae.build.vertex import Base
from gorae.dockerfile.stages import read
from gorae.errors import DataLoss
from gorae.oci.config import ImageConfig, RunConfig
from gorae.runtime.config import Rlimit


def steps(text: str, **wish):
    made = ImageConfig.make(
        architecture="amd64",
        os="linux",
        config=RunConfig(env=("PATH=/bin",), user="me"),
        diff_ids=(),
        history=(),
    )
    return plan(read(text.encode()), Wish(**wish), {("bb", ""): Base("bb", "id", made, "c")}).steps


def kept(step, **more):
    known = {"error": "e", "code": 3, "parent": "sha256:p", "states": {}, "limits": Limits()}
    return remains.of(step, **{**known, **more})


def test_it_comes_back_as_it_was():
    text = (
        "FROM bb\nARG A\nENV B=2\nWORKDIR /w\n"
        "RUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx --mount=type=tmpfs,target=/t x\n"
    )
    step = steps(text, build_args={"A": b"\xff\xfe".decode("utf-8", "surrogateescape")})[-1]
    limits = Limits(("a:1",), 5, (Rlimit("nofile", 1, 2),), "/parent")
    found = kept(step, limits=limits)
    assert remains.decode(remains.encode(found)) == found
    assert [one.copy for one in found.mounts] == [False, True, False]
    assert found.cwd == "/w" and found.user == "me" and "B=2" in found.env


def test_states_are_those_that_it_stands_on_or_shows():
    text = "FROM bb AS a\nRUN y\nFROM bb\nRUN --mount=type=bind,from=a,target=/a x\n"
    found = kept(steps(text)[-1], states={0: "sha256:s"})
    assert found.states == ("sha256:p", "sha256:s")
    assert not found.mounts[0].copy


def test_proxies_are_not_kept():
    step = steps("FROM bb\nRUN x\n", build_args={"HTTP_PROXY": "http://me:word@proxy"})[-1]
    assert "word" in str(step.action)
    assert "word" not in remains.encode(kept(step))


def test_a_copy_stands_where_the_last_command_ran():
    found = kept(steps("FROM bb\nENV A=1\nWORKDIR /w\nRUN x\nCOPY a /\n")[-1])
    assert found.cwd == "/w" and "A=1" in found.env and found.argv == () and found.mounts == ()
    found = kept(steps("FROM bb\nCOPY a /\n")[-1])
    assert found.cwd == "/" and found.env == ("PATH=/bin",) and found.user == "me"


@pytest.mark.parametrize(
    ("argv", "shell"),
    [
        (("/bin/bash", "-c", "x"), "/bin/bash"),
        (("npm", "install"), "/bin/sh"),
        ((), "/bin/sh"),
    ],
)
def test_the_shell_is_the_steps_own_where_it_is_one(argv, shell):
    found = dataclasses.replace(kept(steps("FROM bb\nRUN x\n")[-1]), argv=argv)
    assert found.shell == shell
    assert found.action((shell,), ("E=1",)).env[-1] == "E=1"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"label": 1}'])
def test_what_is_none_is_a_loss(text):
    with pytest.raises(DataLoss):
        remains.decode(text)
