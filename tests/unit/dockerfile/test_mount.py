import pytest

from gorae.dockerfile.mount import RunMount, check_target, from_of, parse_mount
from gorae.errors import SyntaxFault


def mount(text: str) -> RunMount:
    return parse_mount(text, lambda value: value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("target=/a", RunMount(target="/a")),
        ("type=bind,from=s,src=x,dst=/a,rw", RunMount(from_="s", source="x", target="/a", readonly=False)),
        (
            "type=cache,id=i,destination=/c,sharing=LOCKED,mode=0700,uid=1,gid=2,ro",
            RunMount(type="cache", id="i", target="/c", sharing="locked", mode=0o700, uid=1, gid=2, readonly=True),
        ),
        ("type=tmpfs,target=/t,size=1.5g", RunMount(type="tmpfs", target="/t", size_bytes=3 << 29)),
        ("type=secret,id=a,env=B,required", RunMount(type="secret", id="a", env="B", required=True)),
        ("type=secret,id=a,env=,required=0", RunMount(type="secret", id="a", env="")),
        ("type=ssh,mode=600", RunMount(type="ssh", mode=0o600)),
        ('type=bind,"target=/a,b"', RunMount(target="/a,b")),
    ],
)  # fmt: skip
def test_options(text: str, found: RunMount) -> None:
    assert mount(text) == found


def test_what_is_usual_for_each_type() -> None:
    assert [RunMount(type=one).is_readonly for one in ("bind", "cache", "tmpfs", "secret", "ssh")] == [
        True, False, False, True, True,
    ]  # fmt: skip
    assert not mount("readonly=false,target=/a").is_readonly


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64", 64),
        ("64b", 64),
        ("2k", 2048),
        ("1 MiB", 1 << 20),
        ("1gb", 1 << 30),
        ("0.5T", 1 << 39),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert mount(f"type=tmpfs,target=/t,size={text}").size_bytes == size


def test_targets() -> None:
    assert check_target(mount("target=a/../b"), "/w") == "/w/b"
    assert check_target(mount("type=secret,id=a"), "/w") == ""
    for text in ("target=/", "target=../..", "type=ssh,source=x"):
        with pytest.raises(SyntaxFault):
            check_target(mount(text), "/w")


def test_where_a_mount_comes_from() -> None:
    assert (from_of("type=bind,from=stage,target=/$X"), from_of("target=/x")) == ("stage", "")
    assert from_of("from=a$") == "a$"
