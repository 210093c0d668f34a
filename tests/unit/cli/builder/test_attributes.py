import pytest

from gorae.cli.builder import attributes
from gorae.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id=a,src=/x", {"id": "a", "file": "/x"}),
        ("id=a,env=B", {"id": "a", "env": "B"}),
        ("type=env,id=TOKEN", {"id": "TOKEN", "env": "TOKEN"}),
        ("id=a", {"id": "a", "env_or_file": "a"}),
        ('id=a,"src=/with,comma"', {"id": "a", "file": "/with,comma"}),
    ],
)
def test_secrets(text: str, found: dict[str, str]) -> None:
    assert attributes.secret(text) == found


@pytest.mark.parametrize("text", ["src=/x", "id=a,nosuch=1", "id", "id=a,type=vault"])
def test_wrong_secrets(text: str) -> None:
    with pytest.raises(InvalidArgument):
        attributes.secret(text)


def test_outputs() -> None:
    assert attributes.output("out") == {"type": "local", "dest": "out"}
    assert attributes.output("-") == {"type": "tar", "dest": "-"}
    assert attributes.output("type=oci,dest=x.tar") == {"type": "oci", "dest": "x.tar"}
    assert attributes.output("type=registry") == {"type": "image", "push": "true"}
    for wrong in ("type=foo", "type=local"):
        with pytest.raises(InvalidArgument):
            attributes.output(wrong)


def test_caches() -> None:
    assert attributes.cache("user/app:cache", "cache-from") == {
        "type": "registry",
        "ref": "user/app:cache",
    }
    assert attributes.cache("type=inline", "cache-to") == {"type": "inline"}
    for wrong in ("type=local", "type=gha", "type=registry"):
        with pytest.raises(InvalidArgument):
            attributes.cache(wrong, "cache-to")


def test_assignments_take_the_environment() -> None:
    environment = {"HTTP": "x"}
    assert attributes.assignments(["A=1", "HTTP", "NONE", "B="], environment) == {
        "A": "1",
        "HTTP": "x",
        "B": "",
    }


def test_ssh() -> None:
    assert attributes.ssh("default") == {"id": "default", "paths": []}
    assert attributes.ssh("a=/k1,/k2") == {"id": "a", "paths": ["/k1", "/k2"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("db:10.0.0.1", "db:10.0.0.1"),
        ("db=10.0.0.1", "db:10.0.0.1"),
        ("db:::1", "db:::1"),
        ("db=[::1]", "db:::1"),
        ("up:host-gateway", "up:host-gateway"),
    ],
)
def test_hosts(text: str, found: str) -> None:
    assert attributes.host(text) == found


@pytest.mark.parametrize("text", ["db", "db:cache", ":10.0.0.1", "db:10.0.0", "a:b:c"])
def test_wrong_hosts(text: str) -> None:
    with pytest.raises(InvalidArgument, match=f"invalid host {text}: wanted NAME:ADDRESS"):
        attributes.host(text)


def test_what_a_build_can_be_allowed() -> None:
    assert attributes.entitlement("network.host") == "network.host"
    with pytest.raises(InvalidArgument, match="unknown entitlement everything: it is one of"):
        attributes.entitlement("everything")


def test_labels_and_annotations_need_a_name() -> None:
    assert attributes.texts(["a=b", "c"], {}) == {"a": "b", "c": ""}
    assert attributes.annotation_texts(["a=b", "c="]) == {"a": "b", "c": ""}
    for wrong in ("", "=b"):
        with pytest.raises(InvalidArgument, match="empty key"):
            attributes.texts([wrong], {})
    for wrong in ("", "=b", "a"):
        with pytest.raises(InvalidArgument, match="wanted NAME=VALUE"):
            attributes.annotation_texts([wrong])
